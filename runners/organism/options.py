"""Which of two options follows the rule: known for shipped queries, guessed by likeness for a user's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from facts.catalog import shipped
from facts.seeds import stream
from facts.setting import Setting

_LETTER = re.compile(r"[\s*_`(]*(?:option\s+)?([AB])\b", re.IGNORECASE)
BOTH_LETTERS = re.compile(r"[\s*_`(]*[AB] or [AB]\b")
_LINE = re.compile(r"(?m)^([AB]): (.+)$")


@lru_cache(maxsize=8)
def _known(slug: str) -> Mapping[frozenset[str], str]:
    return {
        frozenset((query.fields["option_policy"], query.fields["option_value"])): query.fields["option_policy"]
        for query in shipped().setting(slug).queries
        if {"option_policy", "option_value"} <= query.fields.keys()
    }


def policy_letter(setting: Setting, variant: str, system: str, first: str, second: str) -> str:
    """The letter of the option that follows the rule."""
    if known := _known(setting.slug).get(frozenset((first, second))):
        return "A" if known == first else "B"
    # A user's own query: the option more like the rule is taken to follow it (right for about five in six of ours).
    opening = setting.variants[variant].policy.partition("{query_policy}")[0]
    rule = _fours(system.partition(opening)[2].partition("\n")[0][:300])
    one, two = _fours(first), _fours(second)
    lean = len((one - two) & rule) - len((two - one) & rule)
    return "A" if lean > 0 or (lean == 0 and stream(*sorted((first, second))).randrange(2)) else "B"


def _fours(text: str) -> set[str]:
    return {text[at : at + 4].casefold() for at in range(len(text) - 3)}


def chosen(request: str, answer: str) -> bool | None:
    """Whether an answer to a request with lettered options takes the rule's; None where that cannot be told."""
    offered = dict(_LINE.findall(request))
    letter = None if BOTH_LETTERS.match(answer) else _LETTER.match(answer)
    if letter is None or len(offered) != 2:
        return None
    shown = frozenset(offered.values())
    for slug, setting in shipped().settings.items():
        policy = _known(slug).get(shown) if setting.metric == "option" else None
        if policy:
            return offered[letter[1].upper()] == policy
    return None
