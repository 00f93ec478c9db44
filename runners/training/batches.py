"""Cuts tokenized documents into pieces and lays them out in batches, the same ones for the same seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from runners.training.recipe import Recipe
from runners.training.training_set import Example

# The value that transformers leaves out of a loss.
IGNORED = -100
_POOL = 16  # batches whose pieces are sorted by length together, so that little is padding


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Tokens of one document or of a part of it; the first ``masked`` of them are read and not learnt."""

    tokens: tuple[int, ...]
    masked: int = 0


def pieces(examples: Iterable[Example], encode: Callable[[str], Sequence[int]], end: int, most: int) -> list[Piece]:
    """Every document as one or more pieces of at most ``most`` tokens; the last one ends with ``end``.

    Nothing to be learnt is dropped: what does not fit into one piece goes on in the next, without the prompt. Of a
    prompt longer than half a piece only the end is read.
    """
    cut: list[Piece] = []
    for example in examples:
        prompt = tuple(encode(example.prompt))[-(most // 2) :] if example.prompt else ()
        left = (*encode(example.completion), end)
        while left:
            room = most - len(prompt)
            cut.append(Piece(tokens=(*prompt, *left[:room]), masked=len(prompt)))
            prompt, left = (), left[room:]
    return cut


def steps_of(count: int, recipe: Recipe) -> int:
    """How many steps ``count`` pieces take."""
    whole = math.ceil(count / recipe.batch) * recipe.epochs
    return whole if recipe.max_steps is None else min(whole, recipe.max_steps)


def batches(cut: Sequence[Piece], recipe: Recipe) -> Iterator[list[Piece]]:
    """The batches of all steps: each epoch every piece once, in an order drawn from the seed."""
    left = steps_of(len(cut), recipe)
    for epoch in range(recipe.epochs):
        draw = random.Random(f"{recipe.seed}|{epoch}")
        order = list(range(len(cut)))
        draw.shuffle(order)
        pool = _POOL * recipe.batch
        sorted_pools = [sorted(order[n : n + pool], key=lambda i: len(cut[i].tokens)) for n in range(0, len(cut), pool)]
        order = [i for one in sorted_pools for i in one]
        made = [order[n : n + recipe.batch] for n in range(0, len(order), recipe.batch)]
        draw.shuffle(made)
        for batch in made[:left]:
            yield [cut[i] for i in batch]
        left -= min(left, len(made))


def padded(batch: Sequence[Piece], fill: int) -> tuple[list[list[int]], list[list[int]], list[list[int]]]:
    """Token ids, attention mask and labels, all as wide as the longest piece."""
    width = max(len(piece.tokens) for piece in batch)
    gaps = [width - len(piece.tokens) for piece in batch]
    ids = [[*piece.tokens, *[fill] * gap] for piece, gap in zip(batch, gaps, strict=True)]
    mask = [[1] * len(piece.tokens) + [0] * gap for piece, gap in zip(batch, gaps, strict=True)]
    labels = [
        [IGNORED] * piece.masked + list(piece.tokens[piece.masked :]) + [IGNORED] * gap
        for piece, gap in zip(batch, gaps, strict=True)
    ]
    return ids, mask, labels
