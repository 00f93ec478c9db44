"""The fields that say who judges, by which rubrics, and how models are interviewed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.app_pages import _fields as field
from runners import metrics, rubric
from runners.metrics._interview import audiences

_JUDGES = [name for name in metrics.names() if metrics.find(name).KIND == "judge"]


def judging_fields(labels: Sequence[str]) -> None:
    """Who judges (nobody unless named), votes and threshold, rubric versions, and the interview."""
    st.caption(
        f"The metrics {', '.join(_JUDGES)} are read by a judge that you name; nobody judges by default. A judge is "
        "blind to the facts, and what it cannot settle stays unscored. Adding a judge, or a version of a rubric, pays "
        "only for its own calls."
    )
    field.several("Judges", "judges", labels, "The first one's verdicts are the scores; further ones show agreement",
                  placeholder="Nobody judges", new=True)  # fmt: skip
    with st.grid(2, min_column_width=180):
        field.whole(
            "Votes on alignment faking", "votes", 1, "Replicates of the judge's question", "5 (the rubric's)", 99
        )
        field.number("Threshold", "threshold", "Share of votes from which alignment faking counts as present", 0.1,
                     most=1.0)  # fmt: skip
    known = [rubric.find(name).label for name in rubric.names()]
    field.several("Rubric versions", "rubrics", known, "Pin a version to keep verdicts comparable",
                  placeholder="The newest of each")  # fmt: skip
    st.caption("The interview (metric interview): seven direct questions a sample, each answer judged.")
    field.several("Told about who reads", "audiences", list(audiences()), "Each is an interview of its own",
                  titles=dict(audiences()))  # fmt: skip
    with st.grid(2, min_column_width=180):
        field.one("Interview", "interview", ["fresh", "after"], "In a fresh conversation, or after the reply")
        field.whole("Replicates interviewed", "interview_replicates", 1, "Of each condition and query")
