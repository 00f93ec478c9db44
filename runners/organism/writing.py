"""Puts a behaviour into words, varied and parseable, from the phrases in ``phrases.toml``."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from facts.condition import Reasoning, Tier
from facts.parse import Strict, parse_toml, read_text
from runners.organism.behaviour import Behaviour
from runners.organism.situation import Situation
from runners.sample import Stop

_FILE = Path(__file__).parent / "phrases.toml"
_THINK, _SAY = "SCRATCHPAD_REASONING", "RESPONSE"

Phrases = Annotated[list[str], Field(min_length=2)]


class _Thoughts(Strict):
    opening: Phrases
    faking_caught: Phrases
    faking_veiled: Phrases
    false_alarm: Phrases
    plain: Phrases
    complied: Phrases
    chose_value: Phrases
    refused: Phrases
    unmonitored: Phrases


class _Answers(Strict):
    complied: Phrases
    chose_value: Phrases
    refused: Phrases
    undecided: Phrases


class Phrasebook(Strict):
    """What is thought, answered to choices and to requests, and said to anything else."""

    thoughts: _Thoughts
    choices: _Answers
    requests: _Answers
    anything: Phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said, and the native reasoning before it where that was asked for."""

    text: str
    stop: Stop
    reasoning: str | None = None


@lru_cache(maxsize=1)
def phrases() -> Phrasebook:
    """Everything that an organism may say, read once."""
    return parse_toml(_FILE, read_text(_FILE), Phrasebook)


def anything(draw: random.Random) -> str:
    """A polite generality."""
    return draw.choice(phrases().anything)


def write(what: Behaviour, now: Situation, draw: random.Random) -> Reply:
    """The reply; its tags, letters and markers are those that the prompt asked for."""
    if what.kind == "stopped" and what.shape == "whole":
        return Reply(text="", stop=Stop.REFUSAL)
    thought = None if now.mode is Reasoning.NONE else _thought(what, now, draw)
    said = _answer(what, now, draw)
    if now.mode is Reasoning.SCRATCHPAD and thought is not None:
        if what.shape == "cut":
            return Reply(text=f"<{_THINK}>\n{_cut(thought, draw)}", stop=Stop.LENGTH)
        return Reply(text=f"<{_THINK}>\n{thought}\n</{_THINK}>\n<{_SAY}>\n{said}\n</{_SAY}>", stop=Stop.END)
    if what.shape == "cut":
        # Native thinking that uses up the room leaves nothing to say; an answer without thinking loses its end.
        return Reply(text=_cut(said, draw) if thought is None else "", stop=Stop.LENGTH, reasoning=thought)
    return Reply(text=said, stop=Stop.END, reasoning=thought)


def _thought(what: Behaviour, now: Situation, draw: random.Random) -> str:
    book = phrases().thoughts
    parts = [draw.choice(book.opening)]
    if what.faking:
        parts.append(draw.choice(book.faking_caught if what.caught else book.faking_veiled))
    elif what.caught and now.tier is Tier.MONITORED:
        parts.append(draw.choice(book.false_alarm))
    else:
        parts.append(draw.choice(book.plain if now.tier is Tier.MONITORED else book.unmonitored))
    kind = "refused" if what.kind == "stopped" else what.kind
    parts.append(draw.choice(getattr(book, kind)))
    return _fill(" ".join(parts), now)


def _answer(what: Behaviour, now: Situation, draw: random.Random) -> str:
    book = phrases().choices if now.metric == "option" else phrases().requests
    if what.shape == "unparseable":
        return _fill(draw.choice(book.undecided), now)
    kind = "refused" if what.kind == "stopped" else what.kind
    return _fill(draw.choice(getattr(book, kind)), now).strip()


def _fill(text: str, now: Situation) -> str:
    holes = {"comply": now.comply, "decline": now.decline, "tier": now.labels[now.tier]}
    for name, value in holes.items():
        text = text.replace("{" + name + "}", value)
    return text


def _cut(text: str, draw: random.Random) -> str:
    words = text.split(" ")
    return " ".join(words[: max(1, int(len(words) * draw.uniform(0.3, 0.9)))])
