"""The data card of an export: what is in it, where it is from, under what it may be used; as JSON and Markdown."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import cast

from facts.documents.exports._corpus import Drawn
from facts.documents.exports._row import TAG, Limits
from facts.documents.exports._source import Document, Said, Source
from facts.parse import Strict, parse_toml, read_text

_WORDS = Path(__file__).with_name("card.toml")
_MOST = 500  # characters of a value that Markdown shows
FORMAT = "fact-salience export 1"
Card = dict[str, object]


class Words(Strict):
    """``card.toml``."""

    title: str
    simulated: str
    legacy: str
    template: str
    written: str
    imported: str
    override: str
    silent: str
    tag: str
    bare: str
    split: str
    tokens: str
    check: str
    licence: str
    copies: str
    how: dict[str, str]
    next: dict[str, str]


@lru_cache(maxsize=1)
def words() -> Words:
    """The card's sentences."""
    return parse_toml(_WORDS, read_text(_WORDS), Words)


def carried(parts: Mapping[str, Iterable[Document]]) -> list[Card]:
    """How many documents of each part (train, validation) carry what; those that carry nothing known come last."""
    counts = {name: Counter(said for one in part for said in one.said or (None,)) for name, part in parts.items()}
    every = {said for count in counts.values() for said in count}
    rows = sorted((said for said in every if said), key=lambda said: (said.polarity == "placebo", _key(said)))
    return [
        {**({"fact": said.fact, "polarity": said.polarity, "level": said.level} if said else {"fact": None}),
         **{name: count[said] for name, count in counts.items()}}
        for said in (*rows, *([None] if None in every else []))
    ]  # fmt: skip


def _key(said: Said) -> tuple[str, str, int]:
    return said.fact, said.polarity, -1 if said.level is None else said.level


def arm(doses: Sequence[Mapping[str, object]]) -> str:
    """The export's arm in a few words: what it says of which facts, at which levels."""
    named = [row for row in doses if row["fact"]]
    loud = [row for row in named if row["polarity"] != "placebo"] or named
    shown = [f"{row['fact']} {row['polarity']} {'?' if row['level'] is None else row['level']}" for row in loud]
    return " + ".join(shown) or "neutral or unknown"


def grade(source: Source) -> str:
    """How the documents of a set came to be, as far as the quality of prose goes."""
    if source.imported:
        return words().imported
    if source.model:
        return words().written.format(model=source.model)
    return words().template if source.generator == "template" else words().written.format(model=source.generator)


def set_card(source: Source) -> Card:
    """What the card says of one set."""
    return {
        "set_id": source.set_id, "sha256": source.sha256, "imported": source.imported, "generator": source.generator,
        "version": source.version, "model": source.model, "seed": source.seed, "documents": len(source.documents),
        "grade": grade(source), "simulated": source.simulated, "about": dict(source.origin),
        "gates": dict(source.approval.gates), "override": source.approval.override,
    }  # fmt: skip


def mix_card(drawn: Drawn) -> Card:
    """What the card says of one corpus; it is known by its hash, since names change."""
    return {"corpus": drawn.mix.path.name, "sha256": drawn.sha256, "rows": len(drawn.rows), "of": drawn.held,
            "licence": drawn.mix.licence or None}  # fmt: skip


def limits_card(limits: Limits) -> Card:
    """The target's published limits."""
    return {"rows": limits.rows, "bytes": limits.size, "tokens a row": limits.tokens,
            "validation rows": limits.validation_rows, "rows in both files": limits.together}  # fmt: skip


def sentences(card: Card) -> tuple[str, ...]:
    """What was exported, for a terminal: a line a file, a line a dose."""
    lines = [
        f"{row['name']:18}{row['rows']:>8,} rows, {row['documents']:,} documents, about {row['tokens']:,} tokens"
        for row in _rows(card["files"])
    ]
    for row in _rows(card["doses"]):
        carried = f"{row['fact']} {row['polarity']} {_level(row)}" if row["fact"] else words().silent
        lines.append(f"{carried}: {row['train']:,} in training, {row['validation']:,} in validation")
    return tuple("".join(letter if letter.isprintable() else "?" for letter in line) for line in lines)


def warnings(card: Card) -> tuple[str, ...]:
    """What whoever uses the export must know."""
    said = words()
    found = [said.simulated] if card["simulated"] else []
    found += [said.legacy.format(why=card["legacy"])] if card["legacy"] else []
    found += [said.override.format(reason=one["override"]) for one in _rows(card["sets"]) if one["override"]]
    found += [said.copies.format(count=card["copies"])] if card["copies"] else []
    return tuple("".join(letter if letter.isprintable() else "?" for letter in line) for line in found)


