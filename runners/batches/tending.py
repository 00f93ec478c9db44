"""Waits for one batch, cancels it with the run, has it harvested, and says what becomes of what it left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import BinaryIO

from runners.batches.batch import Look, Stage, Unfinished, mark
from runners.batches.desk import CRUMB, Desk, GaveUpError, Open, failed, gone
from runners.batches.finding import find
from runners.batches.harvest import Ends, Harvest
from runners.batches.ledger import Item, item_line
from runners.keep import kept
from runners.sample import Failure, Trouble
from runners.sampler import Answer
from runners.trouble import CallError, Fatal, Retryable

_CHUNK = 100
_ODD = {"unreadable": "could not be read", "unknown": "were not of this batch", "double": "came twice"}


async def tend(desk: Desk, one: Open) -> None:
    """See a batch to its end. Where that cannot be reached now, it stays open in the ledger for the next run."""
    try:
        await desk.open()
        if one.lock is None and not await _taken_over(desk, one):
            await _finish(desk, one, {}, set())
        elif one.batch.id is None and not (one.requests.there and await find(desk, one)):
            one.batch = replace(one.batch, stage=Stage.REFUSED, note="never arrived at the provider")
            await refused(desk, one, tried=True)
        else:
            await _harvested(desk, one)
    except GaveUpError:
        pass
    finally:
        _let_go(desk, one)


async def refused(desk: Desk, one: Open, *, tried: bool = False) -> None:
    """Close a batch that never was at the provider: nothing was bought, and its requests are free again.

    ``tried`` counts the sending as a try of each.
    """
    lost = Retryable(Trouble.CONNECTION, "batches with this request never arrived",
                     advice="Check the network, then run again: nothing was bought.")  # fmt: skip
    await _finish(desk, one, dict.fromkeys(one.marks, lost) if tried else {}, set())
    await asyncio.to_thread(desk.way.ledger.close, one.batch)
    _let_go(desk, one)


def _let_go(desk: Desk, one: Open) -> None:
    desk.opens.pop(one.batch.tag, None)
    one.requests.close()
    if one.reserved > CRUMB:
        # What this comparison sent may be billed all the same; unless it is given back, others wait for it for ever.
        desk.release(one, one.reserved, billable=desk.own(one))
    if one.lock is not None:
        one.lock.release()
    desk.stand()


async def _harvested(desk: Desk, one: Open) -> None:
    look = await _ended(desk, one)
    places = await asyncio.to_thread(one.requests.index)
    async with desk.harvesting:
        harvest = Harvest(desk, one, places)
        await harvest.bring(look, lambda: _ended(desk, one))
    harvest.note = "; ".join(f"{n:,} lines of results {_ODD[what]}" for what, n in sorted(harvest.odd.items()))
    if look.failed is not None:
        await _turned_down(desk, one, harvest, look.failed)
    if harvest.note:
        desk.note(f"batch {one.batch.id}: {harvest.note}")
    stage = one.batch.stage if harvest.left else Stage.HARVESTED
    one.batch = replace(one.batch, stage=stage, kept=one.batch.kept + harvest.kept, note=harvest.note)
    _judge(desk, harvest)
    await _finish(desk, one, harvest.ends, harvest.left)
    ledger = desk.way.ledger
    await asyncio.to_thread(ledger.write if one.batch.open else ledger.close, one.batch)


async def _turned_down(desk: Desk, one: Open, harvest: Harvest, error: CallError) -> None:
    """None of the requests was answered. Where too much waits at the provider already, others have to end first."""
    harvest.note = error.message
    harvest.left.clear()
    desk.opens.pop(one.batch.tag, None)
    others = len(desk.opens)
    if isinstance(error, Fatal) or not others:
        harvest.ends |= dict.fromkeys(harvest.places, error)
        await desk.rest(0.0 if isinstance(error, Fatal) else desk.way.longest_s)
        return
    while len(desk.opens) >= others and not desk.over:
        await desk.rest(desk.way.poll_s)


async def _taken_over(desk: Desk, one: Open) -> bool:
    """Whether the batch is ours to wait for; False once another process has seen it to its end."""
    lock = desk.way.ledger.lock(one.batch.tag)
    while not await desk.locked(lock):
        one.batch = await asyncio.to_thread(desk.way.ledger.read, one.batch.tag)
        if not one.batch.open:
            return False
        if desk.line.cancelled.is_set() or desk.line.stopped:
            raise GaveUpError
        await desk.rest(desk.way.poll_s)
    one.lock = lock
    one.batch = await asyncio.to_thread(desk.way.ledger.read, one.batch.tag)
    return one.batch.open


async def _ended(desk: Desk, one: Open) -> Look:
    """How the batch stands at its end; the provider is asked to cancel what this comparison sent when the run is
    cancelled, and what another sent is left to go on.
    """
    assert one.batch.id is not None  # noqa: S101  (found or sent)
    batch_id, pause = one.batch.id, desk.way.poll_s
    asked = False
    while True:
        look = await desk.asked(lambda: _look(desk, batch_id, one.batch.tag))
        if look.ended:
            return look
        if desk.line.cancelled.is_set() and not desk.own(one):
            raise GaveUpError
        if desk.line.cancelled.is_set() and not asked:
            one.batch = replace(one.batch, stopping=True)  # written first: what is cancelled by us is asked again
            await asyncio.to_thread(desk.way.ledger.write, one.batch)
            await desk.asked(lambda: _cancel(desk, batch_id))
            asked, pause = True, desk.way.poll_s
            continue
        await desk.rest(pause)
        pause = desk.longer(pause)


async def _look(desk: Desk, batch_id: str, tag: str) -> Look:
    try:
        return await desk.api.look(batch_id)
    except Fatal as error:
        raise gone(error, batch_id, tag) from None


async def _cancel(desk: Desk, batch_id: str) -> None:
    try:
        await desk.api.cancel(batch_id)
    except Fatal as error:  # it has ended in the meantime: the next look says so
        desk.note(error.message)


def _judge(desk: Desk, harvest: Harvest) -> None:
    """Stop the model where its errors say that nothing can succeed: live calls would have stopped at the first."""
    errors = [end for end in harvest.ends.values() if isinstance(end, Fatal)]
    grave = next((error for error in errors if error.trouble is not Trouble.BAD_REQUEST), None)
    if grave is None and errors and len(errors) == len(harvest.places):
        grave = errors[0]
    if grave is not None:
        desk.stop(grave)


async def _finish(desk: Desk, one: Open, ends: Ends, missing: set[bytes]) -> None:
    """Answer what is still wanted of a batch: out of the store, with a failure, or by asking again in another."""
    desk.opens.pop(one.batch.tag, None)  # first: what is asked for from here on is looked up in the store afresh
    if not one.wanted:
        return
    places = await asyncio.to_thread(one.requests.index) if one.requests.there else {}
    again: BinaryIO | None = None
    order = sorted(places[each] for each in one.wanted if each in places)
    for start in range(0, len(order), _CHUNK):
        items = await asyncio.to_thread(one.requests.at, order[start : start + _CHUNK])
        told, next_time = await _sorted(desk, one, items, ends, missing)
        if next_time:
            again = again or desk.way.ledger.again()
            await asyncio.to_thread(again.writelines, [item_line(item) for item in next_time])
        await desk.say(*told)
    if again is not None:
        desk.again.append(again)
    if one.reserved > CRUMB:
        desk.release(one, one.reserved, billable=False)


async def _sorted(
    desk: Desk, one: Open, items: list[Item], ends: Ends, missing: set[bytes]
) -> tuple[list[Answer], list[Item]]:
    have = await asyncio.to_thread(kept, desk.line.store, [item.key for item in items])
    told: list[Answer] = []
    next_time: list[Item] = []
    for item in items:
        name = mark(item.key)
        if one.lock and (name in ends or name in missing):
            desk.release(one, one.wanted[name], billable=name in missing)
        if (sample := have.get(item.key)) is not None:
            told.append(Answer(request=item.request, key=item.key, outcome=sample, was_kept=True))
        elif (failure := _failure(desk, one, item, ends, missing)) is not None:
            told.append(Answer(request=item.request, key=item.key, outcome=failure))
        else:
            next_time.append(replace(item, tries=item.tries + (name in ends)))
    return told, next_time


def _failure(
    desk: Desk, one: Open, item: Item, ends: Mapping[bytes, CallError | Unfinished], missing: set[bytes]
) -> Failure | None:
    """Why a request is not asked again; None where it is."""
    name = mark(item.key)
    end = ends.get(name)
    if name in missing:
        return Failure(
            trouble=Trouble.UNREADABLE, attempts=item.tries,
            message=f"batch {one.batch.id}: its results, as they can be read now, have no whole reply to this; it may "
            "be paid for, so it is not asked again",
            advice="Run again later: the results stay at the provider for about a month. If they stay as they are, "
            f"`salience batches --forget {one.batch.tag}` lets it be bought again.",
        )  # fmt: skip
    if isinstance(end, Fatal):
        return failed(end, item.tries)
    if desk.line.cancelled.is_set():
        return Failure(trouble=Trouble.CANCELLED, message="the run was cancelled before this was answered")
    if end is Unfinished.CANCELED and not one.batch.stopping:
        return Failure(trouble=Trouble.STOPPED, message=f"batch {one.batch.id} was cancelled at the provider",
                       advice="Run again to ask what it left in another.", attempts=item.tries)  # fmt: skip
    if end is None or item.tries < desk.way.tries:
        return desk.line.stopped
    return desk.line.stopped or _given_up(end, item.tries)


def _given_up(end: CallError | Unfinished, tries: int) -> Failure:
    if isinstance(end, CallError):
        return failed(end, tries)
    return Failure(trouble=Trouble.TIMEOUT, message=f"{end} in {tries} batches",
                   advice="Run again, or send it live.", attempts=tries)  # fmt: skip
