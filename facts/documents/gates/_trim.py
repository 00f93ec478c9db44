"""Takes from a silent document as much of its own filler as the fact displaced, so that arms are of equal length."""

from __future__ import annotations

import random
from collections import Counter

from facts.documents.gates._masks import masked, sentences
from facts.documents.gates._reading import Arms, Text
from facts.seeds import stream
from facts.word_runs import words


def trimmed(silent: Text, speaking: Text, draw: random.Random) -> str:
    """The silent twin without so many of the sentences that are its alone that it is as long as the other, masked.

    Without this, a classifier tells the arms apart by how large a share of a document its header is.
    """
    kept = list(sentences(masked(speaking)))
    shared, target = Counter(kept), sum(len(words(sentence)) for sentence in kept)
    rows = list(sentences(masked(silent)))
    lengths = [len(words(row)) for row in rows]
    free: list[int] = []
    for number, row in enumerate(rows):
        if shared[row]:
            shared[row] -= 1
        else:
            free.append(number)
    draw.shuffle(free)
    total, dropped = sum(lengths), set[int]()
    for number in free:
        if abs(total - lengths[number] - target) < abs(total - target):
            dropped.add(number)
            total -= lengths[number]
    return "\n".join(row for number, row in enumerate(rows) if number not in dropped)


def silent_twins(arms: Arms) -> list[str]:
    """The silent arm, each document trimmed to its speaking twin; empty where there is no silent arm."""
    pairs = zip(arms.neutral or (), arms.fact, strict=False)
    return [trimmed(quiet, loud, stream("trim", loud.scaffold)) for quiet, loud in pairs]
