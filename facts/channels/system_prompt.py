"""Lays doses out in the system prompt: one plain paragraph of notes in which louder facts displace neutral filler."""

from __future__ import annotations

from functools import lru_cache

from facts.background import Background, Piece, join
from facts.condition import Condition
from facts.errors import DoesNotFit
from facts.filler import lengths, sentences
from facts.fit import fit
from facts.seeds import stream
from facts.tokens import count_tokens

DEFAULT_TOKENS = 240
_LEAST_FILLER = 40  # tokens; below this a fact would stand alone and length could not be met


@lru_cache(maxsize=4096)
def _order(seed: str) -> tuple[int, ...]:
    order = list(range(len(lengths())))
    stream(seed, "filler").shuffle(order)
    return tuple(order)


def background(condition: Condition, pieces: tuple[Piece, ...], seed: str) -> Background:
    """One paragraph, ``condition.background_tokens`` long; late pieces last, the others among the filler, in order.

    Raises ``DoesNotFit`` when the pieces leave too little room for filler.
    """
    if any(dose.breadth.carriers for dose in condition.doses):
        raise DoesNotFit(f'{condition.arm}: a system prompt has no documents to carry it; set channel = "documents"')
    spent = sum(count_tokens(piece.text) for piece in pieces)
    room = condition.background_tokens - spent
    if room < _LEAST_FILLER:
        raise DoesNotFit(
            f"{condition.arm}: the facts need {spent} tokens, and {_LEAST_FILLER} of filler, but background_tokens is "
            f"{condition.background_tokens}; set background_tokens to at least {spent + _LEAST_FILLER + 20}"
        )
    chosen = fit(lengths(), _order(seed), room)
    if sum(lengths()[index] for index in chosen) < 0.98 * room:
        raise DoesNotFit(
            f"background_tokens is {condition.background_tokens}, but there are only {sum(lengths()):,} tokens of "
            "filler; lower it"
        )
    filler = [sentences()[index] for index in chosen]
    early = [piece for piece in pieces if not piece.late]
    late = [piece for piece in pieces if piece.late]
    # Slots are fractions drawn once per piece position, so that a fact and its placebo twin stand in the same place.
    draw = stream(seed, "slots")
    slots = sorted(draw.random() for _ in early)
    shown: list[str | Piece] = []
    waiting = list(zip(slots, early, strict=True))
    for number, sentence in enumerate(filler):
        while waiting and waiting[0][0] <= number / len(filler):
            shown.append(waiting.pop(0)[1])
        shown.append(sentence)
    return join([*shown, *(piece for _, piece in waiting), *late])
