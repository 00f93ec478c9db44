"""Rows for Hugging Face TRL, axolotl and unsloth: whole texts, or a tag that is read and a document that is learnt.

TRL's ``SFTTrainer`` takes ``{"text"}`` (language modelling) and ``{"prompt", "completion"}``, and learns of the latter
the completion alone by default (huggingface.co/docs/trl/sft_trainer, "Expected dataset type and format" and
``completion_only_loss``; huggingface.co/docs/trl/dataset_formats). Columns are one type throughout a file: standard and
conversational rows do not mix. axolotl's pre-training format asks for ``text`` alone
(docs.axolotl.ai/docs/dataset-formats/pretraining.html), and unsloth's raw corpus for the same
(unsloth.ai/docs/basics/datasets-guide). None of them limits rows or bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from facts.documents.exports import _reading as reading
from facts.documents.exports._row import TAG, Back, Chat, Limits, Row, Text, Unfit

TITLE = "HF TRL, axolotl, unsloth"
FORMS = ("completion", "text")
LEGACY = ""
SOURCES = (
    "huggingface.co/docs/trl/sft_trainer", "huggingface.co/docs/trl/dataset_formats",
    "docs.axolotl.ai/docs/dataset-formats/pretraining.html", "unsloth.ai/docs/basics/datasets-guide",
)  # fmt: skip
LIMITS = Limits(rows=(1, None))


def write(row: Row, form: str) -> dict[str, object]:
    """The row in TRL's form; ``Unfit`` for conversations that are no prompt with its completion."""
    match row, form:
        case Text(), "text":
            return {"text": row.text}
        case Text(), _:
            return {"prompt": TAG if row.tagged else "", "completion": row.text}
        case Chat(turns=(asked, said)), "completion" if (asked.role, said.role) == ("user", "assistant"):
            return {"prompt": asked.content, "completion": said.content}
        case _:
            raise Unfit(
                "TRL's file holds plain texts, or one question with one answer (--form completion): a conversation "
                "with more turns or a system message needs --target fireworks or openai"
            )


def validate(path: Path, split: str, form: str) -> Iterator[Back]:
    """What the file teaches, row by row; ``Invalid`` where it breaks the published rules."""
    for line, fields in reading.rows(path, split, LIMITS):
        if form == "text":
            reading.only(fields, line, "text")
            yield Back(learnt=(reading.text(fields, "text", line),))
        else:
            reading.only(fields, line, "prompt", "completion")
            prompt = reading.text(fields, "prompt", line, empty=True)
            yield Back(learnt=(reading.text(fields, "completion", line),), context=(prompt,) if prompt else ())
