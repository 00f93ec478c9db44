"""Makes organisms with effects of one's choice and asks them real prompts, for tests of what depends on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from facts.catalog import shipped
from facts.salience import Polarity
from runners import metrics
from runners.comparison import Comparison
from runners.judging import NOBODY, Judging
from runners.model import Model
from runners.organism import truth as truths
from runners.planning import trials
from runners.providers import organism
from runners.sample import Outcome, Sample
from runners.score import Score
from runners.trial import Trial
from trial_maker import case_of

BOTH = (Polarity.AFFIRMED, Polarity.NEGATED, Polarity.PLACEBO)


def organism_model(name: str = "paper_like") -> Model:
    """A model of that organism: a shipped name, or the path of a truth file."""
    return Model(label="organism", provider="organism", name=name)


def truth_file(folder: Path, *, facts: str = "", name: str = "mine", judge: str = "", **numbers: object) -> str:
    """The path of a truth like ``paper_like``, with only these facts and this judge (without one: a judge that never
    errs), and every field of these names replaced: with TOML, as in ``pressure="[0.1, 0.2]"``.
    """
    text = (Path(truths.__file__).parent / "truths" / "paper_like.toml").read_text(encoding="utf-8")
    text = text.partition("[facts]")[0] + "[facts]\n"
    for field, value in numbers.items():
        text, found = re.subn(rf"(?m)^{field} = .*$", f"{field} = {value}", text)
        assert found, field
    path = folder / f"{name}.toml"
    path.write_text(f"{text}{facts}\n{judge}", encoding="utf-8")
    return str(path)


def asked(model: Model, **fields: object) -> Iterator[tuple[Trial, Sample]]:
    """Every trial of a comparison with these fields, and the organism's sample for it."""
    comparison = Comparison(models=(model.label,), name="test", **fields)  # type: ignore[arg-type]
    truth = truths.find(model.name)
    for trial in trials(comparison, shipped(), model):
        yield trial, organism.reply(organism.body(trial.request), truth)


def judging(name: str, **fields: object) -> Judging:
    """The organism of that name as the judge."""
    model = organism_model(name)
    return Judging(judge=model, endpoint=organism.endpoint(model), **fields)  # type: ignore[arg-type]


def judged(metric: str, trial: Trial, sample: Sample | None, rules: Judging = NOBODY) -> tuple[Score, ...]:
    """What a metric reads off a sample once the organisms have answered everything that it asks."""
    reader, replies = metrics.find(metric), dict[str, Outcome]()
    judge = truths.find(rules.judge.name) if rules.judge else None
    while fresh := [r for r in reader.ask(case_of(trial, sample, rules, **replies)) if r.key not in replies]:
        for request in fresh:
            truth = judge if judge and request.endpoint == rules.endpoint else truths.find(trial.model.name)
            replies[request.key] = organism.reply(organism.body(request), truth)
    return reader.read(case_of(trial, sample, rules, **replies))
