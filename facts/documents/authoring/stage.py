"""A stage's prompt as a data file, and the question that it makes: what a model is asked, in no provider's format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from facts.errors import UnknownName
from facts.parse import Strict, parse_toml, read_text

FOLDER = Path(__file__).parent / "stages"
_HOLE = re.compile(r"\{([a-z_]+)\}")


class _File(Strict):
    version: int = Field(ge=1)
    max_tokens: int = Field(ge=1)
    temperature: float = Field(ge=0, le=2)
    text: str
    neutral: str = ""
    nothing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to ask. ``replicate`` counts repeated tries; equal questions are one question, asked once."""

    stage: str
    text: str
    max_tokens: int
    temperature: float
    replicate: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A prompt with holes. ``neutral`` is the one for documents without a fact; ``nothing`` matches a void reply.

    ``version`` is raised whenever the file changes in what it asks.
    """

    name: str
    version: int
    max_tokens: int
    temperature: float
    text: str
    neutral: str
    nothing: str

    def ask(self, holes: Mapping[str, str], *, replicate: int = 0, room: int = 0, neutral: bool = False) -> Question:
        """The question with its holes filled, in one pass: a model's own braces are never filled.

        ``room`` is what the reply takes beside the stage's own allowance, in tokens.
        """
        template = self.neutral if neutral else self.text
        text = _HOLE.sub(lambda hole: holes[hole[1]], template).strip()
        return Question(stage=self.name, text=text, max_tokens=self.max_tokens + room, temperature=self.temperature,
                        replicate=replicate)  # fmt: skip


@lru_cache(maxsize=1)
def stages() -> Mapping[str, Stage]:
    """Every stage by name; raises ``BrokenFile`` with file, line and field."""
    found: dict[str, Stage] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        form = parse_toml(path, read_text(path), _File)
        found[path.stem] = Stage(name=path.stem, **form.model_dump())
    return found


def stage(name: str) -> Stage:
    """The stage of that name, or ``UnknownName``."""
    if name not in stages():
        raise UnknownName("stage", name, stages(), "Stages are files in facts/documents/authoring/stages/.")
    return stages()[name]


def version(names: tuple[str, ...]) -> int:
    """The version of a set written through these stages: it rises whenever one of them does."""
    return sum(stage(name).version for name in names)
