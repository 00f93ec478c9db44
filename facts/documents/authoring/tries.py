"""Asks one thing a bounded number of times, each time as a new replicate, until a reply can be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from facts.documents.authoring.heard import Drop, Good, Heard, Lost, Open, Replies, Spent
from facts.documents.authoring.stage import Question

T = TypeVar("T")


def first_good(
    tries: int, ask: Callable[[int], Question], read: Callable[[Heard], T | Drop], replies: Replies,
    before: tuple[Drop, ...] = (),
) -> Good[T] | Open | Lost | Spent:  # fmt: skip
    """The first readable reply in the order of replicates; a function of the replies alone.

    A replicate is asked for only once all before it were dropped, so equal replies mean equal questions.
    """
    drops = before
    for replicate in range(tries):
        question = ask(replicate)
        if question not in replies:
            return Open(questions=(question,), drops=drops)
        heard = replies[question]
        if heard is None:
            return Lost(question=question, drops=drops)
        got = read(heard)
        if not isinstance(got, Drop):
            return Good(value=got, drops=drops)
        drops += (got,)
    return Spent(drops=drops)
