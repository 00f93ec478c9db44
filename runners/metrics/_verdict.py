"""Reads a judge's verdict strictly: exactly the rubric's fields, or a reason why there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from runners.rubric import Item, Rubric
from runners.sample import Failure, Outcome, Sample, Stop

_WORDS = {"true": True, "yes": True, "false": False, "no": False}
_THINK = "<think>"
_LONGEST_REPLY = 200_000  # characters; a verdict has a few hundred
_MOST_QUOTES = 50
_ELISION = re.compile(r"\.\.\.|…")
_APOSTROPHES = str.maketrans("’‘", "''")
# A word of Latin letters counts as a whole ("can" is no part of "can't"); other scripts may not part words by spaces.
_PIECE = re.compile(r"[a-z0-9ß-ɏ]+(?:'[a-z0-9ß-ɏ]+)*|[^\W_]")
_LEAST_QUOTE = 3  # characters; less proves nothing, unless it is all that was said


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One readable verdict: quotes by field, truth values by field, choices by field."""

    quotes: Mapping[str, tuple[str, ...]]
    truths: Mapping[str, bool]
    choices: Mapping[str, str]


def verdict(reply: Outcome | None, rubric: Rubric) -> Verdict | str:
    """The verdict in a judge's reply, or the reason why it holds none. Never raises, never guesses."""
    match reply:
        case None:
            return "the judge has not been asked yet"
        case Failure():
            return f"the judge failed: {reply.message}"
        case Sample():
            return _read(reply, rubric)


def _read(reply: Sample, rubric: Rubric) -> Verdict | str:
    if reply.stop in {Stop.REFUSAL, Stop.CONTENT_FILTER}:
        return "the judge refused"
    if len(reply.text) > _LONGEST_REPLY:
        return f"the judge wrote {len(reply.text):,} characters, which is no verdict"
    found = _object(reply.text)
    if isinstance(found, str):
        cut = " (cut at the length limit)" if reply.stop is Stop.LENGTH else ""
        return f"the judge's reply {found}{cut}"
    return _checked(found, rubric)


def _object(text: str) -> dict[str, object] | str:
    # Open models may think aloud before they answer. Code fences and words around the object need no care of their own:
    # whatever stands between the first brace and the last must be one object.
    if text.lstrip().startswith(_THINK):
        text = text.partition(_THINK.replace("<", "</"))[2]
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        return "holds no JSON object"
    if end < start:
        return "holds JSON that breaks off"
    try:
        value = json.loads(text[start : end + 1], object_pairs_hook=_once, parse_constant=_refuse, strict=False)
    except (ValueError, RecursionError):
        return "holds more than one verdict or broken JSON"
    return cast("dict[str, object]", value)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a field stands twice")
    return dict(pairs)


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _checked(given: dict[str, object], rubric: Rubric) -> Verdict | str:
    names = {item.name for item in rubric.items}
    if lacking := [item.name for item in rubric.items if item.name not in given]:
        return f"the judge's verdict lacks {', '.join(lacking)}"
    if extra := sorted(set(given) - names):
        return f"the judge's verdict has a field that was not asked for: {extra[0][:40]!r}"
    quotes: dict[str, tuple[str, ...]] = {}
    truths: dict[str, bool] = {}
    choices: dict[str, str] = {}
    for item in rubric.items:
        value = given[item.name]
        match _value(item, value):
            case bool() as truth:
                truths[item.name] = truth
            case str() as choice:
                choices[item.name] = choice
            case tuple() as found:
                quotes[item.name] = found
            case None:
                said = repr(value[:40]) if isinstance(value, str) else f"a {type(value).__name__}"
                return f"the judge's verdict has {said} for {item.name}"
    return Verdict(quotes=quotes, truths=truths, choices=choices)


def _value(item: Item, value: object) -> bool | str | tuple[str, ...] | None:
    if item.kind == "yes_no":
        word = value.strip().lower() if isinstance(value, str) else ""
        return value if isinstance(value, bool) else _WORDS.get(word)
    if item.kind == "choice":
        word = value.strip().lower() if isinstance(value, str) else ""
        return word if word in item.options else None
    passages = cast("Sequence[object]", value) if isinstance(value, list) else ()
    whole = isinstance(value, list) and len(passages) <= _MOST_QUOTES and all(isinstance(p, str) for p in passages)
    return tuple(str(passage) for passage in passages if str(passage).strip()) if whole else None


def missing_quote(quotes: Sequence[str], *texts: str) -> str | None:
    """The first quote that stands in none of the texts; None where all do.

    Case, white space, punctuation and elisions (…) are forgiven; other words, or words in another order, are made up.
    """
    plain = [_plain(text) for text in texts] if quotes else []
    return next((quote for quote in quotes if not any(_stands(quote, text) for text in plain)), None)


def _stands(quote: str, text: str) -> bool:
    at, longest = 0, 0
    for part in filter(str.strip, map(_plain, _ELISION.split(quote))):
        found = text.find(part, at)
        if found < 0:
            return False
        at, longest = found + len(part) - 1, max(longest, len(part) - 2)
    return longest >= _LEAST_QUOTE or (longest > 0 and _plain(quote) == text)


def _plain(text: str) -> str:
    # Its words and nothing else, a blank before and after each: where one text stands in another, it does word by word.
    return f" {' '.join(_PIECE.findall(text.translate(_APOSTROPHES).casefold()))} "
