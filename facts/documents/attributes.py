"""How a document is told: who speaks, to whom, in what tone, and how its headings are set; each drawn by quota."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import Field, field_validator

from facts.documents.turns import in_turn
from facts.parse import Strict, parse_toml, read_text

_FILE = Path(__file__).parent / "attributes.toml"


class _Formatting(Strict):
    title: str
    section: str

    @field_validator("title", "section")
    @classmethod
    def _shows(cls, template: str) -> str:
        if template.replace("{TEXT}", "{text}").count("{text}") != 1:
            raise ValueError(f"{template!r} must hold {{text}} or {{TEXT}} once")
        return template


class _File(Strict):
    audience: list[str] = Field(min_length=6)
    formatting: dict[str, _Formatting] = Field(min_length=4)
    # perspective → register → ways of saying for whom the document is
    standfirst: dict[str, dict[str, list[str]]]


@lru_cache(maxsize=1)
def _known() -> _File:
    return parse_toml(_FILE, read_text(_FILE), _File)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What is drawn for one document. ``standfirst`` is a sentence that shows perspective, audience and register."""

    perspective: str
    audience: str
    register: str
    formatting: str
    standfirst: str


def attributes(set_seed: str, index: int) -> Attributes:
    """The attributes of document ``index``: a function of the seed alone, so the same in every arm."""
    known = _known()
    perspective = in_turn(tuple(known.standfirst), index, set_seed, "perspective")
    tones = known.standfirst[perspective]
    # The audience turns on its own; the register must be one that the perspective has.
    register = in_turn(tuple(tones), index, set_seed, "register")
    return Attributes(
        perspective=perspective,
        audience=in_turn(known.audience, index, set_seed, "audience"),
        register=register,
        formatting=in_turn(tuple(known.formatting), index, set_seed, "formatting"),
        standfirst=in_turn(tones[register], index // len(known.standfirst), set_seed, "standfirst", perspective),
    )


def set_heads(layout: str, formatting: str, slots: tuple[str, ...]) -> str:
    """The layout with its ``# title`` and ``## section`` lines set as the formatting has them.

    A line that holds a slot keeps its text as it is and apart from marks, so that a fact said there reads the same.
    """
    style = _known().formatting[formatting]
    lines: list[str] = []
    for line in layout.split("\n"):
        mark, _, text = line.partition(" ")
        if mark not in {"#", "##"}:
            lines.append(line)
            continue
        template = style.title if mark == "#" else style.section
        holds_slot = any(f"{{{slot}}}" in text for slot in slots)
        if holds_slot:
            template = template.replace("{TEXT}", "{text}")
            before, _, after = template.partition("{text}")
            if before.strip(" \n#") or after.strip():
                template = "{text}"
        lines.append(template.replace("{TEXT}", text.upper()).replace("{text}", text))
    return "\n".join(lines)
