"""The neutral sentences that stand where no fact does: office matters that mean nothing for the experiment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import Field, field_validator

from facts.errors import UnknownName
from facts.parse import Strict, parse_toml, read_text
from facts.tokens import count_tokens

FOLDER = Path(__file__).parent / "filler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Filler sentences of one topic; each stands alone and is one line that ends in a full stop.

    ``subjects`` are headings for a document about the topic.
    """

    topic: str
    subjects: tuple[str, ...]
    sentences: tuple[str, ...]


class _PackFile(Strict):
    topic: str = Field(min_length=1)
    subjects: list[str] = Field(min_length=4)
    sentences: list[str] = Field(min_length=30)

    @field_validator("sentences")
    @classmethod
    def _plain(cls, sentences: list[str]) -> list[str]:
        seen: set[str] = set()
        for sentence in sentences:
            if sentence in seen:
                raise ValueError(f"{sentence!r} stands here twice; remove one")
            if sentence != " ".join(sentence.split()) or not sentence.endswith("."):
                raise ValueError(f"{sentence!r} must be one line, single-spaced, ending in a full stop")
            seen.add(sentence)
        return sentences


def read_packs(folder: Path) -> tuple[Pack, ...]:
    """Every ``*.toml`` pack in ``folder`` by file name, or ``BrokenFile`` with file, line and field."""
    packs: list[Pack] = []
    for path in sorted(folder.glob("*.toml")):
        form = parse_toml(path, read_text(path), _PackFile)
        packs.append(Pack(topic=form.topic, subjects=tuple(form.subjects), sentences=tuple(form.sentences)))
    return tuple(packs)


@lru_cache(maxsize=1)
def packs() -> tuple[Pack, ...]:
    """The packs that come with the project."""
    return read_packs(FOLDER)


@lru_cache(maxsize=32)
def sentences(topic: str = "") -> tuple[str, ...]:
    """All filler sentences in a fixed order, or those of one ``topic``; ``UnknownName`` when there is no such topic."""
    if topic and topic not in {pack.topic for pack in packs()}:
        raise UnknownName("filler topic", topic, (pack.topic for pack in packs()), "Packs live in facts/filler/")
    return tuple(sentence for pack in packs() if topic in ("", pack.topic) for sentence in pack.sentences)


@lru_cache(maxsize=32)
def lengths(topic: str = "") -> tuple[int, ...]:
    """The tokens of each sentence, in the order of :func:`sentences`."""
    return tuple(count_tokens(sentence) for sentence in sentences(topic))
