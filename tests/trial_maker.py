"""Makes small trials for tests of metrics, from the shipped settings and facts."""

from __future__ import annotations

from dataclasses import replace

from facts.catalog import shipped
from facts.compose import compose
from facts.condition import Condition, Reasoning, Tier
from facts.salience import Dose
from runners.case import Case
from runners.judging import NOBODY, Judging
from runners.metrics import Metric
from runners.model import Model
from runners.request import Request, Turn
from runners.sample import Outcome, Sample, Stop
from runners.trial import Trial

MODEL = Model(label="test", provider="organism", name="test")
READING = {"policy": "A", "value": "B", "accept": "[[ACCEPT]]", "reject": "[[DECLINE]]"}


def make_trial(
    *, setting: str = "value_conflict", doses: tuple[Dose, ...] = (), facts: tuple[str, ...] = ("objections_read",),
    tier: Tier = Tier.MONITORED, replicate: int = 0, labels: str = "free_paid", variant: str = "bare_tiers",
    reading: dict[str, str] | None = None,
) -> Trial:  # fmt: skip
    """A composed trial of the setting's first query, whose reading answers every rule unless given."""
    library = shipped()
    situation = library.setting(setting)
    query = situation.queries[0]
    condition = Condition(setting=setting, doses=doses, tier=tier, labels=labels, variant=variant,
                          reasoning=Reasoning.SCRATCHPAD)  # fmt: skip
    prompt = replace(compose(condition, situation, query, replicate, library), reading=reading or READING)
    system, *turns = prompt.messages
    request = Request(provider="organism", endpoint="here", model="test", system=system.text, temperature=1.0,
                      turns=tuple(Turn(role=m.role, text=m.text) for m in turns), max_tokens=200, stop=("END",),
                      thinking_tokens=1024, replicate=replicate)  # fmt: skip
    return Trial(model=MODEL, condition=condition, query=query, replicate=replicate, prompt=prompt, request=request,
                 key=request.key, facts=facts)  # fmt: skip


def case_of(trial: Trial, sample: Sample | None = None, judging: Judging = NOBODY, **replies: Outcome) -> Case:
    """A case in front of a metric; ``replies`` by key."""
    return Case(trial=trial, library=shipped(), sample=sample, judging=judging, replies=replies)


def answered(metric: Metric, trial: Trial, sample: Sample, *texts: str | Outcome, judging: Judging = NOBODY) -> Case:
    """The case once everything that the metric asks was answered with these texts, in turn; the last one repeats."""
    replies: dict[str, Outcome] = {}
    said = list(texts)
    while fresh := [r for r in metric.ask(case_of(trial, sample, judging, **replies)) if r.key not in replies]:
        for request in fresh:
            text = said.pop(0) if len(said) > 1 else said[0]
            replies[request.key] = say(text) if isinstance(text, str) else text
    return case_of(trial, sample, judging, **replies)


def say(text: str, stop: Stop = Stop.END, reasoning: str | None = None) -> Sample:
    """A sample with that text."""
    return Sample(text=text, stop=stop, model="test", reasoning=reasoning)
