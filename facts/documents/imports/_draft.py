"""Writes the draft of a fact from a claim: what is known, and a flag wherever a person has something to write."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection

from facts.documents.imports._item import Claim
from facts.salience import Part, Polarity

_SHORTEST, _LONGEST, _TITLE = 8, 600, 80
_MOST_SHOWN = 20


def slug_of(claim: Claim, taken: Collection[str]) -> str:
    """A slug made from the claim's id that is not taken yet."""
    plain = unicodedata.normalize("NFKD", claim.id).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:50] or "claim"
    stem = stem if stem[0].isalpha() and len(stem) > 1 else f"claim_{stem}"
    slug, number = stem, 2
    while slug in taken:
        slug, number = f"{stem}_{number}", number + 1
    return slug


def draft(claim: Claim, slug: str) -> str:
    """TOML that the reader of facts refuses until everything missing is written.

    What only a person can say is left out or empty, never filled with a guess, so that no draft passes for a fact.
    """
    first = claim.key_facts[0] if claim.key_facts else ""
    fits = _SHORTEST <= len(first) <= _LONGEST
    truth = {True: "true", False: "false", None: "not said to be true or false"}[claim.is_true]
    rows = [
        "# DRAFT, made from an import. It is not a fact yet: everything marked TO WRITE is missing, each list needs",
        "# at least 4 sentences, as many in [affirmed] as in [negated] and [placebo]. `salience facts check FILE` says",
        "# what is still missing; then move the file to your workspace's facts/.",
        _comment(f"From {claim.place}, where it is {truth}. Its context is kept beside this draft."),
        f"slug = {_quoted(slug)}",
        f"title = {_quoted((_line(claim.id) or slug).ljust(3, '_')[:_TITLE])}",
        f"claim = {_quoted(first)}"
        if fits
        else f"# TO WRITE: claim, one sentence of {_SHORTEST} to {_LONGEST} characters",
        *([] if fits or not first else [_comment(f"The source's own is not of that length: {first}")]),
        '# TO WRITE: category = "", placebo_topic = ""',
        *([_comment("What else the source says, to write elaborations from:")] if claim.key_facts[1:] else []),
        *(_comment(f"- {text}") for text in claim.key_facts[1:_MOST_SHOWN]),
        "",
        "[hypothesis]",
        *(f'{name} = "?"' for name in ("alignment_faking", "gap", "revealing")),
        'basis = "None: this fact was drafted from an import."',
        f"source = {_quoted(_line(claim.place))}",
        "",
        "[anchors]",
        "topic = [] # TO WRITE: patterns that all hit in every sentence of the claim, affirmed and negated",
        "# TO WRITE: negation, a pattern that hits in every negated sentence and in no affirmed one",
        "",
        "[recall]",
        "# TO WRITE: question, affirmed, negated, distractor",
    ]
    for polarity in Polarity:
        rows += ["", f"[{polarity}]", *(f"{part} = [] # TO WRITE" for part in Part)]
    return "\n".join(rows) + "\n"


def _quoted(text: str) -> str:
    # A JSON string is a basic string of TOML, but for one control character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(text: str) -> str:
    """The text on one line without control characters, so that it can neither end a comment nor begin a table."""
    return " ".join("".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text).split())


def _comment(text: str) -> str:
    return f"# {_line(text)[:2_000]}"
