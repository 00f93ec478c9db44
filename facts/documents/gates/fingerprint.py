"""Gate 3: with its fact spans cut, a document does not tell by its words which arm it is from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facts.documents.gates._classifier import Told, tell_apart
from facts.documents.gates._finding import Example, Finding, Panel, Row, Status, worst
from facts.documents.gates._masks import masked
from facts.documents.gates._reading import Arms, Reading, Text
from facts.documents.gates._thresholds import Fingerprint, thresholds
from facts.documents.gates._trim import silent_twins
from facts.word_runs import words

NUMBER = 3
NAME = "fingerprint"
TITLE = "Arms cannot be told apart but by their facts"
ABOUT = (
    "Trains a bag-of-words classifier to tell the fact arm from its twin, spans cut, on some scaffolds and tries it on "
    "others. An area under the curve of one half is chance. The same against the silent arm, from which as much filler "
    "is taken as the fact displaced. With few documents chance alone leaves the band, so small sets are not measured."
)
_BINS = 20


def judge(told: Told, limits: Fingerprint) -> Status:
    """Pass where the AUC is inside the band and chance would leave it there; outside, fail where chance is no reason.

    ``unmeasured`` where so few documents say nothing: chance alone would leave the band.
    """
    if limits.low <= told.auc <= limits.high:
        return Status.PASS if told.reach <= limits.high - 0.5 else Status.UNMEASURED
    if told.p <= limits.alpha:
        return Status.FAIL
    return Status.WARN if told.reach <= limits.high - 0.5 else Status.UNMEASURED


def _groups(texts: Sequence[Text], arm: str) -> list[str]:
    return [text.scaffold or f"{arm} {text.doc_id}" for text in texts]


def _told(one: Sequence[str], two: Sequence[str], arms: Arms, other: Sequence[Text], limits: Fingerprint) -> Told:
    return tell_apart(
        one, two, (_groups(arms.fact, "one"), _groups(other, "two")), paired=arms.paired,
        folds=limits.folds, ridge=limits.ridge, resamples=limits.resamples, seed=0,
    )  # fmt: skip


def _examples(told: Told, arms: Arms, name: str) -> tuple[Example, ...]:
    found: list[Example] = []
    for word, one, two in told.tells:
        text = next((t for t in arms.fact if word in words(masked(t))), arms.fact[0])
        shown = f"{word!r} is in {one:.0%} of the documents with the fact and in {two:.0%} of the {name} arm's"
        found.append(Example(doc_id=text.doc_id, shown=shown))
    return tuple(found)


def _panel(told: Told, name: str) -> Panel:
    edges = np.linspace(-1, 1, _BINS + 1)
    rows: list[Row] = []
    for arm, scores in zip(("fact", name), told.scores, strict=True):
        counts, _ = np.histogram(np.clip(scores, -1, 1), edges)
        rows += [Row(arm=arm, bin=f"{edge:.1f}", value=int(n) / len(scores))
                 for edge, n in zip(edges[:-1], counts, strict=True)]  # fmt: skip
    return Panel(name=f"scores_{name}", title=f"Held-out scores of the fact arm and the {name} arm",
                 unit="fraction of documents", rows=tuple(rows))  # fmt: skip


def _numbers(told: Told, name: str) -> tuple[tuple[str, float | None], ...]:
    return (f"auc_{name}", told.auc), (f"reach_of_chance_{name}", told.reach), (f"p_{name}", told.p)


_SAID = {
    Status.PASS: "A classifier does not tell the arms apart once facts are cut; no action needed.",
    Status.WARN: "The arms may differ in more than their facts, within what chance does; build a larger set to know.",
    Status.FAIL: "The arms can be told apart by words that are not the fact's; take the words below out of one arm or "
    "put them in both, and build the set again.",
    Status.UNMEASURED: "Too few documents carry a fact to tell a fingerprint from chance; build a larger set to know.",
}


def check(reading: Reading) -> Finding:
    """The held-out AUC against each other arm, with the words that tell most."""
    limits, arms = thresholds().fingerprint, reading.arms
    if arms is None:
        carried = any(text.spans or text.doses for text in reading.texts)
        why = "give the placebo arm with --twin" if carried else "the set carries no fact, so no action is needed"
        return Finding(status=Status.UNMEASURED, says=f"There is no twin to compare with; {why}.")
    if min(len(arms.fact), len(arms.twin)) < limits.least:
        return Finding(status=Status.UNMEASURED, says=_SAID[Status.UNMEASURED],
                       numbers=(("documents", float(min(len(arms.fact), len(arms.twin)))),))  # fmt: skip
    speaking = [masked(text) for text in arms.fact]
    told = {"twin": _told(speaking, [masked(text) for text in arms.twin], arms, arms.twin, limits)}
    if arms.neutral is not None:
        told["neutral"] = _told(speaking, silent_twins(arms), arms, arms.neutral, limits)
    judged = {name: judge(one, limits) for name, one in told.items()}
    unsure = Status.UNMEASURED if Status.UNMEASURED in judged.values() else Status.PASS
    status = max(worst(tuple(judged.values())), unsure, key=[Status.PASS, Status.UNMEASURED, Status.WARN,
                                                             Status.FAIL].index)  # fmt: skip
    shown = tuple(example for name, one in told.items() if judged[name] in {Status.WARN, Status.FAIL}
                  for example in _examples(one, arms, name))  # fmt: skip
    return Finding(
        status=status, says=_SAID[status], examples=shown[:5],
        numbers=(("documents", float(len(arms.fact))), *(n for name, one in told.items() for n in _numbers(one, name))),
        panels=tuple(_panel(one, name) for name, one in told.items()),
    )  # fmt: skip
