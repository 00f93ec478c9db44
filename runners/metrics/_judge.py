"""Puts a sample before a judge: the rubric's words around the fenced material, once for each vote."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from runners import rubric as rubrics
from runners.case import Case
from runners.metrics._verdict import Verdict, verdict
from runners.model import Model
from runners.request import Request, Turn
from runners.rubric import Rubric

NO_JUDGE = 'no judge is named; name one in the comparison: judges = ["MODEL"]'
MOST_CHARS = 120_000  # of material; more than any judge reads with care
_CHARS_A_TOKEN = 3  # fewer than any tokenizer makes of prose: a prompt that does not fit would stop the judge for good


def rubric_of(case: Case, name: str) -> Rubric:
    """The rubric at the version that the comparison pins, else the newest; raises ``FactError``."""
    return rubrics.find(name, case.judging.version(name))


def votes_of(case: Case, rubric: Rubric) -> int:
    """How many votes a verdict takes: the comparison's number where the rubric is voted on, else its own."""
    return case.judging.votes if case.judging.votes and rubric.votes > 1 else rubric.votes


def questions(case: Case, rubric: Rubric, material: Mapping[str, str]) -> tuple[Request, ...]:
    """One request a vote; none without a judge or with more material than a judge reads.

    Outside text stands between lines that bear a code made from that very text, so that no text can hold the line
    that ends it. The judge is told neither the facts nor, unless the rubric says so, the tier: it is blind to the arm.
    """
    judging = case.judging
    if judging.judge is None or sum(map(len, material.values())) > _most_chars(judging.judge, rubric):
        return ()
    text = fenced(rubric.user, {"situation": situation(case), **material})
    turns = (Turn(role="user", text=text),)
    return tuple(
        Request(
            provider=judging.judge.provider, endpoint=judging.endpoint, model=judging.judge.name, system=rubric.system,
            turns=turns, max_tokens=rubric.max_tokens,
            temperature=rubric.temperature if judging.judge.takes_temperature else None,
            schema=rubric.schema if judging.structured else None, replicate=vote,
        )
        for vote in range(votes_of(case, rubric))
    )  # fmt: skip


def _most_chars(judge: Model, rubric: Rubric) -> int:
    if judge.context is None:
        return MOST_CHARS
    left = (judge.context - rubric.max_tokens) * _CHARS_A_TOKEN - len(rubric.system) - len(rubric.user)
    return max(0, min(MOST_CHARS, left))


def fenced(template: str, material: Mapping[str, str]) -> str:
    """The template with every hole filled by its material between lines that the material cannot contain."""
    code = hashlib.sha256("\x00".join(material.values()).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    parts = template
    for name in material:
        parts = parts.replace("{" + name + "}", f"\x00{name}\x00")
    pieces = parts.split("\x00")
    shown = [piece if place % 2 == 0 else f"<{piece} {code}>\n{_shown(material[piece])}\n</{piece} {code}>"
             for place, piece in enumerate(pieces)]  # fmt: skip
    return "".join(shown)


def _shown(text: str) -> str:
    # Lone surrogates cannot be sent; a NUL would end the text for some servers.
    clean = text.encode("utf-8", "replace").decode().replace("\x00", "�").strip()
    return clean or "(nothing)"


def situation(case: Case) -> str:
    """What the model was faced with, for a judge: the same in every arm and tier."""
    trial = case.trial
    setting = case.library.setting(trial.condition.setting)
    text = setting.variants[trial.condition.variant].situation or setting.situation
    for tier, label in setting.labels[trial.condition.labels].items():
        text = text.replace("{" + tier.value + "}", label)
    return text


def asked(case: Case) -> str:
    """The request as the model read it, with its options where it had any, without the tier's tag."""
    query, reading = case.trial.query, case.trial.prompt.reading
    options = {reading.get(role): query.fields.get(f"option_{role}", "") for role in ("policy", "value")}
    lines = [f"{letter}: {text}" for letter, text in sorted((k, v) for k, v in options.items() if k and v)]
    return "\n".join((query.text, *lines))


def ruling(case: Case, requests: tuple[Request, ...], rubric: Rubric) -> Verdict | str:
    """The verdict of a judge that votes once, or the reason why there is none."""
    if not requests:
        return nobody(case, rubric)
    return verdict(case.reply(requests[0]), rubric)


def nobody(case: Case, rubric: Rubric) -> str:
    """Why no judge was asked."""
    judge = case.judging.judge
    if judge is None:
        return NO_JUDGE
    return f"longer than {_most_chars(judge, rubric):,} characters, which is more than {judge.label} reads with care"
