"""Gate 4: documents do not repeat each other, neither with their fact spans cut nor with them."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from facts.documents.gates._finding import Example, Finding, Panel, Row, Status, worst
from facts.documents.gates._masks import masked
from facts.documents.gates._overlap import Overlap, overlap
from facts.documents.gates._reading import Reading, Text
from facts.documents.gates._thresholds import Diversity, thresholds
from facts.documents.turns import shuffled
from facts.word_runs import words

NUMBER = 4
NAME = "diversity"
TITLE = "Documents do not repeat each other"
ABOUT = (
    "How far gzip shrinks 40 kB of the set, how many runs of five words random pairs and nearest neighbours share "
    "(Jaccard), how many pairs of words are new, and how often one name comes back. The rest of a document, spans cut, "
    "is what gates judge; with the fact's own wordings in, figures are shown beside, since a bank is finite."
)
# Two capitalised words inside a sentence: most often a person.
_NAME = re.compile(r"(?<=[a-z,] )([A-Z][a-z]+ [A-Z][a-z]+)\b")
_BINS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """How varied texts are; ``None`` where there is too little text to say."""

    gzip: float | None
    distinct: float | None
    overlap: Overlap | None
    nearest: float | None  # the 95th percentile
    close: float | None  # share of documents whose nearest neighbour is too near


def varied(texts: Sequence[str], limits: Diversity) -> Varied:
    """Measures of the texts, whatever their order."""
    order = shuffled(len(texts), "diversity")
    drawn = [texts[n] for n in order]
    shared = None
    if len(texts) >= limits.least:
        shared = overlap(texts, limits.words, limits.pairs, limits.work, limits.sample, 0)
    near = None if shared is None else float(np.quantile(shared.nearest, 0.95))
    close = None if shared is None else float(np.mean(shared.nearest > limits.nearest_fail))
    return Varied(
        gzip=_gzip(drawn, limits), distinct=_distinct(drawn, limits), overlap=shared, nearest=near, close=close
    )


def _gzip(texts: Sequence[str], limits: Diversity) -> float | None:
    """The mean ratio of windows of ``gzip_bytes``; ``None`` where there is less text than one."""
    ratios: list[float] = []
    window, size = list[bytes](), 0
    for text in texts:
        data = text.encode() + b"\n"
        window.append(data)
        size += len(data)
        if size >= limits.gzip_bytes:
            whole = b"".join(window)[: limits.gzip_bytes]
            ratios.append(len(whole) / len(gzip.compress(whole, 9, mtime=0)))
            window, size = [], 0
        if len(ratios) == limits.gzip_windows:
            break
    return sum(ratios) / len(ratios) if ratios else None


def _distinct(texts: Sequence[str], limits: Diversity) -> float | None:
    pairs: list[tuple[str, str]] = []
    for text in texts:
        said = words(text)
        pairs += pairwise(said)
        if len(pairs) >= limits.distinct_words:
            return len(set(pairs[: limits.distinct_words])) / limits.distinct_words
    return None


def commonest_name(texts: Sequence[Text]) -> tuple[str, float]:
    """The person whom most documents name, as author or inside a sentence outside facts, and their share (0–1)."""
    named: Counter[str] = Counter()
    for text in texts:
        found: set[str] = set(_NAME.findall(masked(text)))
        named.update(found | ({text.author} if text.author else set()))
    name, count = max(named.items(), key=lambda row: (row[1], row[0]), default=("", 0))
    return name, count / len(texts)


def _judge(rest: Varied, whole: Varied, name: float | None, limits: Diversity) -> dict[str, Status]:
    def by(value: float | None, warn: float, fail: float) -> Status:
        if value is None:
            return Status.UNMEASURED
        return Status.FAIL if value > fail else Status.WARN if value > warn else Status.PASS

    mean = None if rest.overlap is None else rest.overlap.mean
    never = float("inf")
    return {
        "gzip": by(rest.gzip, limits.gzip_warn, limits.gzip_fail),
        "gzip_whole": by(whole.gzip, limits.gzip_fail, never),
        "jaccard": by(mean, limits.jaccard_warn, limits.jaccard_fail),
        "nearest": by(rest.nearest, limits.nearest_warn, limits.nearest_fail),
        "close": by(rest.close, 0.0, never),
        "nearest_whole": by(whole.nearest, limits.nearest_fail, never),
        "distinct": by(None if rest.distinct is None else -rest.distinct, -limits.distinct_warn, never),
        "name": by(name, limits.name_warn, never),
    }


def _numbers(one: Varied, suffix: str) -> tuple[tuple[str, float | None], ...]:
    mean = None if one.overlap is None else one.overlap.mean
    looked = None if one.overlap is None else float(len(one.overlap.looked_up))
    found = {"gzip": one.gzip, "jaccard": mean, "nearest_p95": one.nearest, "close": one.close, "looked_up": looked,
             "distinct_2": one.distinct}  # fmt: skip
    return tuple((f"{name}{suffix}", value) for name, value in found.items())


def _examples(reading: Reading, rest: Varied, limits: Diversity) -> tuple[Example, ...]:
    if rest.overlap is None:
        return ()
    rows: list[Example] = []
    for place in np.argsort(-rest.overlap.nearest, kind="stable")[:5]:
        shared = float(rest.overlap.nearest[place])
        if shared > limits.nearest_warn:
            one, two = (reading.texts[int(row[place])] for row in (rest.overlap.looked_up, rest.overlap.neighbours))
            rows.append(Example(doc_id=one.doc_id, shown=f"shares {shared:.0%} of its word runs with {two.doc_id}"))
    return tuple(rows)


def _panel(measured: dict[str, Varied]) -> Panel:
    rows: list[Row] = []
    for arm, one in measured.items():
        if one.overlap is not None:
            counts, edges = np.histogram(one.overlap.nearest, _BINS, (0.0, 1.0))
            rows += [Row(arm=arm, bin=f"{edge:.2f}", value=int(n) / len(one.overlap.nearest))
                     for edge, n in zip(edges[:-1], counts, strict=True)]  # fmt: skip
    return Panel(name="nearest", title="Overlap of each document with its nearest neighbour",
                 unit="fraction of documents", rows=tuple(rows))  # fmt: skip


_SAID = {
    Status.PASS: "Documents are about as varied as our banks allow; no action needed.",
    Status.WARN: "Documents repeat each other more than they need to; drop near copies, or use more genres and names.",
    Status.FAIL: "Documents are near copies of each other; write them anew with more genres, frames and names.",
    Status.UNMEASURED: "Too few documents to say how varied they are; no action needed for a set this small.",
}


def check(reading: Reading) -> Finding:
    """How repetitive the set is."""
    limits = thresholds().diversity
    if not reading.texts:
        return Finding(status=Status.UNMEASURED, says=_SAID[Status.UNMEASURED])
    rest = varied([masked(text) for text in reading.texts], limits)
    cut = any(text.spans for text in reading.texts)
    whole = varied([text.content for text in reading.texts], limits) if cut else rest
    name, share = commonest_name(reading.texts)
    enough = len(reading.texts) >= limits.least
    judged = _judge(rest, whole, share if enough else None, limits)
    if len(reading.texts) * limits.name_warn < 2:  # two documents may always share a name
        judged["name"] = Status.UNMEASURED
    status, examples = worst(tuple(judged.values())), _examples(reading, rest, limits)
    if judged["name"] is Status.WARN:
        text = next(t for t in reading.texts if name in (t.author or "") or name in t.content)
        examples = (Example(doc_id=text.doc_id, shown=f"{name} is named in {share:.0%} of the documents"), *examples)
    return Finding(
        status=status, says=_SAID[status], examples=examples[:5],
        numbers=(*_numbers(rest, ""), *_numbers(whole, "_whole"), ("name_share", share if enough else None)),
        panels=(_panel({"facts cut": rest, "whole": whole}),),
    )  # fmt: skip
