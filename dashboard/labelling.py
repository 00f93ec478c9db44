"""What a person who labels is given: which samples, in which order, and what of each, blind to where it is from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cache.store import Store
from dashboard.labelled import chosen_measure, items_of
from dashboard.results import Results
from facts.catalog import Library
from facts.errors import FactError
from runners import metrics, rubric
from runners.keep import kept
from runners.labels.draw import Drawn, draw
from runners.labels.file import Labels
from runners.labels.label import MOST_DRAWN, Drawing
from runners.planning import queries_of
from runners.transcript import split

LARGEST_SEED = 2**53 - 1  # beyond it a browser's numbers are no longer whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that a labeller sees of one sample. ``reasoning`` is empty where the metric's judge does not read it."""

    request: str
    reasoning: str
    visible: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strata:
    """How many strata (a condition and a verdict each) there are, are finished and are begun, not saying which."""

    count: int
    finished: int
    begun: int


def can_label(results: Results) -> list[str]:
    """The metrics of a comparison whose classes a person can give to a sample as a whole."""
    return [name for name in results.metrics if metrics.find(name).SCOPE == "sample"]


def checked(metric: str) -> None:
    """Raises ``FactError`` for a metric that does not read the sample as a whole."""
    if metrics.find(metric).SCOPE != "sample":
        raise FactError(f"answers of {metric} cannot be labelled yet; label a metric that reads the sample itself")


def drawn(results: Results, metric: str, drawing: Drawing) -> Drawn:
    """The samples drawn for labelling. Raises ``FactError`` where there is nothing to draw from."""
    checked(metric)
    _, counts = chosen_measure(metric, drawing.measure)
    items = items_of(results, metric, counts)
    if not items:
        raise FactError(f"no sample of {results.comparison.name} has a verdict of {metric} yet; run it first")
    return draw(items, per=drawing.per, seed=drawing.seed, own=drawing.own)


def reads_thoughts(metric: str) -> bool:
    """Whether the metric reads the private reasoning: where its judge does not, a labeller must not either."""
    found = metrics.find(metric)
    return bool(found.MONITORED_ONLY) or found.SCOPE == "fact" or metric == "tier_awareness"


def requests_of(results: Results, library: Library) -> dict[str, str]:
    """The query behind each sample, without the tag that names its tier: the same words in every condition."""
    texts = [query.text for query in queries_of(results.comparison, library.setting(results.comparison.setting))]
    return {row.key: texts[row.query] for model in results.models for row in model.rows}


def shown(store: Store, key: str, request: str, *, thoughts: bool) -> Shown | None:
    """What is seen of one sample, not where it is from; None where it is not kept any more."""
    sample = kept(store, [key]).get(key)
    if sample is None:
        return None
    parts = split(sample)
    return Shown(request=request, reasoning=(parts.reasoning or "") if thoughts else "",
                 visible=parts.visible or "(nothing)")  # fmt: skip


def instructions(metric: str, results: Results) -> str:
    """What the metric's judge is told, for a person to go by; else what the metric is about."""
    found = metrics.find(metric)
    if found.KIND != "judge" or metric not in rubric.names():
        return found.ABOUT
    pinned = [entry.partition("@")[2] for entry in results.comparison.rubrics if entry.partition("@")[0] == metric]
    told = rubric.find(metric, int(pinned[0]) if pinned else None).system
    return told.rpartition("\n\nReply with one JSON object")[0] or told


def strata(found: Drawn, labelled: Mapping[str, object]) -> Strata:
    """How far each stratum is, unnamed: neither a condition nor a count of verdicts can be told from it."""
    sizes: dict[tuple[str, bool], list[bool]] = {}
    for key, items in found.hidden.items():
        for item in items:
            sizes.setdefault((item.condition, item.verdict), []).append(key in labelled)
    shares = [sum(done) / len(done) for done in sizes.values()]
    return Strata(count=len(shares), finished=sum(share == 1 for share in shares),
                  begun=sum(share > 0 for share in shares))  # fmt: skip


def largest_draw(labels: Labels, measure: str) -> Drawing | None:
    """The drawing that labelling goes on with: the largest of those that are everyone's; None before the first."""
    shared = [d for d in labels.drawings if d.measure == measure and not d.own]
    return max(shared, key=lambda d: d.per, default=None)


def draw_numbers(before: Drawing | None) -> tuple[int, int]:
    """How many samples and which seed the page begins with: those of the drawing before, within what it can hold."""
    if before is None:
        return 20, 0
    return min(before.per, MOST_DRAWN), max(-LARGEST_SEED, min(before.seed, LARGEST_SEED))


def keys_of(classes: Sequence[str]) -> dict[str, str]:
    """A digit for each class, from 1 on."""
    return {str(number): name for number, name in enumerate(classes, 1)}
