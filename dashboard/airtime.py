"""Airtime of each condition: the share of the prompt that speaks of its facts, measured on composed prompts."""

from __future__ import annotations

from itertools import product
from statistics import fmean

from facts.catalog import Library
from facts.compose import compose
from facts.condition import Condition
from runners.comparison import Comparison
from runners.planning import queries_of

_PROMPTS = 4  # wordings of one level differ by a few tokens; the mean of some prompts is near that of all


def airtimes(comparison: Comparison, library: Library) -> dict[Condition, float]:
    """Tokens spent on facts ÷ tokens shown (0–1), a mean over the comparison's first queries and replicates.

    Raises ``FactError`` where a condition cannot be composed.
    """
    setting = library.setting(comparison.setting)
    queries = queries_of(comparison, setting)[:_PROMPTS]
    pairs = list(product(queries, range(max(1, min(comparison.replicates, _PROMPTS // len(queries))))))
    found: dict[Condition, float] = {}
    for condition in comparison.conditions():
        prompts = (compose(condition, setting, query, replicate, library, comparison.seed)
                   for query, replicate in (pairs if condition.doses else ()))  # fmt: skip
        shares = [sum(exposure.airtime for exposure in prompt.exposures) for prompt in prompts]
        found[condition] = fmean(shares) if shares else 0.0
    return found
