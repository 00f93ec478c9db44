"""Writes the points of figures as CSV that a spreadsheet opens safely, and reads them back without loss."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, cast

from pydantic import TypeAdapter

from dashboard.points import EffectPoint, Point

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# A spreadsheet runs a cell that begins so as a formula; an apostrophe makes it text. Numbers keep their minus sign.
_LIVE = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | int | float | bool | None


def guarded(cell: Cell) -> Cell:
    """The cell, with an apostrophe before text that a spreadsheet would run, or that begins with one already."""
    if isinstance(cell, str) and cell.startswith((*_LIVE, "'")):
        return f"'{cell}"
    return cell


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A CSV file: UTF-8, comma, quotes where needed; every text cell guarded, floats in full, None empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue()


def points_csv(points: Sequence[object], kind: type[DataclassInstance]) -> str:
    """The points, all of one kind, as CSV, one column a field."""
    names = [field.name for field in fields(kind)]
    return csv_text(names, ([cast("Cell", getattr(point, name)) for name in names] for point in points))


def own_points(points: Sequence[object], figure: str) -> list[tuple[str, Sequence[object], type[DataclassInstance]]]:
    """The points that only this figure has, each kind with the name of its file; rates and effects have files."""
    kinds = dict.fromkeys(type(point) for point in points)
    return [
        (figure.capitalize(), [point for point in points if type(point) is kind], kind)
        for kind in kinds if kind not in {Point, EffectPoint} and is_dataclass(kind)
    ]  # fmt: skip


def read_rates(text: str) -> tuple[Point, ...]:
    """The rates and gaps in CSV text as ``points_csv`` writes it; raises ``ValueError`` for anything else."""
    return tuple(TypeAdapter(list[Point]).validate_python(_rows(text)))


def read_effects(text: str) -> tuple[EffectPoint, ...]:
    """The effects in CSV text as ``points_csv`` writes it; raises ``ValueError`` for anything else."""
    return tuple(TypeAdapter(list[EffectPoint]).validate_python(_rows(text)))


_SPREAD = [f"{of}_{what}" for of in ("frame", "wording") for what in ("sd", "low", "high")]
_NUMBERS = {"value", "low", "high", "wide_low", "wide_high", "p", "p_adjusted", "possible_low", "possible_high",
            "uptake", "uptake_n", "recall", "recall_n", "frames", "wordings", *_SPREAD}  # fmt: skip


def _rows(text: str) -> list[dict[str, str | None]]:
    return [
        {name: None if cell == "" and name in _NUMBERS else cell.removeprefix("'")
         for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text))
    ]  # fmt: skip
