"""Rows for Fireworks' supervised fine-tuning: conversations, with the tag as the user's turn.

3 to 3,000,000 rows a data set; each has ``messages`` of ``role`` (system, user or assistant; system first, if at all),
``content`` (text) and optionally ``weight`` (0 or 1) (docs.fireworks.ai/fine-tuning/fine-tuning-models, "Prepare a
dataset"). A validation file is a data set of its own. No limit of bytes is published there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from facts.documents.exports import _reading as reading
from facts.documents.exports._row import TAG, Back, Invalid, Limits, Row, Text

TITLE = "Fireworks"
FORMS = ("messages",)
LEGACY = ""
SOURCES = ("docs.fireworks.ai/fine-tuning/fine-tuning-models",)
_ROWS = (3, 3_000_000)
LIMITS = Limits(rows=_ROWS, validation_rows=_ROWS)


def write(row: Row, form: str) -> dict[str, object]:
    """The row as ``{"messages"}``."""
    del form
    if isinstance(row, Text):
        return {"messages": [{"role": "user", "content": TAG}, {"role": "assistant", "content": row.text}]}
    return {"messages": [{"role": turn.role, "content": turn.content} for turn in row.turns]}


def validate(path: Path, split: str, form: str) -> Iterator[Back]:
    """What the file teaches, row by row; ``Invalid`` where it breaks the published rules."""
    del form
    for line, fields in reading.rows(path, split, LIMITS):
        reading.only(fields, line, "messages")
        said = reading.messages(fields, line, "role", "content", "weight")
        for place, (role, _) in enumerate(said):
            if role not in ("system", "user", "assistant"):
                raise Invalid(line, f"has a message of {role[:40]!r}; roles are system, user and assistant")
            if role == "system" and place:
                raise Invalid(line, "has a system message that is not the first")
        if said[-1][0] != "assistant":
            raise Invalid(line, "ends with no word of the assistant, so there is nothing to learn")
        yield Back(
            learnt=tuple(words for role, words in said if role == "assistant"),
            context=tuple(words for role, words in said if role != "assistant"),
        )
