"""Brings a batch's replies home: each is kept before it is told of, and nothing that did not come whole."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing

from cache.errors import StoreError
from runners.batches.batch import Look, Unfinished, marked
from runners.batches.desk import Desk, GaveUpError, Open, gone, words
from runners.batches.ledger import Item
from runners.budget import cost_usd
from runners.keep import keep_anyway, kept, to_record
from runners.sample import Failure, Sample, Trouble
from runners.sampler import Answer
from runners.trouble import CallError, Fatal, Retryable

_CHUNK = 50  # lines: reading more at once would hold up the event loop
_WHOLE = 5  # complete readings, further and further apart, before it is said that a line is in none of them
_BROKEN = 8  # readings that break off without bringing anything new, before the batch is left for another run

Ends = Mapping[bytes, CallError | Unfinished]


class Harvest:
    """One batch's harvest: ``left`` has neither a sample nor a reason yet, ``ends`` is why others have no sample.

    What is left after ``bring`` may be paid for, so it is not asked again.
    """

    def __init__(self, desk: Desk, one: Open, places: Mapping[bytes, int]) -> None:
        self.desk, self.one, self.places = desk, one, places
        self.left: set[bytes] = set(places)
        self.note = ""
        self.ends: dict[bytes, CallError | Unfinished] = {}
        self.kept = 0
        self.came = 0  # replies in the last reading
        self.odd: Counter[str] = Counter()

    async def bring(self, look: Look, afresh: Callable[[], Awaitable[Look]]) -> None:
        """Read the results until every request has its end, or whole readings bring nothing more; ``afresh`` looks at
        the batch again, whose results may come to lie where they did not at first.

        Raises ``GaveUpError`` where the results cannot be had, or kept, now.
        """
        whole, broken, pause = 0, 0, self.desk.way.poll_s
        while look.failed is None:
            before = len(self.left)
            try:
                await self._read(look)
            except Fatal as error:
                self.desk.stop(gone(error, look.id, self.one.batch.tag))
                raise GaveUpError from None
            except CallError as error:
                broken = broken + 1 if len(self.left) == before else 0
                self.desk.note(words(error))
                if broken >= _BROKEN:
                    self.desk.stop(CallError(error.trouble, f"the results of batch {look.id} cannot be read whole",
                                             advice="Run again later: they stay at the provider."))  # fmt: skip
                    raise GaveUpError from None
            else:
                whole += 1
                if not self.left or whole == _WHOLE:
                    break
            await self.desk.rest(pause)
            pause = self.desk.longer(pause)
            look = await afresh()
        if self.left and look.succeeded is not None and self.came >= look.succeeded and not self.odd["unreadable"]:
            # Nothing that was answered is missing: for these, nothing was billed.
            self.ends |= dict.fromkeys(self.left, Retryable(
                Trouble.UNREADABLE, "the results of the batch have no line for this, and the provider counts it as not "
                "answered", advice="Run again to ask it in another batch.",
            ))  # fmt: skip
            self.left.clear()

    async def _read(self, look: Look) -> None:
        seen: set[bytes] = set()
        self.odd, self.came = Counter(), 0
        async with aclosing(self.desk.api.results(look)) as lines, aclosing(_chunks(lines)) as chunks:
            async for chunk in chunks:
                await self._take(chunk, seen)

    async def _take(self, lines: Sequence[bytes], seen: set[bytes]) -> None:
        samples: list[tuple[bytes, Sample]] = []
        for line in lines:
            result = self.desk.api.read(line)
            if result is None:
                self.odd["unreadable"] += 1
                continue
            name = marked(result.custom_id)
            if name is None or name[1] != self.one.batch.tag or name[0] not in self.places:
                self.odd["unknown"] += 1
                continue
            good = isinstance(result.outcome, Sample)
            if name[0] in seen:
                self.odd["double"] += 1
                if not good or self.ends.pop(name[0], None) is None:
                    continue
                self.left.add(name[0])  # a reply is worth more than the error that stood before it
            seen.add(name[0])
            self.came += good
            if name[0] not in self.left:
                continue
            match result.outcome:
                case Sample() as sample:
                    samples.append((name[0], sample))
                case end:
                    self.ends[name[0]] = end
                    self.left.discard(name[0])
        if samples:
            await self._keep(samples)

    async def _keep(self, samples: Sequence[tuple[bytes, Sample]]) -> None:
        items = await asyncio.to_thread(self.one.requests.at, [self.places[mark] for mark, _ in samples])
        store = self.desk.line.store
        try:
            added = [store.add(item.key, to_record(item.request, sample))
                     for item, (_, sample) in zip(items, samples, strict=True)]  # fmt: skip
            fresh = list(await asyncio.gather(*map(asyncio.wrap_future, added)))
            await self._make_room(items, samples, fresh)
        except StoreError as error:
            self.desk.line.stop(Failure(
                trouble=Trouble.STORE, message=str(error),
                advice="Then run again: what is kept costs nothing, and the batch's replies stay at the provider.",
            ))  # fmt: skip
            raise GaveUpError from None
        told: list[Answer] = []
        for item, (mark, sample), new in zip(items, samples, fresh, strict=True):
            self.left.discard(mark)
            self.kept += new
            if mark in self.one.wanted:
                self._settle(self.one.wanted[mark], sample, new=new)
            if mark in self.one.wanted:
                del self.one.wanted[mark]
                told.append(Answer(request=item.request, key=item.key, outcome=sample, was_kept=not new))
        await self.desk.say(*told)

    async def _make_room(
        self, items: Sequence[Item], samples: Sequence[tuple[bytes, Sample]], fresh: list[bool]
    ) -> None:
        old = [item.key for item, new in zip(items, fresh, strict=True) if not new]
        have = await asyncio.to_thread(kept, self.desk.line.store, old) if old else {}
        for place, (item, (_, sample)) in enumerate(zip(items, samples, strict=True)):
            # What is kept under this key cannot be read: without making room, it would be bought again by every run.
            if not fresh[place] and item.key not in have:
                store, record = self.desk.line.store, to_record(item.request, sample)
                await asyncio.to_thread(keep_anyway, store, item.key, record)
                fresh[place] = True

    def _settle(self, most: float | None, sample: Sample, *, new: bool) -> None:
        if not new:  # an earlier run harvested it, and counted it
            self.desk.release(self.one, most, billable=False)
            return
        cost = cost_usd(self.desk.model, sample.usage)
        self.desk.line.budget.settle(most, cost)
        self.one.reserved -= most or 0.0
        self.desk.line.spent_usd += (most or 0.0) if cost is None else cost


async def _chunks(lines: AsyncIterator[bytes]) -> AsyncGenerator[list[bytes]]:
    chunk: list[bytes] = []
    async for line in lines:
        chunk.append(line)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
