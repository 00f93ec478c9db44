"""Says a plan and a progress in words and in JSON."""

from __future__ import annotations

from dashboard.terminal_text import printable
from runners.batches import share
from runners.estimate import ModelPlan, Plan
from runners.keys import elsewhere, key_variable
from runners.model import Model
from runners.planning import untold
from runners.progress import ModelProgress, Progress, State
from runners.sample import Trouble

_WHY = {
    "rate_limit": "a rate limit (429)", "overloaded": "an overload (529)", "server": "a server error",
    "connection": "a cut connection", "timeout": "a timeout", "unreadable": "an unreadable reply",
}  # fmt: skip


def usd(amount: float | None) -> str:
    """An amount of money; an unknown price is unknown, never free."""
    if amount is None:
        return "unknown"
    return "$0" if amount == 0 else f"${amount:,.2f}" if amount >= 0.01 else f"${amount:.4f}"


def span(seconds: float | None) -> str:
    """A length of time, as coarse as it is uncertain."""
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{max(1, round(seconds))} s" if seconds > 0 else "an instant"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _model_line(item: ModelPlan) -> str:
    mark = " (SIMULATED)" if item.simulated else ""
    cost = (
        f"{usd(item.cost_low)} – {usd(item.cost_expected)} – {usd(item.cost_high)}"
        if item.cost_high
        else usd(item.cost_high)
    )
    cached = f" ({item.cached_share:.0%} from the provider's cache)" if item.tokens_cached else ""
    if (item.by_batch and item.new) or item.waiting:
        return (
            f"  {item.model.label}{mark}: {way_words(item)}, {item.kept:,} kept; about {item.tokens_in:,} tokens in"
            f"{cached}, at most {item.tokens_out_most:,} out; cost {cost}; up to a day"
        )
    return (
        f"  {item.model.label}{mark}: {item.new:,} new calls, {item.kept:,} kept; about {item.tokens_in:,} tokens in"
        f"{cached}, at most {item.tokens_out_most:,} out; cost {cost}; about {span(item.seconds)}"
    )


def way_words(item: ModelPlan) -> str:
    """How a model's new calls go to it: in batches, live, or both."""
    sent = f"{item.waiting:,} lie in a batch already and are not paid again"
    if not item.by_batch:
        live = item.new - item.waiting
        also = [sent] if item.waiting else ["this model has no batches"] if live else []
        return ", ".join([f"{live:,} live", *also])
    part = f"{item.in_batches:,} in batches at {share(item.model) or 1:.0%} of the live price"
    later = item.new - item.in_batches - item.waiting
    parts = [part, *([f"{later:,} that come up from samples live"] if later else []), *([sent] if item.waiting else [])]
    return ", ".join(parts)


def time_words(plan: Plan) -> str:
    """How long a plan takes, in all."""
    if any(item.in_batches or item.waiting for item in plan.models):
        return "up to a day"
    return span(sum(item.seconds for item in plan.models)) if plan.new else "none"


def batch_words(model: ModelProgress) -> str:
    """What of a model waits in batches, since when, and what was odd about them; empty where nothing is to be said."""
    if not model.in_batches:
        return model.batch_note
    batches = "1 batch" if model.batches == 1 else f"{model.batches:,} batches"
    since = f"{model.batched_since[11:16]} UTC on {model.batched_since[:10]}"
    said = (f"{model.in_batches:,} requests wait at the provider in {batches}, the first sent at {since}; it takes up "
            "to a day; run again to bring them in if this process ends, cancel to end them")  # fmt: skip
    return f"{said}. {model.batch_note}" if model.batch_note else said


def untold_words(model: Model) -> str:
    """That a model's probabilities cannot be had although the comparison asks for them."""
    return f"{model.label} gives no log-probabilities here: the probabilities of its options will be missing"


def plan_lines(plan: Plan) -> list[str]:
    """The plan for a terminal."""
    c = plan.comparison
    size = (
        f"{plan.conditions} conditions × {plan.queries} queries × {c.replicates} replicates × "
        f"{len(plan.subjects)} models"
    )
    trials = sum(item.trials for item in plan.models)
    asked = plan.calls - trials
    most = "at most " if asked > 0 else ""
    total = f"in all {most}{plan.new:,} new calls, {plan.kept:,} already kept"
    why = [f"  that is {trials:,} samples and at most {asked:,} questions about them; some turn out not to be needed"]
    return [
        f"{c.name}: {c.setting}, {c.channel}, {size}",
        *(_model_line(item) for item in plan.models),
        *(f"  {m.model.label} is called at {printable(at)}" for m in plan.models if (at := elsewhere(m.model))),
        f"  {total}; longest prompt about {plan.longest_prompt:,} tokens",
        *(why if asked > 0 and not plan.only_kept else []),
        *(f"  {untold_words(m)}" for m in untold(c, (item.model for item in plan.subjects))),
        *(f"  cannot call {m.model.label}: {m.problem}" for m in plan.models if m.problem),
    ]


