"""The scaffold of a document: all of it that no fact can touch, drawn from the set's seed and the document's index.

Level and polarity never reach these draws, so the documents of every arm of a comparison stand on the same scaffolds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from facts.documents.attributes import Attributes, attributes, set_heads
from facts.documents.cast import cast
from facts.documents.frames import Instance, Pool, packs
from facts.documents.genre import HEADING, HOLE, SLOTS, genres
from facts.documents.turns import in_turn, shuffled
from facts.seeds import stream
from facts.tokens import count_tokens

_SLOT = re.compile("|".join(rf"\{{{slot}\}}" for slot in SLOTS))
# Each slot opens with a short sentence, so that no section is ever empty.
_SHORT = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """The fixed text and the plan for filling its slots.

    ``fixed`` has one text before each slot in ``slots``; ``openers`` are the sentences that the slots begin with, and
    ``pool`` has those that may follow; ``tokens`` counts the fixed text and the openers.
    """

    index: int
    id: str
    seed: str
    genre: str
    author: str
    date: str
    place: str
    topic: str
    attributes: Attributes
    slots: tuple[str, ...]
    fixed: tuple[str, ...]
    openers: tuple[Instance, ...]
    pool: Pool
    tokens: int

    @property
    def has_heading(self) -> bool:
        """Whether the document has a heading line that can say a fact."""
        return self.slots[0] == HEADING


def _fill(text: str, holes: Mapping[str, str]) -> str:
    # Three times, since a genre's words and the standfirst hold holes of their own.
    for _ in range(3):
        text = HOLE.sub(lambda hole: holes.get(hole[1], hole[0]), text)
    return text


@lru_cache(maxsize=512)
def scaffold(set_seed: str, index: int) -> Scaffold:
    """Document ``index`` of the set, the same whatever the set carries and however many documents it has."""
    doc_seed = hashlib.sha256(f"{set_seed}|{index}".encode()).hexdigest()
    genre = in_turn(genres(), index, set_seed, "genre")
    # The layout and the topic turn more slowly than the genre, so that the same two rarely meet again.
    layout = in_turn(genre.layouts, index // len(genres()), set_seed, "layout", genre.name)
    topics = len(packs())
    topic = shuffled(topics, set_seed, "topic", index // topics)[index % topics]
    pool = Pool(set_seed, doc_seed, topic, index // topics)
    who = cast(set_seed, doc_seed, index)
    how = attributes(set_seed, index)
    words = stream(doc_seed, "wording")
    subject = in_turn(packs()[topic].subjects, index // topics, set_seed, "subject", topic)
    holes = dict(who.holes) | {"subject": subject, "standfirst": how.standfirst, "audience": how.audience}
    holes |= {name: words.choice(variants) for name, variants in genre.words.items()}
    # Headings are set once their words are known, since some are in capitals.
    text = set_heads(_fill(layout, holes), how.formatting, SLOTS)
    slots = tuple(found[0][1:-1] for found in _SLOT.finditer(text))
    openers = [one for one in pool.own if one.tokens <= _SHORT][: len(slots)]
    # A slot stands for one token while counting, because line breaks on its two sides do not merge.
    fixed = count_tokens(_SLOT.sub("x", text)) - len(slots)
    return Scaffold(
        index=index,
        id=hashlib.sha256(f"{genre.name}|{text}".encode()).hexdigest()[:16],
        seed=doc_seed,
        genre=genre.name,
        author=holes["author"],
        date=who.day.isoformat(),
        place=holes["place"],
        topic=packs()[topic].topic,
        attributes=how,
        slots=slots,
        fixed=tuple(_SLOT.split(text)[: len(slots)]),
        openers=tuple(openers),
        pool=pool,
        tokens=fixed + sum(one.tokens for one in openers),
    )
