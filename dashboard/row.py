"""One trial's scores as a row small enough to keep a hundred thousand: texts stay in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runners.sample import Sample, Stop
from runners.score import Score
from runners.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One trial of one model.

    ``stop`` is None where no sample is kept. ``values`` maps a metric to the class it read (None: unscored), as
    ``METRIC:FACT`` where it reads one a fact and ``METRIC/PART`` where it asks several questions; what does not apply
    to the trial is not in it. ``wordings`` are the places, in the bank, of the first wording of each of the
    comparison's facts that the prompt says, −1 for a fact that it does not say.
    """

    key: str
    condition: int
    query: int
    replicate: int
    stop: Stop | None
    values: Mapping[str, str | None]
    frame: str
    wordings: tuple[int, ...]
    reply_model: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read off one sample; thousands of rows share one. Without a sample there is nothing: ``UNREAD``."""

    stop: Stop | None
    reply_model: str | None
    values: Mapping[str, str | None]


UNREAD = Read(stop=None, reply_model=None, values={})


def read_of(sample: Sample | None, scores: Mapping[str, tuple[Score, ...]]) -> Read:
    """What a row says of a sample and its scores."""
    if sample is None:
        return UNREAD
    values: dict[str, str | None] = {}
    for name, found in scores.items():
        for score in found:
            key = f"{name}:{score.fact}" if score.fact else f"{name}/{score.part}" if score.part else name
            values[key] = score.value
    return Read(stop=sample.stop, reply_model=sample.model, values=values)


def wordings_of(trial: Trial) -> tuple[int, ...]:
    """The place of the first wording of each fact that the prompt says, −1 for one that it does not."""
    first = {span.fact: span.wording for span in reversed(trial.prompt.spans)}
    return tuple(first.get(fact, -1) for fact in trial.facts)
