"""What stands between a plan and its launch, known before anything is called."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.plan_text import untold_words, usd
from runners import batches
from runners.budget import write_price
from runners.estimate import Plan
from runners.planning import untold

_LETTERS_A_TOKEN, _TEMPLATE = 5, 100  # of English, and a prompt's own marks; both on the safe side of most_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProblem:
    """``text`` says what is wrong and what to do; a ``blocking`` one forbids the launch."""

    text: str
    blocking: bool


def plan_problems(plan: Plan) -> tuple[PlanProblem, ...]:
    """Missing keys and files per model, and a budget that cannot be kept. Blocking when no new call could be made."""
    cannot = [item for item in plan.models if item.problem and item.new]
    none_can = bool(plan.new) and all(item.problem for item in plan.models if item.new)
    found = [PlanProblem(text=f"{item.model.label}: {item.problem}", blocking=none_can) for item in cannot]
    subjects = (item.model for item in plan.subjects)
    found += [PlanProblem(text=f"{untold_words(m)}.", blocking=False) for m in untold(plan.comparison, subjects)]
    budget = plan.comparison.max_usd
    unpriced = [item for item in plan.models if item.new and item.cost_high is None] if budget is not None else []
    found += over_budget(plan) if not unpriced else ()
    found += [
        PlanProblem(blocking=True, text=(
            f"The price of {item.model.label} is unknown, so a budget of {usd(budget or 0)} cannot be kept. Add its "
            "prices to models.toml in your workspace, or set a budget in calls instead."
        ))
        for item in unpriced
    ]  # fmt: skip
    return tuple(found)


def over_budget(plan: Plan) -> list[PlanProblem]:
    """What the run will do where its budget is smaller than the plan may need."""
    calls, budget, high = plan.comparison.max_calls, plan.comparison.max_usd, plan.cost("high")
    then = "The run will stop there with everything received kept; raise the budget and resume to go on."
    found: list[PlanProblem] = []
    if calls is not None and plan.new > calls:
        found.append(PlanProblem(blocking=False, text=(
            f"The plan needs {plan.new:,} new calls, and the budget is {calls:,}. {then}"
        )))  # fmt: skip
    if budget is not None and high is not None and high > budget:
        found.append(PlanProblem(blocking=False, text=(
            f"The plan may cost up to {usd(high)}, and the budget is {usd(budget)}. {then}"
        )))  # fmt: skip
    room = batch_room(plan)
    if budget is not None and budget < room:
        found.append(PlanProblem(blocking=False, text=(
            f"A budget of {usd(budget)} sends batches one after another, each of which may take a day: until its "
            "replies are in, a request counts as the most that it could cost, a token for every letter. About "
            f"{usd(room)} of budget sends all at once."
        )))  # fmt: skip
    return found


def batch_room(plan: Plan) -> float:
    """The budget in USD that sends all that goes in batches at once; 0 where nothing does or a price is unknown."""
    total = 0.0
    for item in plan.models:
        priced = batches.priced(item.model)
        if item.in_batches and priced.usd_per_mtok_in is not None and priced.usd_per_mtok_out is not None:
            letters = item.tokens_in * _LETTERS_A_TOKEN + item.in_batches * _TEMPLATE
            dearest = write_price(priced.usd_per_mtok_in, priced.usd_per_mtok_cache_write)
            total += (letters * dearest + item.tokens_out_most * priced.usd_per_mtok_out) / 1_000_000
    return total
