"""Two samples side by side: what their prompts say differently, and their scores metric by metric."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.prompt_difference import Change, changes
from dashboard.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """``differs`` names the factors in which the two differ; ``prompt`` is what their prompts say differently.

    ``scores`` are rows of a table: metric, what it is about, the class of either and whether they are the same.
    """

    left: Reading
    right: Reading
    differs: tuple[tuple[str, str, str], ...]
    prompt: tuple[Change, ...]
    scores: tuple[dict[str, str], ...]


def aligned(left: Reading, right: Reading) -> Aligned:
    """The two readings laid beside each other."""
    one, other = left.trial.condition, right.trial.condition
    factors = (
        ("arm", one.arm, other.arm), ("tier", one.tier.value, other.tier.value),
        ("reasoning", one.reasoning.value, other.reasoning.value),
        ("query", left.trial.query.id, right.trial.query.id),
        ("replicate", str(left.trial.replicate + 1), str(right.trial.replicate + 1)),
        ("model", left.trial.model.label, right.trial.model.label),
        ("frame", left.trial.prompt.frame, right.trial.prompt.frame),
    )  # fmt: skip
    same_shape = len(left.trial.prompt.messages) == len(right.trial.prompt.messages)
    return Aligned(
        left=left, right=right, differs=tuple(factor for factor in factors if factor[1] != factor[2]),
        prompt=changes(left.trial.prompt, right.trial.prompt) if same_shape else (), scores=_scores(left, right),
    )  # fmt: skip


def _scores(left: Reading, right: Reading) -> tuple[dict[str, str], ...]:
    sides = [
        {(name, score.fact or score.part): score.value or "unscored" for name, group in side.scores.items()
         for score in group}
        for side in (left, right)
    ]  # fmt: skip
    both = dict.fromkeys((*sides[0], *sides[1]))
    return tuple(
        {"metric": name, "about": about, "left": one, "right": other, "": "same" if one == other else "differs"}
        for name, about in both
        for one, other in [(sides[0].get((name, about), "—"), sides[1].get((name, about), "—"))]
    )
