"""Sentence frames: sentences of one topic with holes, from which each document draws filler of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import gcd
from pathlib import Path

from pydantic import Field, model_validator

from facts.documents.turns import latin_row
from facts.parse import Strict, parse_toml, read_text
from facts.seeds import stream
from facts.tokens import count_tokens

FOLDER = Path(__file__).parent / "frames"
SHARED = Path(__file__).parent / "vocabulary.toml"
_HOLE = re.compile(r"\{([a-z_]+)\}")
TWICE = 2  # how often a document may use one frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A sentence with holes: ``texts`` stand around them, ``tokens`` counts those."""

    texts: tuple[str, ...]
    holes: tuple[str, ...]
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Frames of one topic and the words for their holes. ``subjects`` head documents.

    Each word has its tokens, and its tokens where it begins a sentence.
    """

    topic: str
    subjects: tuple[str, ...]
    frames: tuple[Frame, ...]
    words: Mapping[str, tuple[tuple[str, int, int], ...]]


class _Shared(Strict):
    words: dict[str, list[str]]


class _PackFile(Strict):
    topic: str = Field(pattern="^[a-z_]+$")
    subjects: list[str] = Field(min_length=4)
    words: dict[str, list[str]]
    frames: list[str] = Field(min_length=12)

    @model_validator(mode="after")
    def _sound(self) -> _PackFile:
        known = {**shared_words(), **self.words}
        for name, words in self.words.items():
            if len(words) < 6 or len(set(words)) < len(words):
                raise ValueError(f"{name}: give at least six words, each once")
        for frame in self.frames:
            holes: list[str] = _HOLE.findall(frame)
            if not 2 <= len(holes) <= 4:
                raise ValueError(f"{frame!r} has {len(holes)} holes; a frame has 2 to 4")
            if unknown := [hole for hole in holes if hole not in known]:
                raise ValueError(f"{frame!r}: nothing fills {{{unknown[0]}}}; known: {', '.join(sorted(known))}")
            if frame != " ".join(frame.split()) or not frame.endswith(".") or re.search(r"\w\{|\}\w", frame):
                raise ValueError(f"{frame!r} must be one line, single-spaced, holes apart from words, ending in '.'")
        if len(set(self.frames)) < len(self.frames):
            raise ValueError("a frame stands here twice; remove one")
        return self


@lru_cache(maxsize=1)
def shared_words() -> dict[str, list[str]]:
    """The words that every pack may use: weekdays, hours, amounts, roles."""
    return parse_toml(SHARED, read_text(SHARED), _Shared).words


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _frame(text: str) -> Frame:
    texts = tuple(_HOLE.split(text)[::2])
    return Frame(texts=texts, holes=tuple(_HOLE.findall(text)), tokens=count_tokens(" ".join(texts)))


def read_packs(folder: Path) -> tuple[Pack, ...]:
    """Every ``*.toml`` pack in ``folder`` by file name, or ``BrokenFile`` with file, line and field."""
    packs: list[Pack] = []
    for path in sorted(folder.glob("*.toml")):
        form = parse_toml(path, read_text(path), _PackFile)
        words = {**shared_words(), **form.words}
        packs.append(Pack(
            topic=form.topic, subjects=tuple(form.subjects), frames=tuple(map(_frame, form.frames)),
            words={
                name: tuple((word, count_tokens(word), count_tokens(_capital(word))) for word in row)
                for name, row in words.items()
            },
        ))  # fmt: skip
    return tuple(packs)


@lru_cache(maxsize=1)
def packs() -> tuple[Pack, ...]:
    """The packs that come with the project."""
    return read_packs(FOLDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A frame with words chosen for its holes: a sentence and its tokens."""

    topic: str
    frame: int
    parts: tuple[str, ...]  # texts and words in turn
    tokens: int

    @property
    def text(self) -> str:
        """The sentence."""
        return _capital("".join(self.parts))


@lru_cache(maxsize=256)
def _strides(length: int) -> tuple[int, ...]:
    # Steps that go through a whole row before they come back to its start.
    return tuple(step for step in range(1, length) if gcd(step, length) == 1)


def instances(pack: Pack, set_seed: str, doc_seed: str, visit: int) -> tuple[Instance, ...]:
    """Each frame of the pack twice, with words of this document.

    ``visit`` counts the documents of the set that are about this topic. Frames come in the row of a Latin square, so
    that over the set each stands at the head, where sentences are taken first, equally often. A word comes back in a
    document only when all of its row have been used.
    """
    draw = stream(doc_seed, "filler", pack.topic)
    cursors = {name: draw.randrange(len(row)) for name, row in pack.words.items()}
    strides = {name: draw.choice(_strides(len(row))) for name, row in pack.words.items()}
    order = latin_row(len(pack.frames), visit, set_seed, "frames", pack.topic)
    made: list[Instance] = []
    for number in order * TWICE:
        frame = pack.frames[number]
        parts, tokens = [frame.texts[0]], frame.tokens
        for hole, text in zip(frame.holes, frame.texts[1:], strict=True):
            row = pack.words[hole]
            word, within, first = row[cursors[hole] % len(row)]
            cursors[hole] += strides[hole]
            tokens += within if any(parts) else first
            parts += (word, text)
        made.append(Instance(topic=pack.topic, frame=number, parts=tuple(parts), tokens=tokens))
    return tuple(made)


class Pool:
    """The sentences that a document may use, its own topic's first; other topics join as they are needed.

    What is in it depends on the seeds and the length asked for, never on what the document says of a fact.
    """

    def __init__(self, set_seed: str, doc_seed: str, topic: int, visit: int) -> None:
        self._seeds = set_seed, doc_seed
        self._topic, self._visit = topic, visit

    @cached_property
    def own(self) -> tuple[Instance, ...]:
        """The sentences of the document's topic."""
        return instances(packs()[self._topic], *self._seeds, self._visit)

    def upto(self, topics: int) -> tuple[Instance, ...]:
        """The sentences of so many topics, the document's own among them; of 0: each frame of its own once."""
        found = self.own if topics else self.own[: len(self.own) // TWICE]
        for step in range(1, min(topics, len(packs()))):
            found += instances(packs()[(self._topic + step) % len(packs())], *self._seeds, self._visit)
        return found
