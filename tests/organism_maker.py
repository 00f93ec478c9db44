"""Makes organisms with effects of one's choice and asks them real prompts, for tests of what depends on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from facts.catalog import shipped
from facts.salience import Polarity
from runners.comparison import Comparison
from runners.model import Model
from runners.organism import truth as truths
from runners.planning import trials
from runners.providers import organism
from runners.sample import Sample
from runners.trial import Trial

BOTH = (Polarity.AFFIRMED, Polarity.NEGATED, Polarity.PLACEBO)


def organism_model(name: str = "paper_like") -> Model:
    """A model of that organism: a shipped name, or the path of a truth file."""
    return Model(label="organism", provider="organism", name=name)


def truth_file(folder: Path, *, facts: str = "", name: str = "mine", **numbers: float) -> str:
    """The path of a truth like ``paper_like``, with only these facts and every field of these names replaced."""
    text = (Path(truths.__file__).parent / "truths" / "paper_like.toml").read_text(encoding="utf-8")
    text = text.partition("[facts]")[0] + "[facts]\n" + facts
    for field, value in numbers.items():
        text, found = re.subn(rf"(?m)^{field} = .*$", f"{field} = {value}", text)
        assert found, field
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def asked(model: Model, **fields: object) -> Iterator[tuple[Trial, Sample]]:
    """Every trial of a comparison with these fields, and the organism's sample for it."""
    comparison = Comparison(models=(model.label,), name="test", **fields)  # type: ignore[arg-type]
    truth = truths.find(model.name)
    for trial in trials(comparison, shipped(), model):
        yield trial, organism.reply(organism.body(trial.request), truth)
