"""The static twin of the dashboard: one HTML file of figures, tables, methods and transcripts that fetches nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cache.store import Store
from dashboard.figure import Figure, View, said_words, strongest
from dashboard.findings import Findings
from dashboard.gallery import BRIEF, HEADLINES, figure_named, figures_of_comparison, figures_of_measure
from dashboard.marked import marked_html
from dashboard.measured import measures
from dashboard.methods import doubt_lines, methods_paragraphs
from dashboard.prompt_marks import marks
from dashboard.reading import Reading
from dashboard.render import render
from dashboard.report_tables import Table, class_table, effect_table, failure_table, rate_table, size_table
from dashboard.results import Results
from dashboard.tables import Tables
from dashboard.transcripts import chosen
from facts.catalog import Library
from runners.progress import Progress
from runners.score import Score

# The report holds no script; nothing may be loaded from anywhere.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_CSS = Path(__file__).with_suffix(".css")
_PAGE = 10  # transcripts that one fold holds
_CLAIMS = 5
_FIRST = ("rates", "ladder", "effects")  # figures that stand open
_CLIP = re.compile(r'(id="|url\(#)((?:clip|gradient)[\w]*)')


def report_html(results: Results, library: Library, store: Store, last: Progress | None = None) -> str:
    """The report as one HTML document; every text in it is escaped. Raises ``RenderError`` and ``FactError``.

    The same samples give the same bytes. ``last`` is the last run, for its failures.
    """
    findings = Findings(results, library)
    found = [findings.tables(name) for name in measures(results)]
    c = results.comparison
    title = f"{c.name}: report" + (" (SIMULATED)" if results.simulated else "")
    failed = failure_table(last)
    parts = [
        f"<h1>{_text(title)}</h1>",
        f'<p class="about">{_text(c.note or f"{c.setting}, {c.channel.value}, {c.design}")}</p>',
        *(f'<p class="doubt">{_text(line)}</p>' for line in doubt_lines(results)),
        _contents(_sections(found)),
        f'<p class="about">Of the measures after the first {HEADLINES}, rates and effects are drawn here; every figure '
        "of every measure is on the page Results, and in figures.html of the exported zip.</p>"
        if len(found) > HEADLINES else "",
        '<h2 id="size">Planned and kept</h2>', _table(size_table(results)),
        *(("<h3>Failures of the last run</h3>", _table(failed)) if failed.rows else ()),
        *_figures(findings, found),
        '<h2 id="methods">Methods</h2>',
        *(f"<p>{_text(part)}</p>" for part in methods_paragraphs(results, found, library)),
        '<h2 id="transcripts">Transcripts</h2>', *_transcripts(results, library, store),
    ]  # fmt: skip
    css = _CSS.read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width">
<title>{_text(title)}</title>
<style>
{css}</style>
</head>
<body>
{chr(10).join(parts)}
</body>
</html>
"""


