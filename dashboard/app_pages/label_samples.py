"""Label samples blind to condition and verdict, with the keyboard, and see how good the judge is."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard import state_labels as kept
from dashboard.app_pages._boxes import problem
from dashboard.app_pages._label_report import report_view
from dashboard.app_pages._label_sample import label_view
from dashboard.app_pages._shown import shown_results
from dashboard.labelling import LARGEST_SEED, can_label, draw_numbers, largest_draw
from facts.errors import FactError
from runners import metrics
from runners.labels.label import MOST_DRAWN, Drawing, checked_name

st.title("Label samples", anchor=False)
results, library = shown_results()
known = can_label(results)
if not known:
    st.info("This comparison has no metric that reads a sample as a whole, so there is nothing to check with labels. "
            "Add one to it and run it again: kept samples cost nothing.", icon=":material/label_off:")  # fmt: skip
    state.page_link("run_comparison", "Edit this comparison", ":material/balance:")
    st.stop()
state.keep_valid(kept.METRIC, known)
with st.expander("What is labelled, and by whom", icon=":material/tune:", expanded=not kept.named()):
    st.caption(
        "Judges err, more in some conditions than in others. Say what samples are, blind to where they are from; the "
        "report then says how often the judge is right, and what the rates are without its errors."
    )
    with st.grid(4, min_column_width=180):
        metric = st.selectbox("Metric", known, key=kept.METRIC, bind="query-params",
                              format_func=lambda name: metrics.find(name).TITLE)  # fmt: skip
        state.keep_valid(kept.MEASURE, list(metrics.find(metric).MEASURES))
        measure = st.selectbox("Measure whose verdicts are drawn from", list(metrics.find(metric).MEASURES),
                               key=kept.MEASURE, bind="query-params")  # fmt: skip
        name = st.text_input("Your name", key=kept.NAME, bind="query-params", persist_state="session", max_chars=80,
                             help="Written beside each label, so that labellers can be told apart; the address of this "
                             "page holds it, so another labeller types theirs")  # fmt: skip
        try:
            before = largest_draw(kept.labels_of(results, metric), measure)
        except FactError as error:
            problem(error)
            st.stop()
        per_before, seed_before = draw_numbers(before)
        per = st.number_input("Samples per verdict and condition", 1, MOST_DRAWN, per_before,
                              key=kept.PER, bind="query-params", help="More only adds to what is drawn")  # fmt: skip
        seed = st.number_input("Seed of the draw", -LARGEST_SEED, LARGEST_SEED, seed_before, key=kept.SEED)
        rubric = st.text_input(
            "Version of the instructions", key=kept.RUBRIC, max_chars=40, placeholder="(the only one)"
        )
        own = st.toggle("Draw for me alone", key=kept.OWN, help="Otherwise everyone is given the same samples")

label_tab, report_tab = st.tabs(["Label", "How good is the judge?"], key="l_tab", on_change="rerun")
if report_tab.open:
    with report_tab:
        report_view(results, metric, measure, rubric or "")
    st.stop()
with label_tab:
    if not name:
        st.info("Type your name to begin. Each label is kept at once: stop and go on whenever you like, here or with "
                "`salience label`.", icon=":material/keyboard:")  # fmt: skip
        st.stop()
    try:
        drawing = Drawing(measure=measure, per=int(per), seed=int(seed), own=checked_name(name) if own else "")
        now = kept.sitting(results, metric, checked_name(name), rubric or "", drawing)
    except FactError as error:
        problem(error)
        st.stop()
    label_view(results, library, now)
