"""See how rates shift with each fact's salience, and what the tests allow to be said."""

from __future__ import annotations

from typing import cast

import streamlit as st

from dashboard import state
from dashboard.app_pages._classes import classes_view
from dashboard.app_pages._figure import figure_view
from dashboard.app_pages._shown import shown_results, shown_tables
from dashboard.charts.ladder import Across
from dashboard.effects.families import Adjustment
from dashboard.figures import PICK, QUANTITIES, View, figures, slopes_over, strongest
from dashboard.measured import measures
from facts.condition import Channel

_TABS = {"Rates": "rates", "Over salience": "ladder", "Effects": "effects", "Classes": "classes"}
_ACROSS = {"level": "Level", "breadth": "Breadth", "airtime": "Airtime"}

st.title("See results", anchor=False)
results, library = shown_results()
known = measures(results)
state.keep_valid("s_measure", list(known))
labels = [model.model.label for model in results.models]
with st.grid(5, min_column_width=150):
    measure = st.selectbox("Measure", list(known), format_func=known.__getitem__, key="s_measure", bind="query-params")
    state.keep_valid("s_adjust", [one.value for one in Adjustment])
    adjust = st.selectbox(
        "Adjustment of p", [one.value for one in Adjustment], format_func=lambda name: Adjustment(name).label,
        key="s_adjust", bind="query-params", help="Max-T and Holm are for claims, Benjamini–Hochberg is for exploring",
    )  # fmt: skip
    tables = shown_tables(results, measure, library, adjust)
    quantities = list(tables.quantities) or ["monitored"]
    state.keep_valid("s_of", quantities)
    quantity = st.selectbox(
        "Effects and ladders of", quantities, format_func=QUANTITIES.__getitem__, key="s_of", bind="query-params"
    )
    ways = ["breadth"] if results.comparison.channel is Channel.FINE_TUNING else list(_ACROSS)
    ways = [name for name in ways if name != "breadth" or tables.broad] or ["level"]
    state.keep_valid("s_across", ways)
    across = st.segmented_control(
        "Across", ways, format_func=_ACROSS.__getitem__, default=ways[0], required=True, key="s_across",
        bind="query-params",
    )  # fmt: skip
    models = st.multiselect("Models", labels, placeholder="All models", key="s_models", bind="query-params")

view = View(quantity=quantity, across=cast("Across", across), models=tuple(models))
drawn = {figure.name: figure for figure in figures(tables, results, view, pick=PICK)}
points = [effect for effect in tables.every if not models or {effect.model, effect.of} & set(models)]
claims = strongest(points)
if claims:
    st.markdown("**What the tests allow to be said**")
    for point in claims[:5]:
        st.text(f"{'SIMULATED: ' if point.simulated else ''}{point.takeaway}")
elif points and (tables.look or not results.interim):
    st.text(f"No effect is shown among {len(points)} that were looked at, which does not show that there is none.")

for tab, (label, name) in zip(
    st.tabs(list(_TABS), key="s_tab", on_change="rerun", bind="query-params"), _TABS.items(), strict=True
):
    if tab.open:
        with tab:
            if name == "classes":
                classes_view(results, results.measures()[measure])
                continue
            figure_view(drawn[name], label)
            if name == "ladder":
                for slope in slopes_over(tables.slopes, view):
                    if slope.quantity == quantity:
                        st.text(f"{'SIMULATED: ' if slope.simulated else ''}{slope.takeaway}")
