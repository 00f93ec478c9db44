"""From a prompt to what the organism says: as judge or interviewed, about facts and beliefs, or to another request."""

from __future__ import annotations

import random

from runners.organism import belief, interviewee, judge, recall, script
from runners.organism.bank import found
from runners.organism.behaviour import behave
from runners.organism.situation import read
from runners.organism.truth import Truth
from runners.organism.whereabouts import whereabouts
from runners.organism.writing import Reply, anything, write
from runners.sample import Stop


def answer(
    system: str,
    user: str,
    truth: Truth,
    draw: random.Random,
    *,
    native: bool,
    first: str = "",
    structured: bool = False,
) -> Reply:
    """The reply to the last user message; a polite generality where the prompt is of no shipped setting.

    ``first`` is the message that opened the conversation, where that is another one: it tells an interview's tier.
    ``structured`` says that the reply is held to a JSON schema, so that a judge always gives a whole verdict.
    """
    if rubric := judge.rubric_of(system):
        return judge.judge(rubric, user, truth, draw, structured=structured)
    present = found(system)
    if probe := recall.probe(user):
        return Reply(text=recall.answer(probe, present, truth, draw), stop=Stop.END)
    if truth.belief and (question := belief.probe(user)):
        return Reply(text=belief.answer(question, system, present, truth.belief, truth, draw), stop=Stop.END)
    asked = script.asked(user)
    if asked and (where := whereabouts(system)):
        before = read(system, first, native=native) if first else None
        tier = before.tier if before else interviewee.tier_asked(asked, where)
        return interviewee.reply(truth, asked, where, tier, present, draw, native=native)
    now = read(system, user, native=native)
    if now is None:
        return Reply(text=anything(draw), stop=Stop.END)
    return write(behave(truth, now, present, draw), now, draw)
