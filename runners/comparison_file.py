"""Reads a comparison from TOML and writes it back; errors name file, line and field."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Literal

import tomli_w
from pydantic import Field, model_validator

from facts.breadth import Order, Position
from facts.condition import Channel, Indicator, Reasoning, Tier
from facts.errors import BrokenFile, FactError
from facts.parse import Strict, home_path, parse_toml, read_text
from facts.salience import Polarity
from runners.comparison import Comparison

Names = Annotated[list[str], Field(min_length=1)]
Level = Annotated[int, Field(ge=0, le=5)]


class _Design(Strict):
    kind: Literal["one_at_a_time", "ladder", "factorial", "fractional", "pairwise"]
    facts: Names
    levels: Annotated[list[Level], Field(min_length=1)] = Field(default_factory=lambda: [0, 2, 5])
    carriers: list[Annotated[int, Field(gt=0)]] = Field(default_factory=list[int])
    positions: list[Literal["spread", "heading", "lead", "early", "middle", "late", "closing"]] = Field(
        default_factory=lambda: ["spread"], min_length=1
    )
    orders: list[Literal["drawn", "carriers_first", "carriers_last"]] = Field(
        default_factory=lambda: ["drawn"], min_length=1
    )
    polarities: list[Literal["affirmed", "negated", "placebo"]] = Field(
        default_factory=lambda: ["affirmed", "placebo"], min_length=1
    )


class _Budget(Strict):
    calls: Annotated[int, Field(gt=0)] | None = None
    usd: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class _Judging(Strict):
    judges: list[str] = Field(default_factory=list[str])
    votes: Annotated[int, Field(ge=1, le=99)] | None = None
    threshold: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.4
    rubrics: list[str] = Field(default_factory=list[str])


class _Interview(Strict):
    audiences: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["unsaid"])
    context: Literal["fresh", "after"] = "fresh"
    replicates: Annotated[int, Field(gt=0)] = 1


class _File(Strict):
    name: str
    setting: str
    models: Names | None = None
    model: str | None = None
    design: _Design
    channel: Literal["system_prompt", "documents", "fine_tuning"] = "system_prompt"
    tiers: list[Literal["monitored", "unmonitored"]] = Field(
        default_factory=lambda: ["monitored", "unmonitored"], min_length=1
    )
    labels: str = "free_paid"
    variant: str = "conflict"
    indicator: Literal["always", "only_monitored", "only_unmonitored"] = "always"
    reasoning: list[Literal["scratchpad", "none", "native"]] = Field(default_factory=lambda: ["none"], min_length=1)
    queries: Annotated[int, Field(gt=0)] | Names = 20
    query_file: str | None = None
    replicates: Annotated[int, Field(gt=0)] = 5
    metrics: list[str] = Field(default_factory=list[str])
    judging: _Judging = _Judging()
    interview: _Interview = _Interview()
    looks: Annotated[int, Field(ge=0, le=20)] = 0
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 1.0
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    background_tokens: Annotated[int, Field(gt=0)] | None = None
    documents: Annotated[int, Field(gt=0)] = 4
    document_sets: list[str] = Field(default_factory=list[str])
    seed: int = 0
    concurrency: Annotated[int, Field(gt=0, le=4096)] = 16
    via: Literal["live", "batch"] = "live"
    budget: _Budget = _Budget()
    note: str = ""

    @model_validator(mode="after")
    def _one_spelling(self) -> _File:
        if (self.model is None) == (self.models is None):
            raise ValueError('name the models: models = ["embedded"] (or model = "embedded" for one)')
        return self


def parse_comparison(name: Path | str, text: str) -> Comparison:
    """A comparison from TOML text; raises ``BrokenFile`` with file, line and field."""
    raw = parse_toml(name, text, _File)
    ids = raw.queries if isinstance(raw.queries, list) else []
    try:
        return Comparison(
            name=raw.name, setting=raw.setting, models=tuple(raw.models or [raw.model or ""]),
            facts=tuple(raw.design.facts), design=raw.design.kind, levels=tuple(raw.design.levels),
            polarities=tuple(Polarity(p) for p in raw.design.polarities), carriers=tuple(raw.design.carriers),
            positions=tuple(Position(p) for p in raw.design.positions),
            orders=tuple(Order(order) for order in raw.design.orders), channel=Channel(raw.channel),
            tiers=tuple(Tier(t) for t in raw.tiers), labels=raw.labels, variant=raw.variant,
            indicator=Indicator(raw.indicator),
            reasoning=tuple(Reasoning(r) for r in raw.reasoning),
            queries=len(ids) or (raw.queries if isinstance(raw.queries, int) else 1), query_ids=tuple(ids),
            query_file=raw.query_file, replicates=raw.replicates, metrics=tuple(raw.metrics),
            judges=tuple(raw.judging.judges), votes=raw.judging.votes, threshold=raw.judging.threshold,
            rubrics=tuple(raw.judging.rubrics), audiences=tuple(raw.interview.audiences),
            interview=raw.interview.context, interview_replicates=raw.interview.replicates, looks=raw.looks,
            temperature=raw.temperature, max_tokens=raw.max_tokens, background_tokens=raw.background_tokens,
            documents=raw.documents, document_sets=tuple(raw.document_sets), seed=raw.seed,
            concurrency=raw.concurrency, via=raw.via, max_calls=raw.budget.calls,
            max_usd=raw.budget.usd, note=raw.note,
        )  # fmt: skip
    except FactError as error:
        raise BrokenFile(f"{name}: {error}") from error


def read_comparison(path: Path) -> Comparison:
    """The comparison in that file; raises ``BrokenFile``."""
    if not path.is_file():
        raise BrokenFile(f"{path}: there is no such file; comparisons are TOML files, see examples/")
    comparison = parse_comparison(path, read_text(path))
    if comparison.query_file is None:
        return comparison
    # Beside the file that names it, and in full: the run may be resumed from anywhere.
    return replace(comparison, query_file=str(path.parent.absolute() / home_path(comparison.query_file)))


def comparison_toml(comparison: Comparison) -> str:
    """The comparison as TOML that ``parse_comparison`` reads back to an equal one."""
    data = {name: value for name, value in asdict(comparison).items() if value not in (None, (), "")}
    if comparison.via == "live":
        data.pop("via")  # files of before batches stay as they were
    design = {"kind": data.pop("design"), "facts": list(comparison.facts), "levels": list(comparison.levels),
              "polarities": [p.value for p in comparison.polarities]}  # fmt: skip
    if comparison.carriers:
        design |= {"carriers": list(comparison.carriers), "positions": [p.value for p in comparison.positions],
                   "orders": [order.value for order in comparison.orders]}  # fmt: skip
    for name in ("facts", "levels", "polarities", "carriers", "positions", "orders"):
        data.pop(name, None)
    budget = {"calls": data.pop("max_calls", None), "usd": data.pop("max_usd", None)}
    if "query_ids" in data:
        data["queries"] = list(data.pop("query_ids"))
    for name in ("models", "tiers", "reasoning", "metrics"):
        if name in data:
            data[name] = [str(item) for item in getattr(comparison, name)]
    data |= {"channel": str(comparison.channel), "indicator": str(comparison.indicator)}
    judging = {name: data.pop(name) for name in ("judges", "votes", "threshold", "rubrics") if name in data}
    interview = {"audiences": list(data.pop("audiences")), "context": data.pop("interview"),
                 "replicates": data.pop("interview_replicates")}  # fmt: skip
    tables = {"design": design, "budget": {k: v for k, v in budget.items() if v is not None},
              "judging": judging if judging != {"threshold": _Judging().threshold} else {},
              "interview": interview if interview != _Interview().model_dump() else {}}  # fmt: skip
    return tomli_w.dumps({**data, **{name: table for name, table in tables.items() if table}})
