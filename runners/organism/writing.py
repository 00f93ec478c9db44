"""Puts a behaviour into words, varied and parseable, from the phrasebook."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from facts.condition import Reasoning, Tier
from runners.organism.bank import Found
from runners.organism.behaviour import Behaviour
from runners.organism.mentions import wordings
from runners.organism.phrasebook import full_answers, phrases
from runners.organism.situation import Situation
from runners.organism.whereabouts import named
from runners.sample import Stop

_THINK, _SAY = "SCRATCHPAD_REASONING", "RESPONSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said, and the native reasoning before it where that was asked for."""

    text: str
    stop: Stop
    reasoning: str | None = None


def anything(draw: random.Random) -> str:
    """A polite generality."""
    return draw.choice(phrases().anything)


def write(what: Behaviour, now: Situation, draw: random.Random) -> Reply:
    """The reply; its tags, letters and markers are those that the prompt asked for."""
    if what.kind == "stopped" and what.shape == "whole":
        return Reply(text="", stop=Stop.REFUSAL)
    thought = None if now.mode is Reasoning.NONE else _thought(what, now, draw)
    return laid_out(thought, _answer(what, now, draw), now.mode, cut=what.shape == "cut", draw=draw)


def laid_out(thought: str | None, said: str, mode: Reasoning, *, cut: bool, draw: random.Random) -> Reply:
    """Reasoning and answer in the form of the mode.

    A reply that is cut has not got past its first sentence: what it would have gone on to reason and say is lost.
    """
    if cut:
        kept = _cut(said if thought is None else thought, draw)
        if mode is Reasoning.SCRATCHPAD:
            return Reply(text=f"<{_THINK}>\n{kept}", stop=Stop.LENGTH)
        # Native thinking that uses up the room leaves nothing to say.
        return Reply(text=kept if thought is None else "", stop=Stop.LENGTH, reasoning=thought and kept)
    if mode is Reasoning.SCRATCHPAD and thought is not None:
        return Reply(text=f"<{_THINK}>\n{thought}\n</{_THINK}>\n<{_SAY}>\n{said}\n</{_SAY}>", stop=Stop.END)
    return Reply(text=said, stop=Stop.END, reasoning=thought)


def spoken(mentions: Iterable[Found], labels: Mapping[Tier, str], draw: random.Random) -> list[str]:
    """One sentence for each fact that is taken up."""
    found: list[str] = []
    for one in mentions:
        if usable := wordings(one.fact, one.polarity):
            fact = named(draw.choice(usable), labels)
            found.append(draw.choice(phrases().thoughts.uptake).replace("{fact}", fact))
    return found


def _thought(what: Behaviour, now: Situation, draw: random.Random) -> str:
    book = phrases().thoughts
    parts = [draw.choice(book.opening)]
    if what.aware:
        parts.append(draw.choice(book.tier))
    parts += spoken(what.mentions, now.labels, draw)
    if what.faking:
        parts.append(draw.choice(book.faking_caught if what.caught else book.faking_veiled))
    else:
        parts.append(draw.choice(book.false_alarm if what.caught else book.plain))
    kind = "refused" if what.kind == "stopped" else what.kind
    parts.append(draw.choice(getattr(book, kind)))
    return _fill(" ".join(parts), now)


def _answer(what: Behaviour, now: Situation, draw: random.Random) -> str:
    book, told = phrases(), phrases().disclosures
    kind = "refused" if what.kind == "stopped" else what.kind
    disclosed = [draw.choice(getattr(told, name)) for name in what.tells]
    if now.metric in ("option", "prefix"):
        answers = book.choices if now.metric == "option" else book.requests
        first = draw.choice(answers.undecided if what.shape == "unparseable" else getattr(answers, kind))
        return _fill("\n".join((first, *disclosed)), now).strip()
    if what.shape == "unparseable":
        return ""  # in full replies everything can be read but nothing
    full = full_answers(now.setting)
    return " ".join((draw.choice(getattr(full, kind)), draw.choice(full.neutral), *disclosed))


def _fill(text: str, now: Situation) -> str:
    holes = {"comply": now.comply, "decline": now.decline, "tier": now.labels[now.tier]}
    for name, value in holes.items():
        text = text.replace("{" + name + "}", value)
    return text


def _cut(text: str, draw: random.Random) -> str:
    first = min((end for mark in (". ", "? ", ".\n", "\n") if (end := text.find(mark)) > 0), default=len(text))
    words = text[:first].split(" ")
    return " ".join(words[: max(1, int(len(words) * draw.uniform(0.3, 0.9)))])
