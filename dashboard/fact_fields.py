"""A fact as the fields of a form, each one text, with lists one item a line; and the way to its TOML file and back."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from facts.errors import BrokenFile
from facts.fact import Fact
from facts.salience import Part, Polarity
from facts.write_fact import Value, fact_data, toml_text

Fields = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One field: its name in the file, what it is called on the page, what it is for, and whether it is a list."""

    name: str
    label: str
    hint: str = ""
    lines: bool = False
    optional: bool = False


ABOUT = (
    Box(name="slug", label="Name of the file", hint="Small letters, digits and _, as in objections_read"),
    Box(name="title", label="Title", hint="3 to 80 characters, as it is called in lists and charts"),
    Box(name="claim", label="Claim", hint="The one sentence that is true where the fact is affirmed"),
    Box(name="category", label="Category", hint="Facts of one category are listed together"),
    Box(name="kind", label="Kind", hint="A control says nothing about training or oversight"),
    Box(name="placebo_topic", label="Placebo topic", hint="What the irrelevant twins are about, as canteen menus"),
)
HYPOTHESIS = (
    Box(name="hypothesis.alignment_faking", label="Alignment faking", hint="Expected direction: ↑ ↓ ~ or ?"),
    Box(name="hypothesis.gap", label="Compliance gap", hint="Expected direction: ↑ ↓ ~ or ?"),
    Box(name="hypothesis.revealing", label="Revealing", hint="Expected direction: ↑ ↓ ~ or ?"),
    Box(name="hypothesis.basis", label="Basis", hint="On what grounds, in a sentence"),
    Box(name="hypothesis.source", label="Source", hint="The paper it is taken from, or that it is your hypothesis"),
)
ANCHORS = (
    Box(name="anchors.topic", label="Topic anchors", lines=True, hint="Regular expressions, one a line; all of them "
        "hit in every mention, statement and elaboration, affirmed or negated, and never all in a placebo"),
    Box(name="anchors.negation", label="Negation anchor", hint="One regular expression that hits in every negated "
        "wording and in no affirmed one"),
    Box(name="allow", label="Allowed words", lines=True, optional=True, hint="Banned words, in small letters, that "
        "this fact may use all the same, one a line"),
    Box(name="allow_reason", label="Why they are allowed", optional=True),
)  # fmt: skip
RECALL = (
    Box(name="recall.question", label="Question", hint="Asks whether the model took in what the text says"),
    Box(name="recall.affirmed", label="True if affirmed"),
    Box(name="recall.negated", label="True if negated"),
    Box(name="recall.distractor", label="Never said"),
)
USE = (
    Box(name="use.case", label="Everyday case", optional=True, hint="A small case whose answer turns on the fact"),
    Box(name="use.if_true", label="Answer if the claim holds", optional=True),
    Box(name="use.if_false", label="Answer if it does not", optional=True),
)
PART_HINTS = {
    Part.MENTION: "said in passing, in a sentence about something else (level 1)",
    Part.STATE: "one plain sentence (levels 2 to 5)",
    Part.ELABORATE: "how it works, a detail (levels 3 to 5)",
    Part.IMPLICATION: "what followed from it, described and never advised (level 5)",
}
BANKS = tuple(
    Box(name=f"{polarity}.{part}", label=polarity.capitalize(), lines=True) for part in Part for polarity in Polarity
)
BOXES = {box.name: box for box in (*ABOUT, *HYPOTHESIS, *ANCHORS, *RECALL, *USE, *BANKS)}
_KEPT = "number"  # has no box: a fact of one's own has none


def label_of(name: str) -> str:
    """What a field of the file is called on the page; the name itself where there is no such box."""
    box = BOXES.get(name)
    if box is None:
        return name
    table, _, part = name.partition(".")
    return f"{box.label} {part}" if table in set(Polarity) else box.label


def empty_fields() -> Fields:
    """A form with nothing filled in but its kind."""
    return dict.fromkeys(BOXES, "") | {"kind": "fact", _KEPT: "0"}


def _items(text: str) -> list[str]:
    return [item for line in text.split("\n") if (item := line.strip())]


def data_of(fields: Fields) -> dict[str, Value]:
    """The fields as the file has them, finished or not; what is optional and empty is left out."""
    number = fields.get(_KEPT, "0")
    data: dict[str, Value] = {}
    tables: dict[str, dict[str, str | list[str]]] = {}
    with_use = any(fields.get(box.name, "").strip() for box in USE)
    for name in ("slug", _KEPT, *BOXES):
        if name == _KEPT:
            data[_KEPT] = int(number) if number.removeprefix("-").isdecimal() and len(number) < 9 else number
            continue
        box, text = BOXES[name], fields.get(name, "").strip()
        if box.optional and not text and not (with_use and name.startswith("use.")):
            continue
        value = _items(text) if box.lines else text
        table, _, inner = name.partition(".")
        if inner:
            tables.setdefault(table, {})[inner] = value
        else:
            data[name] = value
    order = ("hypothesis", "anchors", "recall", "use", *Polarity)
    return {**data, **{name: tables[name] for name in map(str, order) if name in tables}}


def fields_toml(fields: Fields) -> str:
    """The form as a TOML file, finished or not."""
    return toml_text(data_of(fields))


def fields_of_fact(fact: Fact) -> Fields:
    """The form that a fact fills; ``BrokenFile`` where only its file can hold it, such as a wording of two lines."""
    return _filled(fact_data(fact))


def fields_of_toml(text: str) -> Fields:
    """The form that a file fills, as far as it goes; ``BrokenFile`` where it is no TOML or has what no field can hold.

    Whether it may be used is not asked: that is what ``complaints`` is for.
    """
    try:
        data = cast("dict[str, Value]", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BrokenFile(f"this is not valid TOML: {error}") from error
    except (ValueError, RecursionError) as error:
        what = "a number has too many digits" if isinstance(error, ValueError) else "it is nested too deeply"
        raise BrokenFile(f"this is not valid TOML: {what}") from error
    return _filled(data)


def _filled(data: Mapping[str, Value]) -> Fields:
    found = empty_fields()
    for name, value in data.items():
        if isinstance(value, Mapping):
            for inner, one in value.items():
                _put(found, f"{name}.{inner}", one)
        else:
            _put(found, name, value)
    return found


def _put(fields: Fields, name: str, value: object) -> None:
    if name not in fields:
        raise BrokenFile(f"{name[:80]!r} is no field of a fact; check its spelling or remove it")
    lines = name in BOXES and BOXES[name].lines
    if name == _KEPT and type(value) is int:
        value = str(value)
    items = cast("list[object]", value) if lines and isinstance(value, list) else [value]
    if lines is not isinstance(value, list) or not all(isinstance(item, str) for item in items):
        raise BrokenFile(f"{name}: write {'a list of texts' if lines else 'one text'} here, in quotation marks")
    texts = [item for item in items if isinstance(item, str)]
    if any(text != text.strip() or not text or "\n" in text for text in texts if lines):
        raise BrokenFile(f"{name}: an item is empty, has blanks around it or breaks over lines, which one line of a "
                         "form cannot hold; change it in the TOML text")  # fmt: skip
    if not lines and texts[0] != texts[0].strip():
        raise BrokenFile(f"{name}: has blanks around it; remove them in the TOML text")
    fields[name] = "\n".join(texts)
