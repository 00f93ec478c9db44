"""Passes labels on as one file: written with a header that says what they are of, taken in whole or not at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facts.errors import BrokenFile
from facts.parse import Strict, parse_jsonl, read_text
from runners.labels.events import Event, from_line, to_line
from runners.labels.file import Labels, append, read
from runners.labels.label import Drawing, Label, moment

FORMAT = "fact-salience-labels"
VERSION = 1
SAME = "already here"
OLDER = "older than the label that is here"
NO_SAMPLE = "the comparison has no such sample here"


class _Header(Strict):
    format: Literal["fact-salience-labels"]
    version: int
    comparison: str
    metric: str
    classes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of each row of a file: ``read`` = ``kept`` + the sum of ``dropped``, which says why."""

    read: int
    kept: int
    dropped: Mapping[str, int]


def export_text(labels: Labels, *, comparison: str, metric: str, classes: Sequence[str]) -> str:
    """The file to pass on: a header, the drawings, and each labeller's last word on each item, taken back or not."""
    last: dict[tuple[str, str], Label] = {}
    for label in labels.history:
        last[label.labeller, label.item] = label
    header = {"format": FORMAT, "version": VERSION, "comparison": comparison, "metric": metric,
              "classes": list(classes)}  # fmt: skip
    lines = [json.dumps(header), *(to_line(event) for event in (*labels.drawings, *last.values()))]
    return "".join(f"{line}\n" for line in lines)


def import_file(
    source: Path, target: Path, *, comparison: str, metric: str, classes: Sequence[str], keys: set[str]
) -> Imported:
    """Append the labels of ``source`` that ``target`` lacks; importing a file again changes nothing.

    ``keys`` are the comparison's samples. Raises ``BrokenFile`` with file and line, and then nothing is taken in: for
    a line that is no label, a class that the metric does not have, labels of another comparison or metric.
    """
    rows = _rows(source, comparison, metric, classes)
    here = read(target)
    last = {(label.labeller, label.item): label for label in here.history}
    drawings, kept = set(here.drawings), list[Event]()
    dropped: Counter[str] = Counter()
    for row in rows:
        if isinstance(row, Drawing):
            why = SAME if row in drawings else ""
            drawings.add(row)
        else:
            why = _why_not(row, last, keys)
            if not why:
                last[row.labeller, row.item] = row
        if why:
            dropped[why] += 1
        else:
            kept.append(row)
    append(target, kept)
    return Imported(read=len(rows), kept=len(kept), dropped=dropped)


def _why_not(row: Label, last: Mapping[tuple[str, str], Label], keys: set[str]) -> str:
    mine = last.get((row.labeller, row.item))
    if row.item not in keys:
        return NO_SAMPLE
    if mine == row:
        return SAME
    return OLDER if mine and moment(mine.at) >= moment(row.at) else ""


def _rows(source: Path, comparison: str, metric: str, classes: Sequence[str]) -> list[Event]:
    text = read_text(source)
    first, _, rest = text.partition("\n")
    found = parse_jsonl(source, first, _Header)
    if not found:
        raise BrokenFile(f"{source}, line 1: a file of labels begins with a header; export one with `salience labels`")
    header = found[0]
    if header.version != VERSION:
        raise BrokenFile(f"{source}, line 1: version {header.version} cannot be read here, only version {VERSION}")
    for what, theirs, ours in (("comparison", header.comparison, comparison), ("metric", header.metric, metric),
                               ("classes", sorted(header.classes), sorted(classes))):  # fmt: skip
        if theirs != ours:
            raise BrokenFile(f"{source}, line 1: these labels are of {what} {theirs!r}, not {ours!r}")
    rows: list[Event] = []
    for number, line in enumerate(rest.split("\n"), 2):
        if not line.strip():
            continue
        where = f"{source}, line {number}"
        event = from_line(line, where)
        if isinstance(event, Label):
            if event.metric != metric:
                raise BrokenFile(f"{where}: field metric: {event.metric!r} is not {metric!r}")
            if event.value is not None and event.value not in classes:
                raise BrokenFile(f"{where}: {event.value!r} is no class of {metric}; it has {', '.join(classes)}")
        rows.append(event)
    return rows
