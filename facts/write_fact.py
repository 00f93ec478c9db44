"""Writes a fact as the TOML file that reads back to an equal fact."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from facts.fact import Fact
from facts.salience import Part, Polarity

Value = str | int | Sequence[str] | Mapping[str, "str | Sequence[str]"]
_LINE = 110  # a list that is longer has one item a line


def _string(text: str) -> str:
    # JSON's escapes are TOML's, which wants U+007F escaped as well and knows no half of a surrogate pair.
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: str | int | Sequence[str]) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _string(value)
    items = [_string(item) for item in value]
    line = f"[{', '.join(items)}]"
    return line if len(line) <= _LINE else "[\n" + "".join(f"  {item},\n" for item in items) + "]"


def toml_text(data: Mapping[str, Value]) -> str:
    """The file's fields as TOML: plain ones first, then each table, in the order given."""
    plain = [f"{name} = {_value(value)}" for name, value in data.items() if not isinstance(value, Mapping)]
    tables = [
        "\n".join([f"[{name}]", *(f"{key} = {_value(inner)}" for key, inner in value.items())])
        for name, value in data.items()
        if isinstance(value, Mapping)
    ]
    return "\n\n".join(["\n".join(plain), *tables]) + "\n"


def fact_data(fact: Fact) -> dict[str, Value]:
    """The fields of the fact's file, those left out that say nothing."""
    h, r = fact.hypothesis, fact.recall
    data: dict[str, Value] = {
        "slug": fact.slug, "number": fact.number, "title": fact.title, "claim": fact.claim,
        "category": fact.category, "kind": fact.kind, "placebo_topic": fact.placebo_topic,
    }  # fmt: skip
    if fact.allow:
        data["allow"] = list(fact.allow)
    if fact.allow_reason:
        data["allow_reason"] = fact.allow_reason
    data["hypothesis"] = {"alignment_faking": h.alignment_faking, "gap": h.gap, "revealing": h.revealing,
                          "basis": h.basis, "source": h.source}  # fmt: skip
    data["anchors"] = {"topic": [anchor.pattern for anchor in fact.topic], "negation": fact.negation.pattern}
    data["recall"] = {"question": r.question, "affirmed": r.affirmed, "negated": r.negated,
                      "distractor": r.distractor}  # fmt: skip
    if fact.use:
        data["use"] = {"case": fact.use.case, "if_true": fact.use.if_true, "if_false": fact.use.if_false}
    for polarity in Polarity:
        data[polarity.value] = {part.value: list(fact.banks[polarity][part]) for part in Part}
    return data


def fact_toml(fact: Fact) -> str:
    """The fact as TOML that ``parse_fact`` reads back to an equal one."""
    return toml_text(fact_data(fact))
