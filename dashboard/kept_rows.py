"""The rows of a model from tables on disk, brought up to date: only what is new is composed and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cache.store import Store
from dashboard.arm_tables import ArmTables, Said, ints, reads_in, said_of
from dashboard.cell_table import Ints, Seen, mark
from dashboard.lazy_rows import LazyRows
from dashboard.row import Read, read_of
from dashboard.row_arrays import arrays_of
from dashboard.table_names import Ground
from runners.keep import kept
from runners.planning import block
from runners.questions import gather, readers
from runners.request import Request
from runners.scoring import read_all
from runners.trial import Trial

_LOOK = 500


def kept_rows(base: Ground, store: Store, folder: Path, replicates: int) -> LazyRows:
    """Every trial of one model in the order planned, with what can be read off it now; calls nothing.

    Equal to composing and reading all of it anew: a table's name holds a hash of all that its cells rest on but the
    store, and what the store was given since is looked up by key. Raises what composing raises.
    """
    arms = [
        ArmTables(base, folder / f"{plan}.npz", folder / f"{scores}.npz", len(base.comparison.facts))
        for plan, scores in zip(base.plans, base.scores, strict=True)
    ]
    # The store is asked after the tables were read, so that none of them can have seen more of it.
    now = Seen(row=(row := store.version()), kept_at=store.kept_at(row), aside=store.aside())
    query_B = np.repeat(np.arange(len(base.queries)), replicates)
    replicate_B = np.tile(np.arange(replicates), len(base.queries))
    events = {seen: _since(store, seen, now) for seen in {arm.scores.seen for arm in arms}}
    for arm in arms:
        arm.fresh(events[arm.scores.seen])
        arm.place(base.query_names, query_B, replicate_B)
    _fill(base, store, arms, query_B, replicate_B)
    for arm in arms:
        arm.keep(now)
        arm.place(base.query_names, query_B, replicate_B)
    return _rows(arms, query_B, replicate_B)


def _since(store: Store, seen: Seen, now: Seen) -> NDArray[np.uint64] | None:
    # Marks of the keys whose rows have come or gone since; None where the table was made of another store.
    if seen.row > now.row or store.kept_at(seen.row) != seen.kept_at or not seen.aside <= now.aside:
        return None
    keys = [*store.keys_after(seen.row, now.row), *(now.aside - seen.aside)]
    return np.array([mark(key.partition(":damaged-")[0]) for key in keys], dtype=np.uint64)


def _fill(base: Ground, store: Store, arms: list[ArmTables], query_B: Ints, replicate_B: Ints) -> None:
    """Compose the cells that were never composed, and read those that are unread and have a sample."""
    compose_BC = np.stack([arm.plan_B < 0 for arm in arms], axis=1)
    read_BC = np.stack([arm.score_B < 0 for arm in arms], axis=1)
    for number, arm in enumerate(arms):
        arm.nothing(store, read_BC[:, number] & ~compose_BC[:, number], read_BC[:, number], query_B, replicate_B)
    todo_BC = compose_BC | read_BC
    using = readers(base.comparison, base.library, (base.judging,))

    def cells() -> Iterator[tuple[int, int, Trial]]:
        for place in np.flatnonzero(todo_BC.any(axis=1)).tolist():
            wanted = np.flatnonzero(todo_BC[place]).tolist()
            query, replicate = base.queries[int(query_B[place])], int(replicate_B[place])
            made = block(base.comparison, base.library, base.model, base.endpoint,
                         [base.conditions[number] for number in wanted], query, replicate)  # fmt: skip
            yield from ((place, number, trial) for number, trial in zip(wanted, made, strict=True))

    source = cells()
    while chunk := list(islice(source, _LOOK)):
        reading = [trial for place, number, trial in chunk if read_BC[place, number]]
        samples = kept(store, [trial.key for trial in reading])
        asked: dict[int, Iterable[str]] = {}

        def note(trial: Trial, requests: Mapping[str, Request], asked: dict[int, Iterable[str]] = asked) -> None:
            asked[id(trial)] = tuple(requests)

        with_sample = [trial for trial in reading if trial.key in samples]
        replies = gather(with_sample, base.library, using, samples, lambda keys: kept(store, keys), note)
        for place, number, trial in chunk:
            query, replicate = int(query_B[place]), int(replicate_B[place])
            if compose_BC[place, number]:
                arms[number].composed(query, replicate, trial)
            if read_BC[place, number]:
                sample = samples.get(trial.key)
                scores = read_all(trial, base.library, using, sample, replies) if sample else {}
                rests_on = (trial.key, *asked.get(id(trial), ()))
                arms[number].scored(query, replicate, read_of(sample, scores), rests_on)


def _rows(arms: Sequence[ArmTables], query_B: Ints, replicate_B: Ints) -> LazyRows:
    """The arms' cells side by side: all conditions of a query and replicate before the next."""
    count = len(arms)
    frames: dict[str, int] = {}
    reads: dict[Said, tuple[int, Read]] = {}
    frame_BC, read_BC = (np.zeros((len(query_B), count), dtype=np.int64) for _ in range(2))
    for number, arm in enumerate(arms):
        own = ints([frames.setdefault(str(word), len(frames)) for word in arm.plan.words])
        frame_BC[:, number] = own[arm.plan.ints("frame")[arm.plan_B]]
        own = ints([reads.setdefault(said_of(read), (len(reads), read))[0] for read in reads_in(arm.scores)])
        read_BC[:, number] = own[arm.scores.ints("read")[arm.score_B]]
    key_BC = np.stack([arm.plan.texts("key")[arm.plan_B] for arm in arms], axis=1)
    wording_BCF = np.stack([arm.plan.ints("wording")[arm.plan_B] for arm in arms], axis=1)
    used_frames, frame_R = _in_order(frame_BC.reshape(-1))
    used_reads, read_R = _in_order(read_BC.reshape(-1))
    names, kinds = tuple(frames), [read for _, read in reads.values()]
    return LazyRows(key_R=key_BC.reshape(-1), arrays=arrays_of(
        condition_R=np.tile(np.arange(count), len(query_B)), query_R=np.repeat(query_B, count),
        replicate_R=np.repeat(replicate_B, count), frames=tuple(names[code] for code in used_frames), frame_R=frame_R,
        wording_RF=wording_BCF.reshape(len(query_B) * count, -1), reads=tuple(kinds[code] for code in used_reads),
        read_R=read_R,
    ))  # fmt: skip


def _in_order(code_R: Ints) -> tuple[list[int], Ints]:
    # Codes numbered anew in the order in which rows show them, as they are where rows are gone through.
    codes, firsts = np.unique(code_R, return_index=True)
    shown: list[int] = codes[np.argsort(firsts)].tolist()
    new = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.int64)
    new[shown] = np.arange(len(shown))
    return shown, new[code_R]