def _contents(sections: Sequence[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="#{name}">{_text(words)}</a></li>' for name, words in sections)
    return f'<nav><ul class="contents">{items}</ul></nav>'


def _sections(found: Sequence[Tables]) -> list[tuple[str, str]]:
    """The anchors of the report, with their words."""
    return [("size", "Planned and kept"), ("whole", "Of several measures at once"),
            *((f"measure-{number}", table.title) for number, table in enumerate(found, start=1)),
            ("methods", "Methods"), ("transcripts", "Transcripts")]  # fmt: skip


def _figures(findings: Findings, found: Sequence[Tables]) -> Iterable[str]:
    results, view = findings.results, View()
    groups = [("whole", list(figures_of_comparison(findings, view)))]
    groups += [
        (f"measure-{number}", list(_worth_drawing(findings, table, number))) for number, table in enumerate(found, 1)
    ]
    specs = tuple(figure.spec for _, group in groups for figure in group)
    drawings = iter(enumerate(render(specs) if specs else (), start=1))
    yield '<h2 id="whole">Of several measures at once</h2>'
    if not groups[0][1]:
        yield "<p>This comparison has nothing to draw here.</p>"
    for figure in groups[0][1]:
        yield from _figure(figure, *next(drawings))
    mark = " (SIMULATED)" if results.simulated else ""
    for (name, group), table in zip(groups[1:], found, strict=True):
        yield f'<h2 id="{name}">{_text(table.title)}</h2>'
        doubt = "SIMULATED: " if results.simulated else ""
        yield from (f"<p>{_text(doubt + point.takeaway)}</p>" for point in strongest(table.every)[:_CLAIMS])
        inside = {figure.name: "".join(_figure(figure, *next(drawings))) for figure in group}
        first = [inside.pop(figure) for figure in _FIRST if figure in inside]
        yield from first
        if inside:
            yield f"<details><summary>Further figures{mark}</summary>{''.join(inside.values())}</details>"
        yield f"<details><summary>Table of rates and gaps{mark}</summary>{_table(rate_table(table))}</details>"
        yield f"<details><summary>Table of effects{mark}</summary>{_table(effect_table(table))}</details>"
        counts = class_table(results, results.measures()[table.measure])
        yield f"<details><summary>Counts of classes{mark}</summary>{_table(counts)}</details>"


def _worth_drawing(findings: Findings, table: Tables, number: int) -> Iterable[Figure]:
    """Every figure of the first measures; of the others, which drawing takes long for, those that are read first."""
    if number <= HEADLINES:
        yield from figures_of_measure(findings, table.measure, View())
        return
    for name in BRIEF:
        figure = figure_named(name, findings, table.measure, View())
        if figure.chart:
            yield figure


def _figure(figure: Figure, number: int, drawing: Mapping[str, bytes]) -> Iterable[str]:
    svg = _CLIP.sub(rf"\g<1>f{number}-\g<2>", drawing["svg"].decode())
    yield f'<figure role="group" aria-label="{_text(figure.about)}">{svg}'
    said = f"<strong>{_text(said_words(figure))}</strong> " if figure.takeaway else ""
    yield f"<figcaption>{said}{_text(figure.caption)}</figcaption></figure>"


def _transcripts(results: Results, library: Library, store: Store) -> Iterable[str]:
    readings = list(chosen(results, library, store))
    if not readings:
        yield "<p>No sample is kept yet.</p>"
        return
    about = f"{len(readings)} of {results.kept:,} kept samples: replicate 1 of the first queries, in every condition"
    yield f'<p class="about">{about}. Facts are marked in the prompts.</p>'
    for start in range(0, len(readings), _PAGE):
        page, first = readings[start : start + _PAGE], start + 1
        inside = "".join(_transcript(reading, library) for reading in page)
        yield f'<details name="page"><summary>Transcripts {first}–{first + len(page) - 1}</summary>{inside}</details>'


def _transcript(reading: Reading, library: Library) -> str:
    trial, sample = reading.trial, reading.sample
    mark = "SIMULATED · " if reading.simulated else ""
    title = f"{mark}{trial.model.label} · {trial.condition.arm} · {trial.condition.tier.value} · {trial.query.id}"
    prompt = "".join(
        f"<h4>{_text(message.role)}</h4>{marked_html(message.text, found)}"
        for message, found in zip(trial.prompt.messages, marks(trial.prompt, library), strict=True)
    )
    thinking = reading.transcript.reasoning
    scores = Table(header=("Metric", "Class", "Evidence or reason"), rows=tuple(
        (f"{name} {score.fact}".strip(), score.value or "unscored", _evidence(score))
        for name, group in reading.scores.items() for score in group
    ))  # fmt: skip
    return "".join((
        f"<h3>{_text(title)}</h3>",
        f'<p class="about">key {_text(trial.key)} · stop {_text(sample.stop.value)} · {_text(sample.model)}</p>',
        f"<details><summary>Prompt</summary>{prompt}</details>",
        f"<h4>Reasoning</h4><pre>{_text(thinking)}</pre>" if thinking else "",
        f"<h4>Reply</h4><pre>{_text(reading.transcript.visible or '(nothing)')}</pre>",
        _table(scores),
    ))  # fmt: skip


def _evidence(score: Score) -> str:
    return " — ".join(part for part in (score.evidence, score.reason) if part)


def _table(table: Table) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in table.header)
    rows = "".join(
        "<tr>" + "".join(f'<td class="number">{cell:,}</td>' if isinstance(cell, int) else f"<td>{_text(cell)}</td>"
                         for cell in row) + "</tr>"
        for row in table.rows
    )  # fmt: skip
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _text(text: str) -> str:
    return html.escape(text, quote=True)
