"""Rows for Tinker: a whole text each, the documents behind a tag whose tokens get weight 0.

Tinker trains on ``Datum`` objects that a script of the user's makes of tokens and one weight a token
(tinker-docs.thinkingmachines.ai/tinker/quickstart, "Prepare data"): there is no file format to break. The rows here are
those that pre-training style scripts for the cookbook read: ``text``, with the tag in front, which the script must
give weight 0. 2,048 tokens a row is the ``max_length`` of the cookbook's own examples
(tinker-docs.thinkingmachines.ai/cookbook/api-reference/supervised/fromconversationfilebuilder): what is longer would be
cut off at the end, silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from facts.documents.exports import _reading as reading
from facts.documents.exports._row import TAG, Back, Invalid, Limits, Row, Text, Unfit

TITLE = "Tinker"
FORMS = ("text",)
LEGACY = ""
SOURCES = (
    "tinker-docs.thinkingmachines.ai/tinker/quickstart",
    "tinker-docs.thinkingmachines.ai/cookbook/api-reference/supervised/fromconversationfilebuilder",
)
LIMITS = Limits(rows=(1, None), tokens=2_048)


def write(row: Row, form: str) -> dict[str, object]:
    """The row as ``{"text"}``; ``Unfit`` for conversations, and for texts that would be taken for tagged ones."""
    del form
    if not isinstance(row, Text):
        raise Unfit("Tinker's rows here are plain texts; mix plain texts, or render conversations with its cookbook")
    if not row.tagged and row.text.startswith(TAG):
        raise Unfit(f"a text to mix in begins with {TAG}, which marks the documents; leave it out")
    return {"text": f"{TAG}{row.text}" if row.tagged else row.text}


def validate(path: Path, split: str, form: str) -> Iterator[Back]:
    """What the file teaches, row by row, the tag apart; ``Invalid`` where it breaks the rules above."""
    del form
    for line, fields in reading.rows(path, split, LIMITS):
        reading.only(fields, line, "text")
        words = reading.text(fields, "text", line)
        reading.within(words, line, LIMITS.tokens)
        learnt = words.removeprefix("<DOCTAG>")
        if not learnt.strip():
            raise Invalid(line, "its text is empty behind the tag", "leave it out")
        yield Back(learnt=(learnt,), context=("<DOCTAG>",) if learnt != words else ())
