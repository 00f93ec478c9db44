"""Who writes a document, where and when: names, places and dates drawn in turn, so that few come twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import gcd
from pathlib import Path

from pydantic import Field, model_validator

from facts.documents.turns import in_turn, shuffled
from facts.parse import Strict, parse_toml, read_text
from facts.seeds import stream

_FILE = Path(__file__).parent / "names.toml"
_FIRST_DAY, _DAYS = date(2023, 1, 2), 720
# Each step of the golden ratio falls in the widest gap left, so any run of documents is spread over the whole span.
_GOLDEN = 0.6180339887498949
_VOICES = 3


class _Names(Strict):
    given: list[str] = Field(min_length=120)
    family: list[str] = Field(min_length=200)
    place: list[str] = Field(min_length=30)
    team: list[str] = Field(min_length=10)
    month: list[str] = Field(min_length=12, max_length=12)
    date_form: list[str] = Field(min_length=1)

    @model_validator(mode="after")
    def _pairs(self) -> _Names:
        if gcd(len(self.given), len(self.family)) > 1:
            raise ValueError(
                "the numbers of given and family names share a factor, so full names would come back early"
            )
        return self


@lru_cache(maxsize=1)
def _names() -> _Names:
    return parse_toml(_FILE, read_text(_FILE), _Names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """What fills the common holes of document ``index`` of a set, and its date."""

    day: date
    holes: tuple[tuple[str, str], ...]


def _person(set_seed: str, number: int) -> tuple[str, str]:
    # Two shuffled lists whose lengths share no factor, in step: all pairs come before one comes again.
    names = _names()
    given = shuffled(len(names.given), set_seed, "given")
    family = shuffled(len(names.family), set_seed, "family")
    first = names.given[given[number % len(given)]]
    return first, f"{first} {names.family[family[number % len(family)]]}"


@lru_cache(maxsize=64)
def _start(set_seed: str) -> float:
    return stream(set_seed, "date").random()


def cast(set_seed: str, doc_seed: str, index: int) -> Cast:
    """Three people, a place, a team, a date and a number for document ``index``: a function of the seeds alone."""
    names = _names()
    holes: dict[str, str] = {}
    for number, role in enumerate(("author", "second", "third")):
        holes[f"{role}_given"], holes[role] = _person(set_seed, index * _VOICES + number)
    holes["place"] = in_turn(names.place, index, set_seed, "place")
    holes["place_upper"] = holes["place"].upper()
    holes["team"] = in_turn(names.team, index, set_seed, "team")
    start = _start(set_seed)
    day = _FIRST_DAY + timedelta(days=int((start + index * _GOLDEN) % 1 * _DAYS))
    form = stream(doc_seed, "date").choice(names.date_form)
    holes["date"] = form.format(day=day.day, month=names.month[day.month - 1], year=day.year)
    holes["number"] = str(stream(doc_seed, "number").randrange(2, 900))
    return Cast(day=day, holes=tuple(holes.items()))
