"""Who writes a document, where and when: names, places and dates drawn in turn, so that few come twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from facts.parse import Strict, parse_toml, read_text
from facts.seeds import stream

_FILE = Path(__file__).parent / "names.toml"
_FIRST_DAY, _DAYS = date(2023, 1, 2), 720
# Each step of the golden ratio falls in the widest gap left, so any run of documents is spread over the whole span.
_GOLDEN = 0.6180339887498949
_VOICES = 3

T = TypeVar("T")


class _Names(Strict):
    given: list[str] = Field(min_length=20)
    family: list[str] = Field(min_length=20)
    place: list[str] = Field(min_length=10)
    team: list[str] = Field(min_length=10)
    month: list[str] = Field(min_length=12, max_length=12)
    date_form: list[str] = Field(min_length=1)


@lru_cache(maxsize=1)
def _names() -> _Names:
    return parse_toml(_FILE, read_text(_FILE), _Names)


def in_turn(rows: Sequence[T], number: int, *names: object) -> T:
    """Row ``number`` of endless shuffled rounds through ``rows``: every row once before any comes back."""
    order = list(range(len(rows)))
    stream(*names, number // len(rows)).shuffle(order)
    return rows[order[number % len(rows)]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """What fills the common holes of document ``index`` of a set, and its date."""

    day: date
    holes: tuple[tuple[str, str], ...]


def _person(set_seed: str, number: int) -> tuple[str, str]:
    # Two shuffled lists whose lengths share no factor, in step: all pairs come before one comes again.
    names = _names()
    given, family = list(names.given), list(names.family)
    stream(set_seed, "given").shuffle(given)
    stream(set_seed, "family").shuffle(family)
    first = given[number % len(given)]
    return first, f"{first} {family[number % len(family)]}"


def cast(set_seed: str, doc_seed: str, index: int) -> Cast:
    """Three people, a place, a team, a date and a number for document ``index``: a function of the seeds alone."""
    names = _names()
    holes: dict[str, str] = {}
    for number, role in enumerate(("author", "second", "third")):
        holes[f"{role}_given"], holes[role] = _person(set_seed, index * _VOICES + number)
    holes["place"] = in_turn(names.place, index, set_seed, "place")
    holes["place_upper"] = holes["place"].upper()
    holes["team"] = in_turn(names.team, index, set_seed, "team")
    start = stream(set_seed, "date").random()
    day = _FIRST_DAY + timedelta(days=int((start + index * _GOLDEN) % 1 * _DAYS))
    form = stream(doc_seed, "date").choice(names.date_form)
    holes["date"] = form.format(day=day.day, month=names.month[day.month - 1], year=day.year)
    holes["number"] = str(stream(doc_seed, "number").randrange(2, 900))
    return Cast(day=day, holes=tuple(holes.items()))
