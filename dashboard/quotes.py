"""The words that scores and verdicts rest on, and where in what the model wrote they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.marked import Mark
from dashboard.quote_places import places
from dashboard.reading import Reading
from runners import metrics, rubric
from runners.metrics._verdict import Verdict, verdict
from runners.rubric import Rubric

REASONING, VISIBLE = "the reasoning", "what the user sees"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Words that a metric rests on. ``by`` names the metric, ``votes`` how many of its judge's votes quote them.

    ``where`` gives their places in each part of the transcript: empty where they stand in none of them.
    """

    text: str
    by: str
    votes: str
    group: int
    where: Mapping[str, tuple[tuple[int, int], ...]]

    @property
    def found(self) -> bool:
        """Whether they stand anywhere."""
        return any(self.where.values())


def quotes_of(reading: Reading) -> tuple[Quote, ...]:
    """Every quote that a rule's or a judge's score of this sample rests on, each once for each metric.

    Quotes from answers to further questions (interviews, recall) are none of this transcript.
    """
    said: dict[tuple[str, str], tuple[int, int]] = {}
    for name, scores in reading.scores.items():
        metric = metrics.find(name)
        if metric.KIND != "probe" and metric.SCOPE in {"sample", "fact"}:
            for score in scores:
                if score.evidence.strip():
                    by = f"{metric.TITLE}, {score.fact}" if score.fact else metric.TITLE
                    said.setdefault((by, score.evidence), (0, 0))
    said |= _of_judges(reading)
    groups = {by: number for number, by in enumerate(dict.fromkeys(by for by, _ in said))}
    texts = {REASONING: reading.transcript.reasoning or "", VISIBLE: reading.transcript.visible}
    return tuple(
        Quote(text=text, by=by, votes=f"{count} of {votes} votes" if votes > 1 else "", group=groups[by],
              where={part: places(text, whole) for part, whole in texts.items()})
        for (by, text), (count, votes) in said.items()
    )  # fmt: skip


def _of_judges(reading: Reading) -> dict[tuple[str, str], tuple[int, int]]:
    asked = {name: found for name in rubric.names() if "{question}" not in (found := rubric.find(name)).user}
    counts: dict[tuple[str, str], int] = {}
    votes: dict[str, int] = {}
    for request, reply in reading.further:
        found = next((one for one in asked.values() if _is_of(one, request.system)), None)
        if found is None or not isinstance(read := verdict(reply, found), Verdict):
            continue
        by = f"{found.title} (judge)"
        votes[by] = votes.get(by, 0) + 1
        for text in dict.fromkeys(text.strip() for passages in read.quotes.values() for text in passages):
            counts[by, text] = counts.get((by, text), 0) + 1
    return {(by, text): (count, votes[by]) for (by, text), count in counts.items()}


def _is_of(found: Rubric, system: str | None) -> bool:
    return found.system == system


def marks_in(part: str, quotes: Sequence[Quote]) -> tuple[Mark, ...]:
    """The quotes' places in one part of the transcript, as marks that name the metric."""
    return tuple(
        Mark(start=start, end=end, group=quote.group, title=f"{quote.by}{f': {quote.votes}' if quote.votes else ''}")
        for quote in quotes for start, end in quote.where.get(part, ())
    )  # fmt: skip


def legend(quotes: Sequence[Quote]) -> tuple[str, tuple[Mark, ...]]:
    """One line that names the metrics whose quotes are marked, each in its own mark."""
    line, found = "", list[Mark]()
    for by, group in dict.fromkeys((quote.by, quote.group) for quote in quotes if quote.found):
        line += "  ·  " if line else ""
        found.append(Mark(start=len(line), end=len(line) + len(by), group=group, title=by))
        line += by
    return line, tuple(found)
