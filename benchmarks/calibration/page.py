"""Writes docs/calibration.md, docs/calibration.json and docs/images/calibration.svg from what was simulated."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from benchmarks.calibration import words
from benchmarks.calibration.covered import Covered
from benchmarks.calibration.figure import figure
from benchmarks.calibration.grid import WORLDS
from benchmarks.calibration.tally import AVERAGE, BOUNDED, EACH, HELD, TYPE_ONE, Line, Share, lines

_DOCS = Path(__file__).parent.parent.parent / "docs"
FEW = 100  # simulations with a test at all, below which a share of false claims says nothing


def write(
    found: Mapping[str, Mapping[str, Covered]], *, simulations: int, seed: int, sources: Mapping[str, str],
    seconds: float, docs: Path = _DOCS,
) -> None:  # fmt: skip
    """All three documents; worlds without results are named as missing."""
    every = lines(found)
    (docs / "images").mkdir(parents=True, exist_ok=True)
    about = {
        "simulations": simulations, "seed": seed, "sources": _sources(sources), "process_seconds": round(seconds),
        "date": datetime.now(tz=UTC).date().isoformat(),
        "bars": {"average": AVERAGE, "each": EACH, "type_one": TYPE_ONE},
    }  # fmt: skip
    rows = ",\n".join(json.dumps(_plain(asdict(line)), ensure_ascii=False) for line in every)
    raw = f'{{"about": {json.dumps(about)},\n"lines": [\n{rows}\n]}}\n'
    (docs / "calibration.json").write_text(raw, encoding="utf-8")
    (docs / "images" / "calibration.svg").write_bytes(_figure(every))
    (docs / "calibration.md").write_text(markdown(every, about), encoding="utf-8")


def _sources(of: Mapping[str, str]) -> str:
    """The digests, each with the worlds that rest on it where there are several."""
    each = {digest: [world for world in of if of[world] == digest] for digest in dict.fromkeys(of.values())}
    if len(each) == 1:
        return next(iter(each))
    return "; ".join(f"{digest} for {', '.join(worlds)}" for digest, worlds in each.items())


def markdown(every: Sequence[Line], about: Mapping[str, object]) -> str:
    """The page: what was done, the verdicts, what fails, the figure, and a table for each world."""
    plain = [line for line in every if _plainly(line)]
    parts = [
        words.INTRODUCTION.format(**about),
        _worlds(every),
        "## Verdict\n\n" + _verdict(plain, every),
        "## What fails\n\n" + _failures(plain, every),
        words.WIDER,
        words.FIGURE,
        *_special(every),
        "## Every setting\n\n" + words.TABLES.strip(),
        *(_table(plain, each.name) for each in WORLDS if any(line.world == each.name for line in plain)),
        words.ENDING.format(**about),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _plainly(line: Line) -> bool:
    """Ordinary lines: neither of all replies where some are lost, nor of a judge that is held against the truth."""
    return not line.measure.endswith((words.ALL, words.JUDGE))


def _worlds(every: Iterable[Line]) -> str:
    done: dict[str, int] = {}
    for line in every:
        done[line.world] = line.simulations
    rows = [
        [f"`{each.name}`", f"`{Path(each.organism).stem}`", f"`{each.setting}`", each.arms,
         ", ".join(f"{queries}×{replicates}" for queries, replicates in each.sizes),
         f"{done[each.name]:,}" if each.name in done else "**not run**"]
        for each in WORLDS
    ]  # fmt: skip
    return _grid(["World", "Organism", "Setting", "Arms", "Queries × replicates", "Comparisons"],
                 rows)  # fmt: skip


def _verdict(plain: Sequence[Line], every: Sequence[Line]) -> str:
    rows: list[list[str]] = []
    for quantity in dict.fromkeys(line.quantity for line in plain):
        mine = [line for line in plain if line.quantity == quantity]
        mean = math.fsum(line.coverage.value for line in mine) / len(mine)
        least = min(mine, key=lambda line: line.coverage.value)
        most = max(line.coverage.value for line in mine)
        rows.append([
            words.name(quantity), str(len(mine)), f"{mean:.3f} {_mark(mean >= AVERAGE)}",
            f"{_share(least.coverage)} {_mark(least.coverage.value >= EACH)}", where(least),
            f"{most:.3f}", "yes" if quantity in HELD else "shown only",
        ])  # fmt: skip
    table = _grid(["Quantity", "Settings", f"Mean coverage (bar {AVERAGE})", f"Least coverage (bar {EACH})",
                   "Where least", "Most", "Held to the bars"], rows)  # fmt: skip
    tests = [["single p", *_tests(plain, "false")], ["adjusted p (max-T), any of its family",
                                                     *_tests(plain, "any_false")]]  # fmt: skip
    false = _grid(["False claims at .05 among true nulls", "Settings", f"Mean (bar {TYPE_ONE})", "Most", "Where most"],
                  tests)  # fmt: skip
    return "\n\n".join(part for part in (table, false, _beside(every), words.VERDICT.strip()) if part)


def _beside(every: Sequence[Line]) -> str:
    """What has a bar of its own, and above it what would be shown without: raw judges, plain intervals under loss."""
    rows: list[list[str]] = []
    for quantity in dict.fromkeys(line.quantity for line in every if not _plainly(line)):
        mine = [line for line in every if line.quantity == quantity and not _plainly(line)]
        mean = math.fsum(line.coverage.value for line in mine) / len(mine)
        least = min(mine, key=lambda line: line.coverage.value)
        bar = words.bar_of(least.measure, quantity)
        marks = ("", "") if bar is None else (f" {_mark(mean >= bar)}", f" {_mark(least.coverage.value >= bar)}")
        rows.append([
            words.name(quantity), str(len(mine)), f"{mean:.3f}{marks[0]}", f"{_share(least.coverage)}{marks[1]}",
            where(least), "none" if bar is None else str(bar),
        ])  # fmt: skip
    head = ["Under a judge that errs, or loss", "Settings", "Mean coverage", "Least", "Where least", "Bar"]
    return _grid(head, rows) if rows else ""


def _tests(plain: Sequence[Line], field: str) -> list[str]:
    mine = [line for line in plain if tested(line, field)]
    if not mine:
        return ["0", "–", "–", "–"]
    values = [(getattr(line, field), line) for line in mine]
    mean = math.fsum(found.value for found, _ in values) / len(values)
    most, line = max(values, key=lambda pair: pair[0].value)
    return [str(len(mine)), f"{mean:.3f} {_mark(mean <= TYPE_ONE)}",
            f"{_share(most)} {_mark(most.value <= TYPE_ONE)}", where(line)]  # fmt: skip


def tested(line: Line, field: str) -> Share | None:
    """The share of false claims, where enough comparisons could have made one."""
    found: Share | None = getattr(line, field)
    if found is None or found.cases < FEW or (field == "false" and found.cases < FEW * line.rows / 4):
        return None
    return found


def _failures(plain: Sequence[Line], every: Sequence[Line]) -> str:
    found: list[str] = []
    for quantity in HELD:
        mine = [line for line in plain if line.quantity == quantity]
        mean = math.fsum(line.coverage.value for line in mine) / max(len(mine), 1)
        if mine and mean < AVERAGE:
            found.append(f"- **The mean coverage of {words.plural(quantity)} is {mean:.3f}**, below {AVERAGE}.")
        found += [
            f"- {words.name(quantity)}, {where(line)}: coverage {_share(line.coverage)}, below {EACH}"
            + (" by more than chance explains." if line.coverage.below(EACH) else " (within two Monte Carlo errors).")
            for line in mine if line.coverage.value < EACH
        ]  # fmt: skip
    for line in every:
        bar = words.bar_of(line.measure, line.quantity)
        if bar and line.coverage.value < bar:
            chance = "within two Monte Carlo errors" if not line.coverage.below(bar) else "by more than chance explains"
            found.append(f"- {words.name(line.quantity)}, {where(line)}: coverage {_share(line.coverage)}, below {bar} "
                         f"({chance}).")  # fmt: skip
    for line in plain:
        for field, what in (("false", "single p"), ("any_false", "adjusted p")):
            share = tested(line, field)
            if share is not None and share.value > TYPE_ONE:
                chance = share.value - 2 * share.se <= TYPE_ONE
                found.append(
                    f"- False claims by {what}, {words.name(line.quantity).lower()}, {where(line)}: {_share(share)}, "
                    f"above {TYPE_ONE}" + (" (within two Monte Carlo errors)." if chance else " **beyond chance**.")
                )
    single = [
        f"- One row: {words.name(line.quantity).lower()} of *{line.worst_row}*, {where(line)}: coverage "
        f"{line.worst:.3f}, below .88, though its setting's mean is {line.coverage.value:.3f}."
        for line in plain if line.quantity in HELD and line.worst < 0.88 and line.coverage.value >= EACH
    ]  # fmt: skip
    text = "\n".join(found) if found else "No quantity misses its bar in any setting that the bars are for."
    beside = [f"{words.name(line.quantity).lower()}, {where(line)} ({_share(line.coverage)})"
              for line in plain if line.quantity not in HELD and line.coverage.value < EACH]  # fmt: skip
    if beside:
        text += f"\n\nBelow {EACH} among quantities that no bar was set for: {'; '.join(beside)}."
    return text + ("\n\n" + words.SINGLE_ROWS + "\n\n" + "\n".join(single) if single else "")


def _special(every: Sequence[Line]) -> list[str]:
    parts: list[str] = []
    naive = [line for line in every if line.naive is not None and _plainly(line) and line.replicates > 1]
    if naive:
        rows = [[where(line), _share(line.coverage), _share(line.naive)] for line in naive if line.queries >= 20]
        head = ["Setting", "Shown by the project", "Samples taken for independent"]
        parts.append(words.NAIVE.strip() + "\n\n" + _grid(head, rows))
    if lost := _pivot(every, words.ALL, words.WAYS, ", "):
        rows = [
            [name, where(one[0]), *(_share(line.coverage) for line in one[:2]),
             f"{_share(one[2].coverage)} {_mark(one[2].coverage.value >= BOUNDED)}",
             *(f"{line.width:.3f}" for line in one), f"{one[0].bias:+.3f}"]
            for name, one in lost
        ]  # fmt: skip
        head = ["Quantity", "Setting", "Plain interval", "Bounds alone", f"Limits at the bounds (bar {BOUNDED})",
                "Width: plain", "bounds", "limits", "Estimate − truth"]  # fmt: skip
        parts.append(words.LOSS.strip() + "\n\n" + _grid(head, rows))
    if judged := _pivot(every, words.JUDGE, words.KINDS, " ", first=False):
        rows = [
            [name, where(raw), _share(raw.coverage),
             f"{_share(fixed.coverage)} {_mark(fixed.coverage.value >= AVERAGE)}", f"{fixed.worst:.3f}",
             f"{raw.bias:+.3f}", f"{fixed.bias:+.3f}", f"{raw.width:.3f}", f"{fixed.width:.3f}",
             _share(tested(raw, "false"))]
            for name, (raw, fixed) in judged
        ]  # fmt: skip
        head = ["Quantity", "Setting", "Raw: coverage", f"Corrected: coverage (bar {AVERAGE})", "Worst row",
                "Raw − truth", "Corrected − truth", "Width: raw", "corrected", "Raw: false p"]  # fmt: skip
        parts.append(words.JUDGED.strip() + "\n\n" + _grid(head, rows))
    return parts


def _pivot(
    every: Iterable[Line], ending: str, ways: Sequence[str], between: str, *, first: bool = True
) -> list[tuple[str, tuple[Line, ...]]]:  # fmt: skip
    """Lines that say one quantity in several ways, side by side; ``first`` says that the quantity precedes the way."""
    found: dict[tuple[object, ...], dict[str, Line]] = {}
    for line in every:
        if line.measure.endswith(ending):
            one, _, two = line.quantity.partition(between)
            quantity, way = (one, two) if first else (two, one)
            key = (line.world, line.measure, line.queries, line.replicates, quantity)
            found.setdefault(key, {})[way] = line
    return [(words.name(str(key[-1])), tuple(each[way] for way in ways)) for key, each in found.items()]


def _table(plain: Sequence[Line], name: str) -> str:
    mine = [line for line in plain if line.world == name]
    rows = [
        [words.measure(line.measure), f"{line.queries}×{line.replicates}", words.name(line.quantity), str(line.rows),
         _share(line.coverage) + (f" {_mark(line.coverage.value >= EACH)}" if line.quantity in HELD else ""),
         f"{line.worst:.3f}", f"{line.width:.3f}", _small(line.degenerate), f"{line.bias:+.4f}", _share(line.together),
         _share(tested(line, "false")), _share(tested(line, "any_false"))]
        for line in mine
    ]  # fmt: skip
    return f"### `{name}`\n\n" + _grid(
        ["Measure", "Size", "Quantity", "Rows", "Coverage", "Worst row", "Width", "No width", "Estimate − truth",
         "All at once", "False p", "False adjusted"], rows,
    )  # fmt: skip


def where(line: Line) -> str:
    """A setting in words: world, size and measure."""
    return f"`{line.world}` {line.queries}×{line.replicates}, {words.measure(line.measure)}"


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    every = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in every)


def _share(found: Share | None) -> str:
    return "–" if found is None or not found.cases else f"{found.value:.3f} ± {found.se:.3f}"


def _small(value: float) -> str:
    return "0" if value == 0 else f"{value:.3f}"


def _mark(passed: bool) -> str:
    return "✓" if passed else "✗"


def _figure(every: Sequence[Line]) -> bytes:
    shown = [line for line in every if _plainly(line) and (line.measure, line.quantity) in words.PANELS]
    names = [each.name for each in WORLDS if any(line.world == each.name for line in shown)]
    return figure(shown, names, words.PANELS, "Coverage of 95 % intervals in simulated comparisons")


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in cast("dict[str, object]", value).items()}
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 5)
    return value
