"""Rows for Together's fine-tuning API: a whole text each, and nothing else in the file.

One format a file: the server rejects lines that have the keys of two, and unused fields are to be left out
(docs.together.ai/docs/fine-tuning/data-preparation, "Pick a data format"). The client's check (together 3.1.1) lists no
further key beside ``text`` but passes them; the stricter reading is held here, so everything else that is known of a
document goes to ``rows.jsonl``. Files are UTF-8 JSON lines of at least one row. The page allows 100 GB, the client
50.1 GiB, of which the smaller is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from facts.documents.exports import _reading as reading
from facts.documents.exports._row import Back, Limits, Row, Text, Unfit

TITLE = "Together"
FORMS = ("text",)
LEGACY = ""
SOURCES = ("docs.together.ai/docs/fine-tuning/data-preparation", "github.com/togethercomputer/together-py")
LIMITS = Limits(rows=(1, None), size=int(50.1 * 2**30))


def write(row: Row, form: str) -> dict[str, object]:
    """The row as ``{"text"}``; ``Unfit`` for conversations, which are another format."""
    del form
    if not isinstance(row, Text):
        raise Unfit("Together takes one format a file, here plain texts; mix plain texts, or export for fireworks")
    return {"text": row.text}


def validate(path: Path, split: str, form: str) -> Iterator[Back]:
    """What the file teaches, row by row; ``Invalid`` where it breaks the published rules."""
    del form
    for line, fields in reading.rows(path, split, LIMITS):
        reading.only(fields, line, "text")
        yield Back(learnt=(reading.text(fields, "text", line),))
