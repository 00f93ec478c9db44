"""From a prompt to what the organism says: reads the situation, draws a behaviour and puts it in words."""

from __future__ import annotations

import random

from runners.organism import recall
from runners.organism.bank import found
from runners.organism.behaviour import behave
from runners.organism.situation import read
from runners.organism.truth import Truth
from runners.organism.writing import Reply, anything, write
from runners.sample import Stop


def answer(system: str, user: str, truth: Truth, draw: random.Random, *, native: bool) -> Reply:
    """The reply to the last user message; a polite generality where the prompt is of no shipped setting."""
    present = found(system)
    asked = recall.probe(user)
    if asked is not None:
        right = {True: truth.recall.present, False: truth.recall.absent}
        return Reply(text=recall.letter(asked, present, right, draw), stop=Stop.END)
    now = read(system, user, native=native)
    if now is None:
        return Reply(text=anything(draw), stop=Stop.END)
    return write(behave(truth, now, present, draw), now, draw)
