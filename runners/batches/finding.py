"""Finds a batch whose id never arrived: the process died, or the connection broke, while it was being sent."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

from runners.batches.batch import Batch, Look, Stage, marked
from runners.batches.desk import Desk, GaveUpError, Open

_LOOKS = 3  # without a trace, spread over the time of grace, before it is said that a batch never was


async def find(desk: Desk, one: Open) -> bool:
    """Whether the batch is at the provider; then its id is written down. Raises ``GaveUpError`` where that cannot be
    told yet.

    A batch that shows whose it is only at its end is waited for.
    """
    strangers: set[str] = set()
    traceless, pause = 0, desk.way.poll_s
    while True:
        known = {batch.id for batch in desk.way.ledger.every() if batch.id} | strangers
        found = await desk.asked(lambda known=known: desk.api.candidates(one.batch, frozenset(known)))
        for look in found:
            ours = await desk.asked(lambda look=look: _ours(desk, one.batch, look)) if look.ours is None else look.ours
            if ours:
                one.batch = replace(one.batch, id=look.id, stage=Stage.SENT)
                desk.way.ledger.write(one.batch)
                return True
            if look.ended:
                strangers.add(look.id)
        waiting = any(not look.ended for look in found)
        traceless = 0 if waiting else traceless + 1
        if traceless >= _LOOKS:
            return False
        if waiting and desk.line.cancelled.is_set():
            desk.note(f"{len(found)} batches at the provider may be ours, which shows at their end; the next run looks")
            raise GaveUpError
        await desk.rest(pause if waiting else desk.way.grace_s / _LOOKS)
        pause = desk.longer(pause)


async def _ours(desk: Desk, batch: Batch, look: Look) -> bool:
    if not look.ended:
        return False
    async with aclosing(desk.api.results(look)) as lines:
        async for line in lines:
            result = desk.api.read(line)
            name = marked(result.custom_id) if result else None
            if result is not None:
                return name is not None and name[1] == batch.tag
    return False
