"""See how rates shift with each fact's salience, and what the tests allow to be said."""

from __future__ import annotations

import streamlit as st

from dashboard.app_pages._classes import classes_view
from dashboard.app_pages._figure import figure_view
from dashboard.app_pages._figure_choices import (
    CLASSES,
    choose_adjustment,
    choose_figure,
    choose_measure,
    choose_more,
    choose_view,
    figure_label,
)
from dashboard.app_pages._shown import shown_findings, shown_results
from dashboard.family import counted_lines, waiting
from dashboard.figure import PICK, shown_of, strongest
from dashboard.gallery import GALLERY, figure_named

_MOST = 5

st.title("See results", anchor=False)
results, library = shown_results()
name = choose_figure()
with st.grid(4, min_column_width=170):
    measure = choose_measure(results, name)
    adjust = choose_adjustment(name)
    findings = shown_findings(results, library, adjust)
    tables = findings.tables(measure)
    view = choose_view(name, tables, results)

if name == CLASSES:
    st.header("How many samples fell into each class?", anchor=False)
    classes_view(findings, results.measures()[measure])
    st.stop()
st.header(GALLERY[name].question, anchor=False)
view = choose_more(name, findings, tables, view)
figure_view(figure_named(name, findings, measure, view, pick=PICK), figure_label(name))

if name == "effects":
    points = shown_of(tables.every, view)
    if points and not waiting(points, tables):
        st.markdown("**What the tests allow to be said, of all quantities of this measure**")
        st.text("\n".join(counted_lines(tables, view)))
        for point in strongest(points)[:_MOST]:
            st.text(f"{'SIMULATED: ' if point.simulated else ''}{point.takeaway}")
