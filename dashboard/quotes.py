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
    """Words that one or more scores rest on. ``by`` names the metrics, ``votes`` how many votes of a judge quote them.

    ``where`` gives their places in each part of the transcript: empty where they stand in none of them. ``group`` is
    the first metric's number, the same in every sample of a comparison.
    """

    text: str
    by: tuple[str, ...]
    votes: str
    group: int
    where: Mapping[str, tuple[tuple[int, int], ...]]

    @property
    def found(self) -> bool:
        """Whether they stand anywhere."""
        return any(self.where.values())

    @property
    def title(self) -> str:
        """Who says so, in words."""
        return f"{'; '.join(self.by)}{f': {self.votes}' if self.votes else ''}"


def quotes_of(reading: Reading) -> tuple[Quote, ...]:
    """Every quote that a rule's or a judge's score of this sample rests on, each text once.

    Quotes from answers to further questions (interviews, recall) are none of this transcript.
    """
    judges = _of_judges(reading)
    said: dict[str, dict[str, None]] = {}
    groups: dict[str, int] = {}
    for number, (name, scores) in enumerate(reading.scores.items()):
        metric = metrics.find(name)
        groups[metric.TITLE] = number
        if metric.KIND != "probe" and metric.SCOPE in {"sample", "fact"}:
            for score in scores:
                if score.evidence.strip():
                    said.setdefault(score.evidence.strip(), {})[metric.TITLE] = None
    for by, text in judges:
        said[text] = {by: None} | said.get(text, {})
    texts = {REASONING: reading.transcript.reasoning or "", VISIBLE: reading.transcript.visible}
    return tuple(
        Quote(text=text, by=tuple(by), votes=next((judges[one, text] for one in by if (one, text) in judges), ""),
              group=groups.get(next(iter(by)), len(groups)),
              where={part: places(text, whole) for part, whole in texts.items()})
        for text, by in said.items()
    )  # fmt: skip


def _of_judges(reading: Reading) -> dict[tuple[str, str], str]:
    asked = {name: found for name in rubric.names() if "{question}" not in (found := rubric.find(name)).user}
    titles = {name: metrics.find(name).TITLE for name in reading.scores}  # a rubric bears the name of its metric
    counts: dict[tuple[str, str], int] = {}
    votes: dict[str, int] = {}
    for request, reply in reading.further:
        found = next((one for one in asked.values() if _is_of(one, request.system)), None)
        if found is None or not isinstance(read := verdict(reply, found), Verdict):
            continue
        by = titles.get(found.name, found.title)
        votes[by] = votes.get(by, 0) + 1
        for text in dict.fromkeys(text.strip() for passages in read.quotes.values() for text in passages):
            counts[by, text] = counts.get((by, text), 0) + 1
    return {
        (by, text): f"{count} of {votes[by]} votes" if votes[by] > 1 else "" for (by, text), count in counts.items()
    }


def _is_of(found: Rubric, system: str | None) -> bool:
    return found.system == system


def marks_in(part: str, quotes: Sequence[Quote]) -> tuple[Mark, ...]:
    """The quotes' places in one part of the transcript, as marks that name the metric."""
    return tuple(
        Mark(start=start, end=end, group=quote.group, title=quote.title)
        for quote in quotes for start, end in quote.where.get(part, ())
    )  # fmt: skip


def legend(quotes: Sequence[Quote]) -> tuple[str, tuple[Mark, ...]]:
    """One line that names the metrics whose quotes are marked, each in its own mark."""
    line, found = "", list[Mark]()
    for by, group in dict.fromkeys((quote.by[0], quote.group) for quote in quotes if quote.found):
        line += "  " if line else ""
        found.append(Mark(start=len(line), end=len(line) + len(by), group=group, title=by))
        line += by
    return line, tuple(found)
