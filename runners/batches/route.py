"""The way to a model through its provider's batches: the same requests, answers and promises as live sampling.

Looks in the store first, buys each key once, keeps every reply before saying so. Nothing waits before its batch is
written down (``ledger``), so a run that is killed at any moment is taken up by the next: what was sent is found and
harvested, what was not is sent.

    fill (filling) → send → wait (tending; finding, where the id was lost) → harvest → ask again what was left
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from filelock import Timeout

from cache.errors import StoreError
from runners.batches.batch import Stage, mark
from runners.batches.desk import Desk, Open, Standing, Way
from runners.batches.filling import Filling
from runners.batches.ledger import Item, Ledger, read_item
from runners.batches.tending import tend
from runners.keep import kept
from runners.line import Line
from runners.request import Request
from runners.sample import Failure, Sample, Trouble
from runners.sampler import Answer
from runners.sampler import sample as live

_LOOK = 200  # requests looked up in the store at a time


async def sample(
    requests: Iterable[tuple[str, Request]], line: Line, way: Way, standing: Standing
) -> AsyncGenerator[Answer]:
    """Each (key, request)'s answer as it comes, kept ones first; ``standing`` says what lies in batches meanwhile.

    What lies in a batch that another run left open is waited for there, and that batch harvested whole; batches without
    a request of this run are left alone. A request that expired, was lost in the results or met a passing error is
    asked again, in at most ``way.tries`` batches. After cancellation the provider is asked to cancel what this
    comparison sent, and what was finished is kept. What cannot be settled now is not answered at all, and stays in the
    ledger. Raises ``CallError`` where the API cannot even be opened, ``StoreError`` for a broken ledger.
    """
    route = _Route(Desk(line, way, standing))
    feeder = asyncio.create_task(route.feed(iter(requests)))
    feeder.add_done_callback(route.report)
    try:
        while (answers := await route.desk.answers.get()) is not None:
            if isinstance(answers, BaseException):
                raise answers
            for answer in answers:
                yield answer
        if route.desk.error is not None:
            raise route.desk.error
    finally:
        route.filling.unlock()
        tasks = {feeder, *route.tenders}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in (*route.desk.opens.values(), *route.desk.others.values()):
            one.requests.close()
            if one.lock is not None:  # whatever broke off: the next run in this process must not wait for it
                one.lock.release()
        await route.desk.close()


async def live_around(
    requests: Iterator[tuple[str, Request]], line: Line, way: Way, standing: Standing
) -> AsyncIterator[Answer]:
    """Live answers, but for what lies in open batches already: that is waited for, because it is paid for."""
    address = Filling.address_of(line.model)
    try:
        marks = await asyncio.to_thread(_open_marks, way.ledger, address)
    except StoreError:  # told by ``sample``, which buys nothing then
        async for answer in sample(requests, line, way, standing):
            yield answer
        return
    if not marks:
        async for answer in live(requests, line):
            yield answer
        return
    waits: list[tuple[str, Request]] = []

    def others() -> Iterator[tuple[str, Request]]:
        for key, request in requests:
            if mark(key) in marks:
                waits.append((key, request))
            else:
                yield key, request

    async for answer in live(others(), line):
        yield answer
    if waits:
        async for answer in sample(waits, line, way, standing):
            yield answer


def _open_marks(ledger: Ledger, address: tuple[str, str, str]) -> set[bytes]:
    found: set[bytes] = set()
    for batch in ledger.every():
        if batch.open and (batch.provider, batch.endpoint, batch.model) == address:
            if batch.id is None and not ledger.requests(batch.tag).there:
                continue  # nothing was sent
            requests, marks = ledger.lying(batch)
            found.update(marks)
            requests.close()
    return found


def _never_sent(ledger: Ledger, tag: str) -> None:
    """Close a record without requests, unless its writer is at work: its process died before anything was sent."""
    with suppress(Timeout), ledger.lock(tag):
        batch = ledger.read(tag)
        if batch.open and batch.id is None and not ledger.requests(tag).there:
            ledger.close(replace(batch, stage=Stage.REFUSED, note="never sent"))


def _close_kept(desk: Desk, one: Open) -> None:
    """Close a batch of which everything is kept, as after a crash between the harvest and its record."""
    items = one.requests.items()
    while chunk := [item.key for item in islice(items, _LOOK)]:
        if len(kept(desk.line.store, chunk)) < len(chunk):
            return
    with suppress(Timeout), desk.way.ledger.lock(one.batch.tag):
        batch = desk.way.ledger.read(one.batch.tag)
        if batch.open and batch.id is not None:
            desk.way.ledger.close(replace(batch, stage=Stage.HARVESTED, kept=batch.requests))


def _blocked(error: StoreError, tag: str) -> Failure:
    return Failure(
        trouble=Trouble.STORE, message=f"{error}; what it holds may be paid for, so nothing more is bought",
        advice=f"Put the file back from a backup, or give the batch up with `salience batches --forget {tag}`: what it "
        "holds is bought again then.",
    )  # fmt: skip


class _Route:
    """Feeds requests into batches and has each looked after."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.filling = Filling(desk, self._tend)
        self.tenders: set[asyncio.Task[None]] = set()
        self.known: set[str] = set()

    async def feed(self, source: Iterator[tuple[str, Request]]) -> None:
        """Everything, to the end: what was left open, what is asked, and what batches leave to be asked again."""
        await self._adopt()
        while not self.desk.over and (chunk := await asyncio.to_thread(lambda: list(islice(source, _LOOK)))):
            await self._take([Item(key=key, tries=1, most=None, request=request) for key, request in chunk])
        while True:
            self.desk.changed.clear()
            while self.desk.again and not self.desk.over:
                await self._ask_again(self.desk.again.pop())
            await self.filling.send()
            self.filling.unlock()
            if not self.desk.again or self.desk.over:
                if not self.tenders:
                    break
                await self.desk.changed.wait()
        for file in self.desk.again:
            file.close()
        for one in self.desk.others.values():
            await asyncio.to_thread(_close_kept, self.desk, one)
        await self.desk.answers.put(None)

    def report(self, task: asyncio.Task[None]) -> None:
        """Pass on what broke a task, to whoever reads the answers."""
        self.tenders.discard(task)
        self.desk.changed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.desk.error = self.desk.error or error
            asyncio.get_running_loop().create_task(self.desk.answers.put(error)).add_done_callback(lambda _: None)

    def _tend(self, one: Open) -> None:
        task = asyncio.create_task(tend(self.desk, one))
        self.tenders.add(task)
        task.add_done_callback(self.report)

    async def _adopt(self) -> None:
        """Learn what lies in the open batches of this model, whoever began them: it is paid for."""
        ledger = self.desk.way.ledger
        for batch in await asyncio.to_thread(ledger.every):
            if batch.tag in self.known or batch.tag in self.desk.opens:
                continue
            if not batch.open:
                await asyncio.to_thread(ledger.tidy, batch.tag)  # a crash came between two steps
            elif (batch.provider, batch.endpoint, batch.model) == self.filling.address:
                if batch.id is None and not ledger.requests(batch.tag).there:
                    await asyncio.to_thread(_never_sent, ledger, batch.tag)
                    continue
                try:
                    self.desk.others[batch.tag] = Open(batch, *await asyncio.to_thread(ledger.lying, batch))
                except StoreError as error:
                    self.desk.blocked = _blocked(error, batch.tag)
            self.known.add(batch.tag)

    def _want(self, one: Open, item: Item) -> None:
        """Wait for a request where it lies; it is this run's money from here on, whoever sent it."""
        name = mark(item.key)
        if name in one.wanted:
            return
        most = one.wanted[name] = self.desk.most(item.request)
        one.reserved += most or 0.0
        self.desk.line.budget.commit(most or 0.0)
        if self.desk.others.pop(one.batch.tag, None) is not None:
            self.desk.opens[one.batch.tag] = one
            self._tend(one)

    async def _take(self, items: Sequence[Item]) -> None:
        """Answer what is kept, wait for what is in a batch already, and put the rest into the next one."""
        missing = await self._look(items)
        if missing:
            await self.desk.open()
        if missing and await self.filling.lock():
            await self._adopt()
            missing = await self._look(missing)  # another process may have bought it, or sent it, in the meantime
        if self.desk.blocked is not None:
            await self.desk.say(*(Answer(request=item.request, key=item.key, outcome=self.desk.blocked)
                                  for item in missing))  # fmt: skip
            return
        for item in {item.key: item for item in missing}.values():  # the first may be on its way before the second
            if self.desk.over:
                break
            if mark(item.key) not in self.filling.marks:
                await self.filling.add(item)
        await self.filling.flush()

    async def _look(self, items: Sequence[Item]) -> list[Item]:
        """What is neither in the store nor in an open batch: the rest is answered or waited for. Also answers what a
        batch was harvested of during the look.
        """
        found: dict[str, Sample] = {}
        missing = list(items)
        while missing:
            held = {item.key for item in missing if self.desk.holder(mark(item.key)) is not None}
            found |= await asyncio.to_thread(kept, self.desk.line.store, [item.key for item in missing])
            missing = [item for item in missing if item.key not in found]
            if all(self.desk.holder(mark(item.key)) is not None for item in missing if item.key in held):
                break
        # Without a pause since the last look: a batch that ends in one would take its replies along unseen.
        holders = [(self.desk.holder(mark(item.key)), item) for item in missing]
        for one, item in holders:
            if one is not None and not self.desk.over:
                self._want(one, item)
        self.desk.stand()
        await self.desk.say(*(Answer(request=item.request, key=item.key, outcome=found[item.key], was_kept=True)
                              for item in items if item.key in found))  # fmt: skip
        return [item for one, item in holders if one is None]

    async def _ask_again(self, file: BinaryIO) -> None:
        def read() -> list[Item]:
            return [read_item(line) for line in islice(file, _LOOK)]

        with file:
            file.seek(0)
            while not self.desk.over and (items := await asyncio.to_thread(read)):
                await self._take(items)
