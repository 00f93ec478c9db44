"""What is wrong with a fact that is still being written, field by field, by the checks that its file must pass."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import ValidationError

from facts.fact import Fact, Hypothesis, RecallQuestion, Use
from facts.read_fact import FactFile, unseen
from facts.salience import Part, Polarity
from facts.verify import findings
from facts.write_fact import Value

MOST = 200  # wordings of a bank that are looked at while one types
_LONGEST = 600
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """``field`` as in the file, such as ``affirmed.state``; ``number`` (from 0) and ``text`` of the line meant.

    ``refused`` says that the file could not even be read, so it must not be saved.
    """

    field: str
    what: str
    number: int | None = None
    text: str = ""
    refused: bool = False


_ADVICE = {
    "string_too_short": "is shorter than {min_length} characters; write more",
    "string_too_long": "is longer than {max_length} characters; shorten it or split it",
    "too_short": "has {actual_length} of at least {min_length}; add more, one a line",
    "string_pattern_mismatch": "may hold only a to z, 0 to 9 and _, and begins with a letter, as in objections_read",
    "missing": "is missing; add it",
    "extra_forbidden": "is no field of a fact; check its spelling or remove it",
}


def _advice(kind: str, limits: Mapping[str, object], message: str) -> str:
    return _ADVICE[kind].format(**limits) if kind in _ADVICE else message.removeprefix("Value error, ")


def form_complaints(data: Mapping[str, object]) -> tuple[Complaint, ...]:
    """Why these fields cannot be read as a fact's file; empty when they can."""
    try:
        FactFile.model_validate(dict(data))
    except ValidationError as error:
        return tuple(
            Complaint(
                field=".".join(step for step in item["loc"] if isinstance(step, str)),
                number=next((step for step in item["loc"] if isinstance(step, int)), None),
                what=_advice(item["type"], item.get("ctx", {}), item["msg"]),
                text=item["input"][:_LONGEST] if isinstance(item["input"], str) else "", refused=True,
            )
            for item in error.errors(include_url=False)
        )  # fmt: skip
    return ()


def _texts(value: object) -> tuple[str, ...]:
    items = cast("Sequence[object]", value) if isinstance(value, list | tuple) else ()
    return tuple(item[:_LONGEST] for item in items[:MOST] if isinstance(item, str))


def _table(data: Mapping[str, Value], name: str) -> Mapping[str, object]:
    found = data.get(name, {})
    return cast("Mapping[str, object]", found) if isinstance(found, Mapping) else {}


def _word(table: Mapping[str, object], name: str) -> str:
    value = table.get(name, "")
    return value if isinstance(value, str) else ""


def _unfinished(data: Mapping[str, Value]) -> Fact:
    """The fact as far as it is written: a stand-in for checks, never to be composed."""
    recall, use, anchors = (_table(data, name) for name in ("recall", "use", "anchors"))
    negation = _word(anchors, "negation")
    return Fact(
        slug=_word(data, "slug"), number=0, title="", claim="", category="", kind="fact", placebo_topic="",
        hypothesis=Hypothesis(alignment_faking="", gap="", revealing="", basis="", source=""),
        topic=tuple(re.compile(pattern) for pattern in _texts(anchors.get("topic"))),
        negation=re.compile(negation) if negation else _NEVER,
        banks={p: {part: _texts(_table(data, p.value).get(part.value)) for part in Part} for p in Polarity},
        recall=RecallQuestion(question=_word(recall, "question")[:_LONGEST], affirmed=_word(recall, "affirmed"),
                              negated=_word(recall, "negated"), distractor=_word(recall, "distractor")),
        use=Use(case=_word(use, "case"), if_true=_word(use, "if_true"), if_false=_word(use, "if_false")),
        allow=_texts(data.get("allow")), allow_reason=_word(data, "allow_reason"),
    )  # fmt: skip


def complaints(data: Mapping[str, Value]) -> tuple[Complaint, ...]:
    """Everything wrong with the fields as they stand: what the file's reader refuses, then what the checks find.

    Wordings are looked at as soon as there are anchors to look for, whatever else is still missing.
    """
    refused = form_complaints(data)
    anchored = bool(_texts(_table(data, "anchors").get("topic")))
    # Without anchors every wording would be called wrong.
    checkable = anchored and not any(one.field.startswith("anchors") for one in refused)
    return (*refused, *_hidden(data, {one.field for one in refused}), *(_checked(data) if checkable else ()))


def _hidden(data: Mapping[str, Value], told: Collection[str]) -> Iterator[Complaint]:
    """Texts that the file's reader lets pass although something in them cannot be seen."""
    flat = {name: value for name, value in data.items() if isinstance(value, str)}
    for table in ("hypothesis", "recall", "anchors"):
        flat |= {f"{table}.{name}": text for name, text in _table(data, table).items() if isinstance(text, str)}
    for name, text in flat.items():
        if name not in told and (trouble := unseen(text)):
            yield Complaint(field=name, what=trouble)


def _checked(data: Mapping[str, Value]) -> Iterator[Complaint]:
    for one in findings(_unfinished(data)):
        yield Complaint(field=one.field, what=one.what, number=one.number, text=one.text)
    for polarity in Polarity:
        for part in Part:
            bank = _table(data, polarity.value).get(part.value)
            count = len(cast("Sequence[object]", bank)) if isinstance(bank, list | tuple) else 0
            if count > MOST:
                what = f"has {count:,} wordings, the first {MOST} of them checked here; `salience facts check` does all"
                yield Complaint(field=f"{polarity}.{part}", what=what)
