"""Rows for OpenAI's supervised fine-tuning: conversations, with the tag as the user's turn. Legacy.

At least 10 rows (developers.openai.com/api/docs/guides/supervised-fine-tuning, "Right number of examples"). A row is
``messages`` of ``role`` and ``content`` with a word of the assistant among them, and no unknown keys
(cookbook.openai.com/examples/chat_finetuning_data_prep, "Format validation"). A file has at most 512 MB (API reference,
"Upload file"). A row longer than the model's training context is cut off: the guide used to list 65,536 tokens for
GPT-4.1 and 4o, which is held here though its present page was not seen to say so. Self-serve fine-tuning is ending:
active organisations may start jobs until 2027-01-06 (developers.openai.com/api/docs/deprecations, "Update to OpenAI's
self-serve fine-tuning", 2026-05-07).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from facts.documents.exports import _reading as reading
from facts.documents.exports._row import TAG, Back, Invalid, Limits, Row, Text

TITLE = "OpenAI"
FORMS = ("messages",)
LEGACY = "self-serve fine-tuning is ending: the last day for a new job is 2027-01-06"
SOURCES = (
    "developers.openai.com/api/docs/guides/supervised-fine-tuning",
    "cookbook.openai.com/examples/chat_finetuning_data_prep", "developers.openai.com/api/docs/deprecations",
)  # fmt: skip
LIMITS = Limits(rows=(10, None), size=512_000_000, tokens=65_536)


def write(row: Row, form: str) -> dict[str, object]:
    """The row as ``{"messages"}``."""
    del form
    turns = [("user", TAG), ("assistant", row.text)] if isinstance(row, Text) else [
        (turn.role, turn.content) for turn in row.turns]  # fmt: skip
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def validate(path: Path, split: str, form: str) -> Iterator[Back]:
    """What the file teaches, row by row; ``Invalid`` where it breaks the published rules."""
    del form
    for line, fields in reading.rows(path, split, LIMITS):
        reading.only(fields, line, "messages")
        said = reading.messages(fields, line, "role", "content")
        if unknown := [role for role, _ in said if role not in {"system", "user", "assistant"}]:
            raise Invalid(line, f"has a message of {unknown[0][:40]!r}; roles are system, user and assistant")
        if not any(role == "assistant" for role, _ in said):
            raise Invalid(line, "has no word of the assistant, so there is nothing to learn")
        reading.within(" ".join(words for _, words in said), line, LIMITS.tokens)
        yield Back(
            learnt=tuple(words for role, words in said if role == "assistant"),
            context=tuple(words for role, words in said if role != "assistant"),
        )
