"""The tables of a plan, of a run and of a prompt, as rows of plain words and numbers."""

from __future__ import annotations

from dashboard.plan_text import left_words, span, usd, way_words
from facts.catalog import Library
from facts.prompt import Prompt
from runners.estimate import ModelPlan, Plan
from runners.progress import ModelProgress, Progress

Row = dict[str, str | int | float]


def cost_range(low: float | None, expected: float | None, high: float | None) -> str:
    """A cost before it is spent: low – expected – high, or one word where there is nothing to say."""
    if low is None or expected is None or high is None:
        return "unknown"
    return "$0" if high == 0 else f"{usd(low)} – {usd(expected)} – {usd(high)}"


def size_words(plan: Plan) -> str:
    """What the number of calls is made of."""
    parts = {
        "condition": plan.conditions,
        "query": plan.queries,
        "replicate": plan.comparison.replicates,
        "model": len(plan.subjects),
    }
    words = " × ".join(f"{n:,} {_plural(name, n)}" for name, n in parts.items())
    trials = sum(item.trials for item in plan.models)
    more = plan.calls - trials
    if more > 0:
        return f"{words}, and {more:,} follow-up questions."
    return f"{words}; {-more:,} of them share a prompt with another." if more else f"{words}."


def _plural(name: str, number: int) -> str:
    return name if number == 1 else "queries" if name == "query" else f"{name}s"


def model_rows(plan: Plan) -> list[Row]:
    """One row a model: calls, tokens in (with the share expected from a cache) and out at most, cost and time of what
    is new; a cost is low – expected – high.
    """
    batches = plan.comparison.via == "batch"
    return [_model_row(item, batches=batches) for item in plan.models]


def _model_row(item: ModelPlan, *, batches: bool) -> Row:
    return {
        "Model": item.model.label + (" (SIMULATED)" if item.simulated else ""),
        "New calls": item.new,
        **({"Way": way_words(item) if item.new else "–"} if batches else {}),
        "Kept": item.kept,
        "Tokens in": item.tokens_in,
        "From cache": f"{item.cached_share:.0%}" if item.tokens_cached else "–",
        "Tokens out": item.tokens_out_most,
        "Cost": cost_range(item.cost_low, item.cost_expected, item.cost_high),
        "Time": "up to a day" if item.in_batches else span(item.seconds) if item.new else "none",
    }


def done_percent(finished: int, planned: int) -> int:
    """Whole percent, rounded down, so that 100 means all."""
    return max(0, min(100, 100 * finished // planned)) if planned else 0


def progress_rows(progress: Progress, *, live: bool) -> list[Row]:
    """One row a model: how far it is."""
    return [
        {
            "Model": m.label + (" (SIMULATED)" if m.simulated else ""),
            "Done": done_percent(m.kept_before + m.done, m.planned),
            "Kept": f"{m.kept_before + m.done:,} of {m.planned:,}",
            "New": m.done,
            "Failed": m.failed,
            "Refusal stops": m.refused,
            **(_live_cells(progress, m) if live else {}),
            "From cache": f"{m.cached_share:.0%}" if m.cached_tokens and m.cached_share is not None else "–",
            "Spent": usd(m.spent_usd) if progress.cost_known else "unknown",
            "Kept before": m.kept_before,
            "Cut short": m.cut_short,
            "Answered as": ", ".join(m.resolved),
        }
        for m in progress.models
    ]


def _live_cells(progress: Progress, model: ModelProgress) -> Row:
    return {
        "Per second": round(progress.rate_of(model.done), 1),
        "Time left": left_words(progress, progress.eta_of(model)) if model.left else "none",
        "In flight": f"{model.in_flight} of {model.concurrency}",
        "Waiting": model.waiting,
        **({"In batches": model.in_batches} if model.in_batches else {}),
    }


def exposure_rows(prompt: Prompt, library: Library) -> list[Row]:
    """One row a fact: how often and how long it speaks in a prompt, and where (0 % is the prompt's first word)."""
    said = {item.fact: item.polarity.value for item in prompt.spans}
    return [
        {
            "Fact": library.fact(item.fact).title,
            "Dose": f"{item.level} {said.get(item.fact, '')}".strip(),
            "Exposures": item.exposures,
            "Airtime": f"{item.airtime:.1%}",
            "First": f"{item.first:.0%}",
            "Last": f"{item.last:.0%}",
        }
        for item in prompt.exposures
    ]
