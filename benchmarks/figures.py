"""What a benchmark found, as JSON that `make bench` collects: figures with their bars, one value a round."""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured quantity. ``values`` has one number a round; ``better`` says on which side of the bar to be.

    ``note`` says under what conditions, or why there is no value.
    """

    name: str
    unit: str = ""
    values: tuple[float, ...] = ()
    bar: float | None = None
    better: str = "more"
    note: str = ""

    @property
    def median(self) -> float | None:
        """The middle of the rounds; None where nothing was measured."""
        return statistics.median(self.values) if self.values else None

    @property
    def met(self) -> bool | None:
        """Whether the median is on the right side of the bar; None without a bar or a value."""
        middle = self.median
        if self.bar is None or middle is None:
            return None
        return middle >= self.bar if self.better == "more" else middle <= self.bar


def shown(value: float | None) -> str:
    """A number with three digits that count, in full from a hundred on."""
    if value is None:
        return "–"
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def spread(figure: Figure) -> str:
    """Least – median – most, or the one value there is, with the unit."""
    parts = [figure.median] if len(figure.values) < 2 else [min(figure.values), figure.median, max(figure.values)]
    return " – ".join(map(shown, parts)) + (f" {figure.unit}" if figure.unit and figure.values else "")


def bar_words(figure: Figure) -> str:
    """The bar as it is read: at least or at most so much."""
    if figure.bar is None:
        return ""
    return ("≥ " if figure.better == "more" else "≤ ") + shown(figure.bar) + (f" {figure.unit}" if figure.unit else "")


def verdict(figure: Figure) -> str:
    """met, MISSED, not measured, or nothing where there is no bar."""
    if figure.met is None:
        return "" if figure.bar is None else "not measured"
    return "met" if figure.met else "MISSED"


def options(about: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark has which `make bench` collects."""
    parser = argparse.ArgumentParser(description=(about or "").split("\n", 1)[0])
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write the figures there")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: to see that it runs")
    return parser


def write(figures: Sequence[Figure], path: Path | None) -> None:
    """Write the figures where that was asked for; again after each round, so that a run that is stopped leaves some."""
    if path is not None:
        path.write_text(json.dumps({"figures": [asdict(figure) for figure in figures]}, indent=1), encoding="utf-8")


def give(figures: Sequence[Figure], path: Path | None) -> None:
    """Print the figures, and write them where that was asked for."""
    for figure in figures:
        words = [figure.name.ljust(66), spread(figure).rjust(30), bar_words(figure), verdict(figure), figure.note]
        print("  ".join(word for word in words if word))
    write(figures, path)


def read(data: object) -> list[Figure]:
    """The figures in what a benchmark wrote; numbers of any other JSON come under their paths, without bars."""
    if isinstance(data, Mapping) and isinstance(found := cast("Mapping[str, object]", data).get("figures"), list):
        return [_figure(item) for item in cast("list[object]", found) if isinstance(item, Mapping)]
    return [Figure(name=path, values=(value,)) for path, value in _numbers(data, "")]


def _figure(item: object) -> Figure:
    fields = cast("Mapping[str, object]", item)
    values = fields.get("values", fields.get("value"))
    many = values if isinstance(values, list) else [values]
    bar = fields.get("bar")
    return Figure(
        name=str(fields.get("name", "?")), unit=str(fields.get("unit", "")), note=str(fields.get("note", "")),
        values=tuple(float(one) for one in many if isinstance(one, int | float)),
        bar=float(bar) if isinstance(bar, int | float) else None,
        better="less" if fields.get("better") == "less" else "more",
    )  # fmt: skip


def _numbers(data: object, path: str) -> list[tuple[str, float]]:
    if isinstance(data, bool):
        return []
    if isinstance(data, int | float):
        return [(path, float(data))]
    pairs: list[tuple[str, object]] = []
    if isinstance(data, Mapping):
        pairs = [(str(name), value) for name, value in cast("Mapping[object, object]", data).items()]
    elif isinstance(data, list):
        pairs = [(str(number), value) for number, value in enumerate(cast("list[object]", data))]
    return [found for name, value in pairs for found in _numbers(value, f"{path}.{name}" if path else name)]
