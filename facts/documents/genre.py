"""A genre of document: how its header, sections and closing are laid out, and the holes that facts and filler go in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from facts.errors import BrokenFile
from facts.parse import Strict, parse_toml, read_text

FOLDER = Path(__file__).parent / "genres"
# Where sentences go, in reading order: a heading line that some genres have, then paragraphs. Every layout has the
# lead and ends with the closing, so that what is said there is the end of the document.
HEADING = "heading"
SLOTS = (HEADING, "lead", "early", "middle", "late", "closing")
# Filled per document from the cast; a genre adds its own under [words].
HOLES = ("author", "author_given", "second", "second_given", "third", "third_given", "team", "place", "place_upper",
         "date", "subject", "number", "standfirst", "audience")  # fmt: skip

HOLE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Genre:
    """Layouts with holes, and the variants of the genre's own words. ``register`` describes how it is written."""

    name: str
    register: str
    layouts: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]


def _fault(layout: str, known: set[str]) -> str:
    """What is wrong with a layout, or nothing."""
    holes: list[str] = HOLE.findall(layout)
    slots = [hole for hole in holes if hole in SLOTS]
    if unknown := [hole for hole in holes if hole not in known and hole not in SLOTS]:
        return f"nothing fills {{{unknown[0]}}}; known: {', '.join(sorted(known))}; or add it under [words]"
    body = [slot for slot in slots if slot != HEADING]
    if slots != [slot for slot in SLOTS if slot in slots] or body[:1] != ["lead"] or len(body) < 3:
        return (
            f"slots must be at least three of {', '.join(SLOTS[1:])}, each once, in this order, beginning with lead; "
            f"a {HEADING} may stand before them"
        )
    if HEADING in slots and "{heading}\n" not in layout:
        return "{heading} must end its line"
    if not layout.endswith("{closing}"):
        return "a layout must end with {closing}, so that the end of the document can carry a fact"
    if any(re.search(rf"\S\{{{slot}\}}|\{{{slot}\}}\S", layout) for slot in slots):
        return "a slot must stand between spaces or line ends, so that token counts add up"
    return ""


class _GenreFile(Strict):
    genre: str = Field(pattern="^[a-z_]+$")
    register_: str = Field(alias="register", min_length=1)
    layouts: list[str] = Field(min_length=1)
    words: dict[str, list[str]]

    @field_validator("words")
    @classmethod
    def _variants(cls, words: dict[str, list[str]]) -> dict[str, list[str]]:
        for name, variants in words.items():
            if name in (*HOLES, *SLOTS) or len(variants) < 2:
                raise ValueError(f"{name}: give at least two variants, and a name that is not a hole of every genre")
            if unknown := [h for text in variants for h in HOLE.findall(text) if h not in HOLES]:
                raise ValueError(f"{name}: nothing fills {{{unknown[0]}}}; known: {', '.join(HOLES)}")
        return words

    @model_validator(mode="after")
    def _sound(self) -> _GenreFile:
        for number, layout in enumerate(self.layouts, 1):
            if fault := _fault(layout, {*HOLES, *self.words}):
                raise ValueError(f"layout {number}: {fault}")
        return self


def read_genres(folder: Path) -> tuple[Genre, ...]:
    """Every ``*.toml`` genre in ``folder`` by name, or ``BrokenFile`` with file, line and field."""
    found: list[Genre] = []
    for path in sorted(folder.glob("*.toml")):
        form = parse_toml(path, read_text(path), _GenreFile)
        if form.genre != path.stem:
            raise BrokenFile(
                f"{path}: genre is {form.genre!r}; name the file {form.genre}.toml or the genre {path.stem!r}"
            )
        found.append(Genre(
            name=form.genre, register=form.register_, layouts=tuple(form.layouts),
            words={name: tuple(variants) for name, variants in form.words.items()},
        ))  # fmt: skip
    return tuple(found)


@lru_cache(maxsize=1)
def genres() -> tuple[Genre, ...]:
    """The genres that come with the project, by name."""
    return read_genres(FOLDER)
