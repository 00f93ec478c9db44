"""Rows for Amazon Bedrock's fine-tuning of Claude 3 Haiku: strictly alternating conversations. Legacy.

``{"system"?, "messages"}`` and no other key; at least two messages, the first the user's, the last the assistant's, in
turns (platform.claude.com/cookbook/finetuning-finetuning-on-bedrock, "Prep a Dataset"; docs.aws.amazon.com/bedrock/
latest/userguide/preparing-text-data.html). AWS's sample check for this model asks for 32 to 10,000 rows in training, 32
to 1,000 in validation, 10,000 in both together, at most 32,000 tokens a row, 10 GB and 1 GB, and neither
``\\nHuman:`` nor ``\\nAssistant:`` in any text. Legacy: the model's life on Bedrock ended 2026-09-10
(docs.aws.amazon.com/bedrock/latest/userguide/model-card-anthropic-claude-3-haiku.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from facts.documents.exports import _reading as reading
from facts.documents.exports._row import TAG, Back, Chat, Invalid, Limits, Row

TITLE = "Amazon Bedrock (Claude 3 Haiku)"
FORMS = ("messages",)
LEGACY = "the model that takes these rows, Claude 3 Haiku, reached the end of its life on Bedrock on 2026-09-10"
SOURCES = (
    "platform.claude.com/cookbook/finetuning-finetuning-on-bedrock",
    "docs.aws.amazon.com/bedrock/latest/userguide/preparing-text-data.html",
    "docs.aws.amazon.com/bedrock/latest/userguide/model-card-anthropic-claude-3-haiku.html",
)
LIMITS = Limits(
    rows=(32, 10_000), size=10 * 10**9, tokens=32_000, validation_rows=(32, 1_000), validation_size=10**9,
    together=10_000,
)  # fmt: skip
_RESERVED = ("\nHuman:", "\nAssistant:")


def write(row: Row, form: str) -> dict[str, object]:
    """The row as ``{"messages"}``, with ``system`` apart where a conversation begins with it."""
    del form
    if not isinstance(row, Chat):
        return {"messages": [{"role": "user", "content": TAG}, {"role": "assistant", "content": row.text}]}
    first, rest = row.turns[0], row.turns[1:]
    turns = rest if first.role == "system" else row.turns
    told: dict[str, object] = {"system": first.content} if first.role == "system" else {}
    return {**told, "messages": [{"role": turn.role, "content": turn.content} for turn in turns]}


def validate(path: Path, split: str, form: str) -> Iterator[Back]:
    """What the file teaches, row by row; ``Invalid`` where it breaks the published rules."""
    del form
    for line, fields in reading.rows(path, split, LIMITS):
        reading.only(fields, line, "system", "messages")
        system = (reading.text(fields, "system", line),) if "system" in fields else ()
        said = reading.messages(fields, line, "role", "content")
        roles = [role for role, _ in said]
        if set(roles) - {"user", "assistant"}:
            raise Invalid(line, "has a message that is neither the user's nor the assistant's")
        if roles[0] != "user" or roles[-1] != "assistant" or any(one == two for one, two in pairwise(roles)):
            raise Invalid(line, "is no exchange in turns that the user begins and the assistant ends")
        words = [*system, *(content for _, content in said)]
        if found := next((mark for mark in _RESERVED for text in words if mark in text), ""):
            raise Invalid(line, f"has a line that begins with {found.strip()}, which is reserved",
                          "leave the document out, or export for another target")  # fmt: skip
        reading.within("\n".join(words), line, LIMITS.tokens)
        yield Back(
            learnt=tuple(content for role, content in said if role == "assistant"),
            context=(*system, *(content for role, content in said if role == "user")),
        )