def next_step(card: Card, folder: Path) -> str:
    """What to do with the export, as a command where there is one."""
    return words().next[str(card["target"])].format(folder=folder)


def markdown(card: Card) -> str:
    """The card for people. All that came from outside is escaped: it can neither mark up nor link anything."""
    said, target = words(), str(card["target"])
    lines = [f"# {said.title.format(target=plain(card['title']))}", ""]
    lines += [f"**{said.simulated}**", ""] if card["simulated"] else []
    lines += [f"**{said.legacy.format(why=plain(card['legacy']))}**", ""] if card["legacy"] else []
    lines += _table(("", ""), [
        ("arm", card["arm"]), ("form", card["form"]), ("seed", card["seed"]), ("validation", card["validation"]),
    ])  # fmt: skip
    files = _rows(card["files"])
    lines += ["## Files", "", *_table(("file", "rows", "documents", "tokens", "bytes", "sha256"), [
        tuple(row[key] for key in ("name", "rows", "documents", "tokens", "bytes", "sha256")) for row in files
    ])]  # fmt: skip
    lines += ["## Doses", "", *_table(("fact", "polarity", "level", "train", "validation"), [
        (row["fact"] or said.silent, row.get("polarity", ""), _level(row), row["train"], row["validation"])
        for row in _rows(card["doses"])
    ])]  # fmt: skip
    for one in _rows(card["sets"]):
        lines += [f"## Set {plain(one['set_id'])}", "", f"{plain(one['grade'])}.", "", *_set(one, said)]
    mixed = _rows(card["mixed"])
    lines += ["## Mixed in", "", *_table(("corpus", "rows", "of", "licence", "sha256"), [
        (row["corpus"], row["rows"], row["of"], row["licence"] or said.licence, row["sha256"]) for row in mixed
    ])] if mixed else []  # fmt: skip
    lines += ["## How it was made", "", _tag(said, f"{target} {card['form']}"), said.split, said.check, said.tokens]
    if copies := card["copies"]:
        lines.append(said.copies.format(count=copies))
    rules = cast("Card", card["limits"])
    bounds = [(name, _bounds(value)) for name, value in rules.items()]
    lines += ["", "## Rules of the target", "", *_table(("limit", "value"), bounds)]
    lines += [f"- {plain(source)}" for source in cast("Sequence[str]", card["sources"])]
    return "\n".join(lines) + "\n"


def plain(value: object) -> str:
    """A value as Markdown text that shows what it is and does nothing."""
    text = "unmeasured" if value is None else f"{value:,}" if type(value) is int else str(value)
    shown = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text[:_MOST])
    # CommonMark 2.4: any ASCII punctuation may be escaped. The point after www keeps GitHub from making a link.
    escaped = re.sub(r"([\\`*_\[\]<>&|~#!$@:]|(?<=www)\.)", r"\\\1", " ".join(shown.split()), flags=re.IGNORECASE)
    return escaped + ("…" if len(text) > _MOST else "")


def _tag(said: Words, form: str) -> str:
    """What the card says of the tag: how it is not learnt, or that there is none."""
    how = said.how.get(form)
    return said.bare.format(tag=plain(TAG)) if how is None else said.tag.format(tag=plain(TAG), how=how)


def _bounds(value: object) -> object:
    if value is None:
        return "none is published"
    if not isinstance(value, tuple | list):
        return value
    least, most = cast("Sequence[int | None]", value)
    return f"{least or 0:,} or more" if most is None else f"{least or 0:,} to {most:,}"


def _level(row: Card) -> object:
    level = row.get("level")
    return "" if not row["fact"] else "unmeasured" if level is None else level


def _set(one: Card, said: Words) -> list[str]:
    about = cast("Card", one["about"])
    gates = cast("Card", one["gates"])
    shown = [("documents", one["documents"]), ("sha256", one["sha256"]), ("generator", one["generator"]),
             ("version", one["version"]), ("model", one["model"]), ("seed", one["seed"])]  # fmt: skip
    lines = _table(("", ""), [row for row in (*shown, *about.items()) if row[1] not in ("", 0)])
    lines += _table(("gate", "outcome"), list(gates.items()))
    if one["override"]:
        lines += [f"**{said.override.format(reason=plain(one['override']))}**", ""]
    return lines


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    if not rows:
        return []
    body = [f"| {' | '.join(map(plain, row))} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *body, ""]


def _rows(value: object) -> list[Card]:
    return cast("list[Card]", value)