def plan_json(plan: Plan) -> dict[str, object]:
    """The plan for a script."""
    return {
        "comparison": plan.comparison.name, "conditions": plan.conditions, "queries": plan.queries,
        "calls": plan.calls, "kept": plan.kept, "new": plan.new, "simulated": plan.simulated,
        "cost_usd": {which: plan.cost(which) for which in ("low", "expected", "high")},
        "models": [
            {"label": m.model.label, "calls": m.calls, "kept": m.kept, "new": m.new, "tokens_in": m.tokens_in,
             "tokens_cached": m.tokens_cached, "tokens_out_most": m.tokens_out_most, "cost_low_usd": m.cost_low,
             "cost_expected_usd": m.cost_expected, "cost_high_usd": m.cost_high, "seconds": m.seconds,
             "problem": m.problem, "simulated": m.simulated, "in_batches": m.in_batches,
             "waiting": m.waiting, "address": m.model.base_url,
             "key_env": key_variable(m.model)}
            for m in plan.models
        ],
    }  # fmt: skip


def left_words(progress: Progress, seconds: float | None) -> str:
    """The time left, while a run goes on; nothing is foretold while it is held or ends, or from few replies."""
    if progress.state in {State.PAUSED, State.CANCELLING}:
        return "–"
    return "not known yet" if seconds is None else f"about {span(seconds)}"


def made_of(progress: Progress) -> str:
    """What the planned replies are, said once: samples, and replies to questions about them; empty where they are one.

    A run that is over also says why it needed fewer calls than were planned at most.
    """
    asked = progress.planned - progress.samples
    if not progress.samples or asked <= 0:
        return ""
    most = "at most " if progress.live and progress.most else ""
    said = f"{progress.samples:,} samples and {most}{asked:,} replies to questions about them"
    if progress.state is State.FINISHED and progress.unneeded:
        said += (f". {progress.unneeded:,} of the {progress.most:,} calls planned at most were follow-up questions "
                 "that turned out not to be needed")  # fmt: skip
    return said


def progress_line(progress: Progress) -> str:
    """One line on how far a run is: done, kept, failed, rate, time left, money."""
    share = f"{progress.finished:,}/{progress.planned:,}"
    parts = [f"{progress.state}", f"{share} replies", f"{progress.new:,} new"]
    if waiting := sum(m.in_batches for m in progress.models):
        since = min(m.batched_since for m in progress.models if m.in_batches)
        parts.append(f"{waiting:,} in batches since {since[11:16]} UTC")
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if refused := sum(m.refused for m in progress.models):
        parts.append(f"{refused:,} refusal stops")
    if progress.new:
        parts.append(f"{progress.rate:.1f}/s")
        if progress.live and progress.state not in {State.PAUSED, State.CANCELLING}:
            parts.append("time left not known yet" if progress.eta_s is None else f"about {span(progress.eta_s)} left")
    spent = usd(progress.spent_usd) if progress.cost_known else "cost unknown"
    maybe = f" (up to {usd(progress.maybe_usd)} more for calls that broke off)" if progress.maybe_usd else ""
    parts.append(f"{spent} spent{maybe}" if progress.cost_known else spent)
    return " · ".join(parts)


def wait_words(model: ModelProgress) -> str:
    """That calls of a model wait to be made again, why and until when; empty where none does."""
    if not model.waiting:
        return ""
    why = _WHY.get(model.waits_for, model.waits_for.replace("_", " "))
    asked = "as long as the provider asked" if model.wait_asked else "longer each time"
    calls = "call waits" if model.waiting == 1 else "calls wait"
    return f"{model.waiting:,} {calls} after {why}, {asked}; next try at {model.waits_until[11:19]} UTC"


def held_words(model: ModelProgress) -> str:
    """That calls of a model are held to a limit per minute, or that servers are left out; empty where neither is."""
    held = f"The next call waits for {model.held_by}" if model.held_by else ""
    return ". ".join(filter(None, (held, model.remark)))


def model_progress_lines(progress: Progress, *, live: bool) -> list[str]:
    """One line a model, for a terminal."""
    lines: list[str] = []
    for m in progress.models:
        mark = " (SIMULATED)" if m.simulated else ""
        parts = [f"{m.kept_before + m.done:,}/{m.planned:,} replies", f"{m.failed:,} failed",
                 f"{m.refused:,} refusal stops"]  # fmt: skip
        if m.cached_tokens and m.cached_share is not None:
            parts.append(f"{m.cached_share:.0%} of prompt tokens from the cache")
        if live:
            parts += [f"{progress.rate_of(m.done):.1f}/s", f"{m.in_flight:,} in flight of {m.concurrency:,} at once"]
            parts += [words for words in (wait_words(m), held_words(m)) if words]
            parts += [waits] if (waits := batch_words(m)) else []
        lines.append(f"  {m.label}{mark}: {' · '.join(parts)}")
    return lines


def trouble_lines(progress: Progress) -> list[str]:
    """What went wrong, grouped, with what to do."""
    return [
        f"{model.label}: {count:,} × {name.replace('_', ' ')} — {model.messages.get(name, '')}"
        for model in progress.models
        for name, count in model.failures.items()
        if name != Trouble.CANCELLED.value
    ]
