"""Writes what `make bench` found as a page: the machine, figures with their spread, bars met and missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import cast

from benchmarks.figures import Figure, bar_words, read, spread, verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One benchmark that was run: its figures, or the end of what it printed, or what went wrong.

    ``about`` is the first line of its module; ``trouble`` is "" when it ended well.
    """

    name: str
    about: str = ""
    figures: tuple[Figure, ...] = ()
    printed: tuple[str, ...] = ()
    trouble: str = ""
    seconds: float = 0.0
    load: float = 0.0


def part_of(data: Mapping[str, object]) -> Part:
    """A part from its JSON, as ``as_json`` gives it."""
    number = {name: float(cast("float", data.get(name, 0.0))) for name in ("seconds", "load")}
    return Part(
        name=str(data.get("name", "?")), about=str(data.get("about", "")), trouble=str(data.get("trouble", "")),
        figures=tuple(read(data)), printed=tuple(map(str, cast("Sequence[object]", data.get("printed", ())))),
        **number,
    )  # fmt: skip


def as_json(parts: Iterable[Part]) -> list[dict[str, object]]:
    """Parts as plain data."""
    return [asdict(part) for part in parts]


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join('---' for _ in head)}|"]
    return [*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)]


def _named(figures: Sequence[Figure]) -> list[str]:
    return [f"- {figure.name}: {spread(figure)}; the bar is {bar_words(figure)}." for figure in figures]


def verdicts(parts: Sequence[Part]) -> list[str]:
    """In plain words: how many bars are met, which are missed, which were not measured."""
    barred = [figure for part in parts for figure in part.figures if figure.bar is not None]
    met = [figure for figure in barred if figure.met]
    missed = [figure for figure in barred if figure.met is False]
    unknown = [figure for figure in barred if figure.met is None]
    lines = [
        f"Of {len(barred)} bars {len(met)} are met, {len(missed)} are missed and {len(unknown)} were not measured.",
        "A bar is held against the median of the rounds.",
    ]
    if missed:
        lines += ["", "Missed:", "", *_named(missed)]
    if unknown:
        reasons = [f"- {figure.name}{': ' + figure.note if figure.note else ''}" for figure in unknown]
        lines += ["", "Not measured:", "", *reasons]
    if met:
        lines += ["", "Met:", "", *_named(met)]
    troubled = [f"- `{part.name}`: {part.trouble}" for part in parts if part.trouble]
    return [*lines, *(["", "Benchmarks that did not end well:", "", *troubled] if troubled else [])]


def busy(machine: Mapping[str, str], parts: Sequence[Part]) -> list[str]:
    """A warning where more wanted to run than there are cores; our own two processes, ours and the server, are two."""
    cores = int(machine.get("cores", "0") or 0)
    loads = [part.load for part in parts if part.seconds]
    if not cores or not loads or max(loads) <= cores + 1:
        return []
    words = (
        f"**The machine was busy with other work**: load averages of {min(loads):.1f} to {max(loads):.1f} on {cores} "
        "cores. Times of the clock, and bars on them, are worse than on a quiet machine; CPU times hold better."
    )
    return ["", words]


def page(machine: Mapping[str, str], parts: Sequence[Part]) -> str:
    """The whole page in Markdown."""
    lines = [
        "# Benchmarks", "",
        "Written by `make bench`; do not edit. Several figures are least – median – most over rounds that alternate",
        "ours and the peers', so that a ratio is of neighbours in time. The server is `benchmarks/fake_server.py` on",
        "the same machine: its CPU is not counted, but it takes a share of the cores, from ours and the peers' alike.",
        "", "## The machine", "", *_table(("what", "value"), machine.items()),
        *busy(machine, parts), "", "## Bars", "", *verdicts(parts),
    ]  # fmt: skip
    for part in parts:
        took = f"`benchmarks/{part.name}.py`, {part.seconds:.0f} s, load average {part.load:.1f} at its start."
        lines += ["", f"## {part.name}", "", part.about, "", took]
        if part.trouble:
            lines += ["", f"Did not end well: {part.trouble}"]
        if part.figures:
            rows = [(f.name, spread(f), bar_words(f), verdict(f), f.note) for f in part.figures]
            lines += ["", *_table(("figure", "least – median – most", "bar", "", "conditions"), rows)]
        if part.printed:
            lines += ["", "```", *part.printed, "```"]
    return "\n".join(lines).rstrip() + "\n"
