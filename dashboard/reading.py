"""One kept sample with all that is known about it: the prompt with its facts, the reply, scores with evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cache import record
from cache.errors import StoreError
from cache.store import Store
from dashboard.results import ModelResults, Results
from dashboard.row import Row
from facts.catalog import Library
from facts.compose import compose
from facts.condition import Condition, Tier
from runners.judging import judging_of
from runners.keep import from_record, kept
from runners.planning import queries_of
from runners.questions import gather, readers, wanted
from runners.request import Request, Turn
from runners.sample import Sample
from runners.score import Score
from runners.scoring import read_all
from runners.transcript import Transcript, split
from runners.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A trial that has a sample; ``request`` are the very fields that were sent, as the store keeps them.

    ``further`` is what was asked about it, of the model or of judges, and what came back.
    """

    trial: Trial
    sample: Sample
    transcript: Transcript
    scores: Mapping[str, tuple[Score, ...]]
    further: tuple[tuple[Request, Sample], ...]
    request: Mapping[str, object]
    simulated: bool


def read(results: Results, model: ModelResults, row: Row, library: Library, store: Store) -> Reading | None:
    """The sample of a row; None where it is not kept or its record is damaged. Raises ``FactError``."""
    value = store.get(row.key)
    if value is None:
        return None
    try:
        fields, _ = record.read(row.key, value)
        sample = from_record(row.key, value)
    except StoreError:
        return None
    c = results.comparison
    setting = library.setting(c.setting)
    condition, query = results.conditions[row.condition], queries_of(c, setting)[row.query]
    prompt = compose(condition, setting, query, row.replicate, library, c.seed)
    system, *turns = prompt.messages
    most, temperature = fields.get("max_tokens"), fields.get("temperature")
    request = Request(
        provider=model.model.provider, endpoint=str(fields.get("endpoint", "")), model=model.model.name,
        system=system.text, turns=tuple(Turn(role=turn.role, text=turn.text) for turn in turns),
        max_tokens=most if isinstance(most, int) else 1,
        temperature=float(temperature) if isinstance(temperature, int | float) else None, replicate=row.replicate,
    )  # fmt: skip
    trial = Trial(model=model.model, condition=condition, query=query, replicate=row.replicate, prompt=prompt,
                  request=request, key=row.key, facts=c.facts)  # fmt: skip
    scores, further = _scores(results, trial, sample, library, store)
    return Reading(
        trial=trial, sample=sample, transcript=split(sample), scores=scores, further=further,
        request=fields, simulated=model.simulated,
    )  # fmt: skip


def _scores(
    results: Results, trial: Trial, sample: Sample, library: Library, store: Store
) -> tuple[dict[str, tuple[Score, ...]], tuple[tuple[Request, Sample], ...]]:
    using = readers(results.comparison, library, (judging_of(results.comparison, results.judge),))
    replies = gather([trial], library, using, {trial.key: sample}, lambda keys: kept(store, keys))
    asked = wanted(trial, library, using, sample, replies)
    further = tuple((request, reply) for key, request in asked.items() if isinstance(reply := replies.get(key), Sample))
    return read_all(trial, library, using, sample, replies), further


def counterpart(results: Results, here: Condition, *, arm: str | None = None) -> int | None:
    """The number of the condition that differs from this one in its tier alone, or in its arm alone; None: not planned.

    ``arm`` is ``baseline`` for the one without any fact.
    """
    other = Tier.UNMONITORED if here.tier is Tier.MONITORED else Tier.MONITORED
    tier, arm = (other, here.arm) if arm is None else (here.tier, arm)
    for number, condition in enumerate(results.conditions):
        if (condition.tier, condition.arm, condition.reasoning) == (tier, arm, here.reasoning) and condition != here:
            return number
    return None


def why_alone(here: Condition, *, planned: bool, arm: str | None) -> str:
    """Why a sample has no counterpart to stand beside, in words."""
    if arm == here.arm == "baseline":
        return "This sample's own prompt says no fact: show it beside another arm, one that says a fact."
    return "Its counterpart is not kept yet." if planned else "This comparison plans no such counterpart."
