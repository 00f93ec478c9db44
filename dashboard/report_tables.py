"""The tables of a report as plain cells: what was planned and kept, what failed, rates, gaps and effects."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dashboard.charts.words import amount, amounts, difference, difference_interval, p_text, percent
from dashboard.class_counts import class_counts, class_rows
from dashboard.points import GAP, EffectPoint
from dashboard.provenance import resolved
from dashboard.results import Results
from dashboard.tables import Tables
from runners.progress import Progress

Cell = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A header and rows of cells; numbers are shown to the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def size_table(results: Results) -> Table:
    """Planned against kept, model by model."""
    answered = resolved(results)
    rows: list[tuple[Cell, ...]] = []
    for model in results.models:
        stops = Counter[str]()
        for _, read, count in model.arrays.counts():
            stops[read.stop.value if read.stop else ""] += count
        del stops[""]
        ended = ", ".join(f"{count:,} {stop.replace('_', ' ')}" for stop, count in sorted(stops.items()))
        name = f"{model.model.label} (SIMULATED)" if model.simulated else model.model.label
        rows.append((name, ", ".join(answered[model.model.label]) or "nothing yet", len(model.rows), model.kept,
                     len(model.rows) - model.kept, ended))  # fmt: skip
    return Table(header=("Model", "Answered as", "Planned", "Kept", "Missing", "How replies ended"), rows=tuple(rows))


def failure_table(progress: Progress | None) -> Table:
    """What failed in the last run, grouped, with what to do; failures are never kept as samples."""
    rows = tuple(
        (model.label, count, name.replace("_", " "), model.messages.get(name, ""))
        for model in (progress.models if progress else ())
        for name, count in sorted(model.failures.items())
    )
    return Table(header=("Model", "Failures", "Kind", "What was said"), rows=rows)


def rate_table(tables: Tables) -> Table:
    """Every rate and gap of one measure."""
    rows = tuple(
        (p.model, p.arm, p.quantity, amount(p.value, gap=p.quantity == GAP),
         amounts(p.low, p.high, gap=p.quantity == GAP), p.n, p.queries, p.unscored, p.failed,
         amounts(p.possible_low, p.possible_high, gap=p.quantity == GAP), percent(p.airtime))
        for p in (*tables.rates, *tables.gaps)
    )  # fmt: skip
    header = ("Model", "Arm", "Of", "Value", "95 % interval", "n", "Queries", "Unscored", "Failed or missing",
              "With the lost either way", "Airtime")  # fmt: skip
    return Table(header=header, rows=rows)


def class_table(results: Results, metric: str) -> Table:
    """How many samples of each condition fell into each class, unscored and missing ones included."""
    rows = class_rows(class_counts(results, metric))
    header = tuple(dict.fromkeys(name for row in rows for name in row))
    cells = tuple(tuple(_cell(row.get(name, "")) for name in header) for row in rows)
    return Table(header=header, rows=cells)


def _cell(value: str | float) -> Cell:
    return value if isinstance(value, str) else int(value)


def effect_table(tables: Tables) -> Table:
    """Every effect of one measure, the surest first."""
    order = sorted(tables.every, key=lambda e: (e.p_adjusted is None, e.p_adjusted or 0, e.p or 0))
    rows = tuple(
        (e.model, e.arm, e.kind.replace("_", " "), e.quantity, e.against, difference(e.value),
         difference_interval(e.low, e.high), difference_interval(e.wide_low, e.wide_high),
         _p(e, e.p), _p(e, e.p_adjusted), e.family, e.n, e.queries, e.dropped, e.unscored, e.failed,
         *("" if share is None else percent(share) for share in (e.uptake, e.recall, e.frame_sd, e.wording_sd)),
         e.why)
        for e in order
    )  # fmt: skip
    header = ("Model", "Arm", "Kind", "Effect on", "Against", "Change", "95 % interval", "95 % for the family", "p",
              "p adjusted", "Family", "n", "Queries", "Dropped", "Unscored", "Failed or missing", "Uptake", "Recall",
              "SD over frames", "SD over wordings", "Note")  # fmt: skip
    return Table(header=header, rows=rows)


def _p(e: EffectPoint, p: float | None) -> str:
    return "interim" if e.interim and not e.look else p_text(p)
