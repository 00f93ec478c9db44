"""How many samples fell into each class of a metric, condition by condition."""

from __future__ import annotations

import streamlit as st

from dashboard.app_pages._boxes import table
from dashboard.class_counts import class_rows
from dashboard.escape import plain
from dashboard.findings import Findings
from runners import metrics


def classes_view(findings: Findings, metric: str) -> None:
    """What the metric reads, whose verdicts these are, and the counts behind every rate."""
    results = findings.results
    st.caption(plain(metrics.find(metric).ABOUT))
    if metrics.find(metric).KIND == "judge" and results.judge:
        mark = " (SIMULATED)" if results.judge_simulated else ""
        st.caption(
            f"Verdicts of {plain(results.judge.label)}{mark}. Judges err, and differently from condition to condition: "
            "label a blind sample with `salience label` and see corrected rates with `salience labels report`."
        )
    st.caption(
        "*Unscored* here: no verdict at all. A class that a measure reads as neither yes nor no, such as unparseable, "
        "is a column of its own here and counts as unscored under Rates, whose caption says how many of each."
    )
    table(class_rows(findings.counts(metric)), f"Counts of each class of {metric}, one row a condition")
