"""What a reader may choose of the results: which figure, of what, and what is hidden; all of it in the URL."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import streamlit as st

from dashboard import state
from dashboard.by_query import effect_names
from dashboard.charts.ladder import Across
from dashboard.effects.families import Adjustment
from dashboard.figure import QUANTITIES, View
from dashboard.figures import quantity_of
from dashboard.findings import Findings
from dashboard.gallery import GALLERY
from dashboard.measured import measure_words, measures
from dashboard.pairs import map_measures
from dashboard.published import published_rates
from dashboard.results import Results
from dashboard.state_results import keep_chosen, keep_wish, kept, wished
from dashboard.tables import Tables
from facts.condition import Channel

CLASSES = "classes"
_OF_QUANTITY = {"ladder", "effects", "uptake", "interactions", "queries", "wordings"}
_TESTED = _OF_QUANTITY | {"map", "shift"}
_ACROSS = {"level": "Level", "breadth": "Breadth", "airtime": "Airtime"}
_LABELS = {**{name: entry.label for name, entry in GALLERY.items()}, CLASSES: "Classes"}


def choose_figure() -> str:
    """The figure that is open; only this one is computed."""
    return st.pills(
        "Figure", list(_LABELS), format_func=_LABELS.__getitem__, default="rates", required=True, key="s_tab",
        bind="query-params", label_visibility="collapsed",
    ) or "rates"  # fmt: skip


def figure_label(name: str) -> str:
    """The figure's label and the question it answers."""
    return _LABELS[name]


def choose_measure(results: Results, figure: str) -> str:
    """The measure that the figure is of; the choice waits where a figure is of several."""
    known = measures(results)
    state.keep_valid("s_measure", list(known))
    alone = figure == CLASSES or GALLERY[figure].of_measure
    return st.selectbox(
        "Measure", list(known), format_func=known.__getitem__, key="s_measure", bind="query-params",
        disabled=not alone, help=None if alone else "This figure is of several measures at once",
    )  # fmt: skip


def choose_adjustment(figure: str) -> str:
    """How p values are adjusted; asked where a figure has any, and kept elsewhere."""
    options = [one.value for one in Adjustment]
    keep_wish("s_adjust", options)
    if figure not in _TESTED:
        return kept("s_adjust", options)
    return st.selectbox(
        "Adjustment of p", options, format_func=lambda name: Adjustment(name).label, key="s_adjust",
        on_change=wished, args=("s_adjust",), bind="query-params",
        help="Max-T and Holm are for claims, Benjamini–Hochberg is for exploring",
    )  # fmt: skip


def choose_view(figure: str, tables: Tables, results: Results) -> View:
    """What effects are of, what ladders climb (each asked where the figure heeds it), and what is hidden."""
    quantities = list(tables.quantities) or ["monitored"]
    keep_wish("s_of", quantities)
    quantity = st.selectbox(
        "Effects and ladders of", quantities, format_func=QUANTITIES.__getitem__, key="s_of", on_change=wished,
        args=("s_of",), bind="query-params",
    ) if figure in _OF_QUANTITY else kept("s_of", quantities)  # fmt: skip
    ways = ["breadth"] if results.comparison.channel is Channel.FINE_TUNING else list(_ACROSS)
    ways = [name for name in ways if name != "breadth" or tables.broad] or ["level"]
    keep_wish("s_across", ways)
    across = st.segmented_control(
        "Across", ways, format_func=_ACROSS.__getitem__, default=ways[0], required=True, key="s_across",
        on_change=wished, args=("s_across",), bind="query-params",
    ) if figure == "ladder" and len(ways) > 1 else kept("s_across", ways)  # fmt: skip
    models = _filter("Models", [model.model.label for model in results.models], "s_models")
    facts = _filter("Facts", sorted(set(results.comparison.facts)), "s_facts")
    polarities = _filter("Wordings", [polarity.value for polarity in results.comparison.polarities], "s_polarities")
    return View(quantity=quantity, across=cast("Across", across), models=models, facts=facts, polarities=polarities)


def choose_more(figure: str, findings: Findings, tables: Tables, view: View) -> View:
    """What only the open figure asks."""
    match figure:
        case "map":
            return _map(findings, view)
        case "queries":
            names = effect_names(tables, view, quantity_of(tables, view))
            if names:
                state.keep_valid("s_effect", names)
                return replace(view, effect=st.selectbox("Effect", names, key="s_effect", bind="query-params"))
        case "rates" if published_rates(findings.results.comparison.setting, tables.measure):
            shown = st.toggle("Beside published figures", key="s_published", bind="query-params")
            return replace(view, published=shown)
        case _:
            pass
    return view


def _map(findings: Findings, view: View) -> View:
    xs, ys = map_measures(findings)
    if not xs or not ys:
        return view
    state.keep_valid("s_x", list(xs))
    state.keep_valid("s_y", list(ys))
    with st.grid(2, min_column_width=240):
        x = st.selectbox("Scheming, across", xs, format_func=measure_words, key="s_x", bind="query-params")
        y = st.selectbox("Revealing, upwards", ys, format_func=measure_words, key="s_y", bind="query-params")
    return replace(view, x=x, y=y)


def _filter(label: str, options: list[str], key: str) -> tuple[str, ...]:
    keep_chosen(key, options)
    return tuple(st.multiselect(label, options, placeholder="All", key=key, bind="query-params"))
