"""Fills batches and sends them: money is set aside first, the intention is on disk before anything leaves."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from runners import providers
from runners.batches.batch import Batch, Lost, Stage, mark
from runners.batches.desk import Desk, GaveUpError, Open, now, words
from runners.batches.ledger import Item, Ledger, item_line
from runners.batches.tending import refused
from runners.budget import Verdict
from runners.model import Model
from runners.sample import Failure, Trouble
from runners.sampler import Answer
from runners.trouble import CallError, Fatal

_TICK_S = 0.05
_PATIENCE = 20  # sendings in a row that fail, before the model is given up
_ENVELOPE = 200  # bytes around each body


class Filling:
    """The batch that is being filled for one model. Whoever fills holds a lock, so that two processes that want the
    same requests do not both buy them. ``sent`` is called with each batch that may be at the provider.
    """

    def __init__(self, desk: Desk, sent: Callable[[Open], None]) -> None:
        self.desk, self.sent = desk, sent
        model = desk.line.model
        self.provider = providers.find(model.provider)
        self.address = self.address_of(model)
        self.marks: dict[bytes, float | None] = {}
        self._lines: list[bytes] = []
        self._bytes, self._most = 0, 0.0
        self._lock: FileLock | None = None

    @staticmethod
    def address_of(model: Model) -> tuple[str, str, str]:
        """Provider, endpoint and name: what two models must share for their requests to be the same."""
        return model.provider, providers.find(model.provider).endpoint(model), model.name

    async def lock(self) -> bool:
        """Take the lock; True where it was taken only now, after which others' batches must be looked at afresh."""
        if self._lock is not None:
            return False
        lock = self.desk.way.ledger.drafting(self.address)
        while not await self.desk.locked(lock):
            if self.desk.over:
                return False
            await self.desk.rest(self.desk.way.poll_s / 10)
        self._lock = lock
        await asyncio.to_thread(self._draft.write_bytes, b"")
        return True

    def unlock(self) -> None:
        """Let others fill."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def add(self, item: Item) -> None:
        """Put a request in, sending what is full before; one that cannot be afforded is answered."""
        desk, request = self.desk, item.request
        most = desk.most(request)
        size = len(self.provider.body(request)) + _ENVELOPE
        many, much = desk.api.most
        if self.marks and (len(self.marks) >= many or self._bytes + size > much):
            await self.send()
        while not desk.over and self._lock is not None:
            verdict = Verdict.WAIT if desk.way.held() else desk.line.budget.reserve(most)
            if verdict is Verdict.GO:
                self.marks[mark(item.key)] = most
                self._lines.append(item_line(replace(item, most=most)))
                self._bytes, self._most = self._bytes + size, self._most + (most or 0.0)
                return
            if verdict is Verdict.STOP:
                why = Failure(trouble=Trouble.BUDGET, message=desk.line.budget.reached or "the budget is used up",
                              advice="raise the budget and run again: what is kept costs nothing")  # fmt: skip
                await desk.say(Answer(request=request, key=item.key, outcome=why))
                return
            if self.marks and not desk.way.held():
                await self.send()  # what fits; what it turns out not to cost makes room for the rest
            await asyncio.sleep(_TICK_S)

    async def flush(self) -> None:
        """Write what was put in to the draft."""
        if self._lines:
            lines, self._lines = self._lines, []
            await asyncio.to_thread(_append, self._draft, lines)

    async def send(self) -> None:
        """Send what was put in as one batch. When this returns its id is on disk, or it is known or said to be lost."""
        await self.flush()
        marks, most, self.marks, self._bytes, self._most = self.marks, self._most, {}, 0, 0.0
        if not marks:
            return
        desk, ledger = self.desk, self.desk.way.ledger
        try:
            newest = None if self._ended else await desk.asked(desk.api.newest, _PATIENCE)
        except GaveUpError:
            newest = None
        if self._ended:
            desk.line.budget.lost(most, billable=False)
            return
        provider, endpoint, model = self.address
        after, after_made = newest or (None, "")
        batch = Batch(
            tag=secrets.token_hex(10), provider=provider, endpoint=endpoint, model=model, requests=len(marks),
            label=desk.line.model.label, comparison=desk.way.comparison, began=now(), after=after,
            after_made=after_made, most_usd=most,
        )  # fmt: skip
        one = Open(batch, ledger.requests(batch.tag), frozenset(marks), marks, most, ledger.lock(batch.tag))
        assert one.lock is not None  # noqa: S101  (just given)
        one.lock.acquire(blocking=False)
        desk.opens[batch.tag] = one
        await asyncio.to_thread(_write_down, ledger, batch, self._draft)
        desk.stand()
        await self._go(one)
        await asyncio.to_thread(self._draft.write_bytes, b"")

    async def _go(self, one: Open) -> None:
        desk, ledger = self.desk, self.desk.way.ledger
        pause, tries = desk.way.poll_s, 0
        while not self._ended:
            if desk.way.held():
                await asyncio.sleep(_TICK_S)
                continue
            try:
                batch_id = await desk.api.create(one.batch, lambda: self._bodies(one), ledger.scratch(one.batch.tag))
            except Lost as error:
                desk.note(f"{error.message.rstrip('.')}. It is looked for.")
                self.sent(one)
                return
            except Fatal as error:
                desk.stop(error)
                break
            except CallError as error:
                tries += 1
                desk.note(words(error))
                if tries >= _PATIENCE and len(desk.opens) == 1:
                    desk.hopeless(error, tries)
                    break
                await desk.rest(desk.pause_after(error, pause))
                pause = desk.longer(pause)
            else:
                one.batch = replace(one.batch, id=batch_id, stage=Stage.SENT)
                await asyncio.to_thread(ledger.write, one.batch)
                self.sent(one)
                return
        one.batch = replace(one.batch, stage=Stage.REFUSED, note=desk.standing.note)
        await refused(desk, one)

    def _bodies(self, one: Open) -> Iterator[tuple[str, bytes]]:
        for item in one.requests.items():
            yield one.batch.custom_id(item.key), self.provider.body(item.request)

    @property
    def _ended(self) -> bool:
        return self.desk.line.cancelled.is_set() or self.desk.line.stopped is not None

    @property
    def _draft(self) -> Path:
        return self.desk.way.ledger.draft(self.address)


def _append(path: Path, lines: list[bytes]) -> None:
    with path.open("ab") as file:
        file.writelines(lines)


def _write_down(ledger: Ledger, batch: Batch, draft: Path) -> None:
    # The intention before the requests: a record without requests says that nothing was sent.
    ledger.write(batch)
    ledger.adopt(draft, batch)
