"""Every figure of a comparison by name, in the order in which a reader asks, each made only when it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from dashboard.by_query import queries_figure
from dashboard.figure import Figure, View, shown_of
from dashboard.figures import effects_of, ladder_of, quantity_of, rates_of
from dashboard.findings import Findings
from dashboard.pairs import map_figure, shift_figure
from dashboard.paraphrased import wordings_figure
from dashboard.published import published_rates
from dashboard.reach import uptake_figure
from dashboard.reference import published_figure
from dashboard.stacked import outcomes_figure
from dashboard.together import interactions_figure
from dashboard.unscored import unscored_words

HEADLINES = 2  # measures, outcomes first, of which every figure is drawn as a picture in reports and zips
BRIEF = ("rates", "effects")  # figures of the other measures that are

Maker = Callable[[Findings, str, View, str], Figure]  # of findings, measure, view and the name of the selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One figure: its label, the question it answers, and whether it is of the chosen measure or of the comparison."""

    label: str
    question: str
    of_measure: bool
    make: Maker


def _rates(findings: Findings, measure: str, view: View, pick: str) -> Figure:
    setting = findings.results.comparison.setting
    beside = published_rates(setting, measure) if view.published else ()
    tables = findings.tables(measure)
    figure = rates_of(tables, findings.results, view, published=beside, pick=pick)
    return replace(figure, caption=figure.caption + unscored_words(findings, measure, shown_of(tables.rates, view)))


def _ladder(findings: Findings, measure: str, view: View, pick: str) -> Figure:
    return ladder_of(findings.tables(measure), findings.results, view, pick=pick)


def _effects(findings: Findings, measure: str, view: View, pick: str) -> Figure:
    return effects_of(findings.tables(measure), findings.results, view, pick=pick)


def _uptake(findings: Findings, measure: str, view: View, pick: str) -> Figure:
    tables = findings.tables(measure)
    return uptake_figure(tables, findings, view, quantity_of(tables, view), pick=pick)


def _wordings(findings: Findings, measure: str, view: View, pick: str) -> Figure:
    tables = findings.tables(measure)
    return wordings_figure(tables, findings.results, view, quantity_of(tables, view), pick=pick)


def _queries(findings: Findings, measure: str, view: View, pick: str) -> Figure:
    tables = findings.tables(measure)
    return queries_figure(tables, findings, view, quantity_of(tables, view), pick=pick)


def _interactions(findings: Findings, measure: str, view: View, pick: str) -> Figure:
    tables = findings.tables(measure)
    return interactions_figure(tables, findings.results, view, quantity_of(tables, view), pick=pick)


def _shift(findings: Findings, measure: str, view: View, pick: str) -> Figure:
    return shift_figure(findings.tables(measure), findings, view, pick=pick)


GALLERY: Mapping[str, Entry] = {
    "rates": Entry(label="Rates", question="How often does it happen, fact by fact and tier by tier?",
                   of_measure=True, make=_rates),
    "outcomes": Entry(label="Outcomes", question="How did every planned sample end?", of_measure=False,
                      make=lambda findings, _, view, pick: outcomes_figure(findings, view, pick=pick)),
    "ladder": Entry(label="Over salience", question="Does more of a fact do more?", of_measure=True, make=_ladder),
    "effects": Entry(label="Effects", question="Which facts change it, by which test?", of_measure=True,
                     make=_effects),
    "map": Entry(label="Map", question="Which facts make models safer and more candid?",
                 of_measure=False, make=lambda findings, _, view, pick: map_figure(findings, view, pick=pick)),
    "shift": Entry(label="Shift", question="Does a fact close the gap, or move both tiers together?",
                   of_measure=True, make=_shift),
    "uptake": Entry(label="Uptake", question="Did the fact reach the model at all?", of_measure=True, make=_uptake),
    "interactions": Entry(label="Interactions", question="Do two facts do more together than each alone?",
                          of_measure=True, make=_interactions),
    "queries": Entry(label="Queries", question="Do all queries move, or a few?", of_measure=True, make=_queries),
    "wordings": Entry(label="Wordings", question="How far does the effect depend on the words chosen?",
                      of_measure=True, make=_wordings),
    "published": Entry(label="Published", question="How does it lie beside what is published?", of_measure=False,
                       make=lambda findings, _, view, pick: published_figure(findings, view, pick=pick)),
}  # fmt: skip


def figure_named(name: str, findings: Findings, measure: str, view: View, *, pick: str = "") -> Figure:
    """One figure; raises ``KeyError`` for an unknown name or measure."""
    return GALLERY[name].make(findings, measure, view, pick)


def figures_of_measure(findings: Findings, measure: str, view: View) -> Iterator[Figure]:
    """Every figure of one measure that has something to draw; both ladders where documents carry."""
    for name, entry in GALLERY.items():
        if not entry.of_measure:
            continue
        figure = entry.make(findings, measure, view, "")
        if figure.chart:
            yield figure
        if name == "ladder" and view.across != "breadth" and findings.tables(measure).broad:
            broad = entry.make(findings, measure, replace(view, across="breadth"), "")
            # Where nothing is said in prompts the ladder is over breadth as it is.
            if broad.chart and broad.heading != figure.heading:
                yield replace(broad, name="breadth")


def figures_of_comparison(findings: Findings, view: View) -> Iterator[Figure]:
    """Every figure that speaks of several measures at once and has something to draw."""
    for entry in GALLERY.values():
        if not entry.of_measure and (figure := entry.make(findings, "", view, "")).chart:
            yield figure
