"""The two tables of one condition on disk: what its trials are, and what was read off their samples."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cache.store import Store
from dashboard.cell_table import CellTable, Column, Ints, Seen, mark, read_table, write_table
from dashboard.row import UNREAD, Read, wordings_of
from dashboard.table_names import Ground
from runners.sample import Stop
from runners.trial import Trial

Said = tuple[object, ...]

_FAR = 20_000  # rows of the store after which a table is written again only in order to say so


@dataclass(slots=True, eq=False)
class _More:
    """Cells to be added to a table, in compact lists."""

    query: array[int] = field(default_factory=lambda: array("q"))
    replicate: array[int] = field(default_factory=lambda: array("q"))
    code: array[int] = field(default_factory=lambda: array("q"))
    wording: array[int] = field(default_factory=lambda: array("q"))
    keys: list[bytes] = field(default_factory=list[bytes])
    mark: array[int] = field(default_factory=lambda: array("Q"))
    marks: array[int] = field(default_factory=lambda: array("q"))

    def cell(self, query: int, replicate: int, code: int, marks: Sequence[int]) -> None:
        self.query.append(query)
        self.replicate.append(replicate)
        self.code.append(code)
        self.mark.extend(marks)
        self.marks.append(len(marks))


class ArmTables:
    """What the trials of one condition are, and what was read off them; brought up to date step by step.

    ``plan_B`` and ``score_B`` say where the comparison's cells stand in the two tables, −1 where they do not.
    """

    def __init__(self, base: Ground, plan: Path, scores: Path, facts: int) -> None:
        self._base, self._paths, self._facts = base, (plan, scores), facts
        blank = {"key": np.zeros(0, dtype="S1"), "frame": ints(()), "wording": ints(()).reshape(0, facts)}
        self.plan = _whole(read_table(plan), "frame", blank)
        self.scores = _whole(read_table(scores), "read", {"read": ints(())})
        self._plan_words = {str(word): number for number, word in enumerate(self.plan.words)}
        self._more_plan, self._more_scores = _More(), _More()
        self._reads: dict[Said, int] = {}
        self.plan_B = self.score_B = ints(())
        self.changed = False

    def fresh(self, events: NDArray[np.uint64] | None) -> None:
        """Drop what rests on keys whose rows have come or gone; everything (None) where the store is another one."""
        before = self.scores
        self.scores = _empty({"read": ints(())}) if events is None else before.without(events)
        self.changed = self.scores is not before
        self._reads = {said_of(read): number for number, read in enumerate(reads_in(self.scores))}

    def place(self, queries: Sequence[str], query_B: Ints, replicate_B: Ints) -> None:
        """Find the comparison's cells."""
        self.plan_B = self.plan.find(queries, query_B, replicate_B)
        self.score_B = self.scores.find(queries, query_B, replicate_B)

    def nothing(self, store: Store, known_B: NDArray[np.bool_], read_B: NDArray[np.bool_], query_B: Ints,
                replicate_B: Ints) -> None:  # fmt: skip
        """Note which of the cells to be read have no sample, without composing them, and take them off the list."""
        places = np.flatnonzero(known_B)
        keys = [key.decode() for key in self.plan.texts("key")[self.plan_B[places]].tolist()]
        there = store.has_many(keys)
        for place, key in zip(places.tolist(), keys, strict=True):
            if key not in there:
                self.scored(int(query_B[place]), int(replicate_B[place]), UNREAD, (key,))
                read_B[place] = False

    def composed(self, query: int, replicate: int, trial: Trial) -> None:
        """Add a cell to the plan."""
        frame = self._plan_words.setdefault(trial.prompt.frame, len(self._plan_words))
        self._more_plan.cell(query, replicate, frame, ())
        self._more_plan.keys.append(trial.key.encode())
        self._more_plan.wording.extend(wordings_of(trial))

    def scored(self, query: int, replicate: int, read: Read, rests_on: Sequence[str]) -> None:
        """Add a cell to the scores, with the keys that it rests on, kept or not: they are all that can change it."""
        code = self._reads.setdefault(said_of(read), len(self._reads))
        self._more_scores.cell(query, replicate, code, [mark(key) for key in rests_on])

    def keep(self, now: Seen) -> None:
        """Join what is new to the tables and write those that have changed."""
        plan, scores = self._paths
        if more := self._more_plan.keys:
            wording = ints(self._more_plan.wording).reshape(len(more), self._facts)
            columns = {"key": np.array(more), "frame": ints(self._more_plan.code), "wording": wording}
            self.plan = self._joined(self.plan, self._more_plan, columns, tuple(self._plan_words))
            write_table(plan, self.plan)
        far = now.row - self.scores.seen.row > _FAR
        if added := len(self._more_scores.code):
            columns = {"read": ints(self._more_scores.code)}
            self.scores = self._joined(self.scores, self._more_scores, columns, tuple(map(_word, self._reads)))
        self.scores = replace(self.scores, seen=now)
        write_table(scores, self.scores, to_disk=bool(added) or self.changed or far)

    def _joined(self, old: CellTable, more: _More, columns: Mapping[str, Column],
                words: tuple[object, ...]) -> CellTable:  # fmt: skip
        names = {name: number for number, name in enumerate(old.queries)}
        own = ints([names.setdefault(name, len(names)) for name in self._base.query_names])
        new = CellTable(
            queries=tuple(names), query_N=own[ints(more.query)], replicate_N=ints(more.replicate), columns=columns,
            words=words, mark_M=np.array(more.mark, dtype=np.uint64), marks_N=ints(more.marks), seen=old.seen,
        )  # fmt: skip
        return old.joined(new)


def _empty(columns: Mapping[str, Column]) -> CellTable:
    none = ints(())
    return CellTable(query_N=none, replicate_N=none, columns=columns, mark_M=none.astype(np.uint64), marks_N=none)


def _whole(table: CellTable | None, coded: str, blank: Mapping[str, Column]) -> CellTable:
    # What somebody else put under our name is not ours to trust: it is begun again.
    if table is None or {name: (c.ndim, c.shape[1:], c.dtype.kind) for name, c in table.columns.items()} != {
        name: (c.ndim, c.shape[1:], c.dtype.kind) for name, c in blank.items()
    }:
        return _empty(blank)
    for code_N, most in ((table.columns[coded], len(table.words)), (table.query_N, len(table.queries))):
        if len(code_N) and not 0 <= int(code_N.min()) <= int(code_N.max()) < most:
            return _empty(blank)
    try:
        reads_in(table) if coded == "read" else None
    except (ValueError, TypeError):
        return _empty(blank)
    return table


def ints(values: Iterable[int]) -> Ints:
    """Whole numbers as an array."""
    return np.array(values if isinstance(values, Sequence) else list(values), dtype=np.int64)


def said_of(read: Read) -> Said:
    """What was read, as it is compared and written down."""
    return read.stop.value if read.stop else None, read.reply_model, *read.values.items()


def _word(said: Said) -> object:
    return [said[0], said[1], said[2:]]


def reads_in(scores: CellTable) -> list[Read]:
    """The distinct things that cells of the scores point at."""
    found: list[Read] = []
    for word in scores.words:
        stop, model, values = cast("tuple[str | None, str | None, list[tuple[str, str | None]]]", word)
        found.append(Read(stop=Stop(stop) if stop else None, reply_model=model, values=dict(values)))
    return found
