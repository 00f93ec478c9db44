"""The lines of label files: one JSON object each, a label or a drawing."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from facts.errors import BrokenFile, FactError
from facts.parse import Strict
from runners.labels.label import Drawing, Label

Event = Label | Drawing


class _LabelRow(Strict):
    event: Literal["label"]
    labeller: str
    item: str
    metric: str
    value: str | None
    at: str
    rubric: str = ""
    note: str = ""


class _DrawRow(Strict):
    event: Literal["draw"]
    measure: str
    per: int
    seed: int
    own: str = ""


_FORM: TypeAdapter[_LabelRow | _DrawRow] = TypeAdapter(
    Annotated[_LabelRow | _DrawRow, Field(discriminator="event")],
)


def to_line(event: Event) -> str:
    """The event as one line of JSON, without the line's end; no character in it can break a line."""
    kind = "label" if isinstance(event, Label) else "draw"
    return json.dumps({"event": kind, **asdict(event)}, ensure_ascii=True)


def from_line(line: str, where: str) -> Event:
    """The event on a line; ``BrokenFile`` that says where and which field."""
    try:
        row = _FORM.validate_python(json.loads(line))
        fields = row.model_dump(exclude={"event"})
        return Label(**fields) if isinstance(row, _LabelRow) else Drawing(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(step) for step in first["loc"] if step not in {"label", "draw"}) or "event"
        raise BrokenFile(f"{where}: field {field}: {first['msg']}") from error
    except (FactError, ValueError, RecursionError) as error:  # a name or time that cannot be; broken JSON
        raise BrokenFile(f"{where}: {error}") from error
