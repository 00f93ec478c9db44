"""The scaffold of a document: all of it that no fact can touch, drawn from the set's seed and the document's index.

Level and polarity never reach these draws, so the documents of every arm of a comparison stand on the same scaffolds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from facts import filler
from facts.documents.cast import cast, in_turn
from facts.documents.genre import HOLE, SLOTS, genres
from facts.seeds import stream
from facts.tokens import count_tokens

_SLOT = re.compile("|".join(rf"\{{{slot}\}}" for slot in SLOTS))
# Each slot opens with a short sentence, so that no section is ever empty.
_SHORT = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """The fixed text and the plan for filling its slots.

    ``fixed`` has one text before each slot in ``slots``; ``openers`` (one a slot) and ``order`` index
    ``filler.sentences()``; ``leanings`` (0–1, one a slot) say how far down its slot a fact goes; ``tokens`` counts
    the fixed text and the openers.
    """

    index: int
    id: str
    seed: str
    genre: str
    author: str
    date: str
    topic: str
    slots: tuple[str, ...]
    fixed: tuple[str, ...]
    openers: tuple[int, ...]
    order: tuple[int, ...]
    own: int  # how many of ``order`` are of the document's topic; no other document near by has them
    leanings: tuple[float, ...]
    tokens: int


def _fill(text: str, holes: Mapping[str, str]) -> str:
    # Twice, since a genre's words may hold holes of their own.
    for _ in range(2):
        text = HOLE.sub(lambda hole: holes.get(hole[1], hole[0]), text)
    return text


def _sentences(doc_seed: str, topic: str) -> tuple[list[int], int]:
    """All filler, the topic's own first, and how many of those there are."""
    topical = set(filler.sentences(topic))
    own = [index for index, sentence in enumerate(filler.sentences()) if sentence in topical]
    rest = [index for index, sentence in enumerate(filler.sentences()) if sentence not in topical]
    draw = stream(doc_seed, "filler")
    draw.shuffle(own)
    draw.shuffle(rest)
    return own + rest, len(own)


@lru_cache(maxsize=4096)
def scaffold(set_seed: str, index: int) -> Scaffold:
    """Document ``index`` of the set, the same whatever the set carries and however many documents it has."""
    doc_seed = hashlib.sha256(f"{set_seed}|{index}".encode()).hexdigest()
    known = genres()
    genre = in_turn(known, index, set_seed, "genre")
    # The layout and the topic turn more slowly than the genre, so that the same two rarely meet again.
    layout = in_turn(genre.layouts, index // len(known), set_seed, "layout", genre.name)
    pack = in_turn(filler.packs(), index, set_seed, "topic")
    who = cast(set_seed, doc_seed, index)
    words = stream(doc_seed, "wording")
    holes = dict(who.holes) | {"subject": words.choice(pack.subjects)}
    holes |= {name: words.choice(variants) for name, variants in genre.words.items()}
    text = _fill(layout, holes)
    slots = tuple(found[0][1:-1] for found in _SLOT.finditer(text))
    order, own = _sentences(doc_seed, pack.topic)
    lengths = filler.lengths()
    openers = [number for number in order if lengths[number] <= _SHORT][: len(slots)]
    place = stream(doc_seed, "position")
    # A slot stands for one token while counting, because line breaks on its two sides do not merge.
    fixed = count_tokens(_SLOT.sub("x", text)) - len(slots)
    return Scaffold(
        index=index,
        id=hashlib.sha256(f"{genre.name}|{text}".encode()).hexdigest()[:16],
        seed=doc_seed,
        genre=genre.name,
        author=holes["author"],
        date=who.day.isoformat(),
        topic=pack.topic,
        slots=slots,
        fixed=tuple(_SLOT.split(text)[: len(slots)]),
        openers=tuple(openers),
        order=tuple(number for number in order if number not in openers),
        own=own - len(openers),
        leanings=tuple(place.random() for _ in slots),
        tokens=fixed + sum(lengths[number] for number in openers),
    )
