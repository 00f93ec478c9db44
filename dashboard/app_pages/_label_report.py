"""What labels say of the judge: its errors in each condition, rates without them, and how far labellers agree."""

from __future__ import annotations

import streamlit as st

from dashboard import state_labels as kept
from dashboard.escape import plain
from dashboard.label_tables import agreement_rows, condition_rows, labels_csv, report_csv, too_few
from dashboard.results import Results

_METHOD = (
    "Corrected rates hold for the population of queries, with the errors of the queries and of labelling only a part "
    "put together (MOVER). Precision, recall and kappa are of these samples (two-phase, Jeffreys). All intervals are "
    "95 %. Only labels of samples that were drawn count, because others are no random sample of a verdict."
)


def report_view(results: Results, metric: str, measure: str, rubric: str) -> None:
    """The report behind a switch, because whoever reads it is not blind any more."""
    st.warning("This unblinds: it shows conditions and verdicts. Read it when you have finished labelling.",
               icon=":material/visibility:")  # fmt: skip
    if not st.toggle("Show what the labels say of the judge", key="l_unblind"):
        return
    labels, report = kept.labels_of(results, metric), kept.report(results, metric, measure, rubric)
    mark = "SIMULATED · " if results.simulated else ""
    people = ", ".join(map(plain, report.labellers)) or "nobody yet"
    st.markdown(f"**{mark}{report.labels:,} labels** by {people} of {plain(metric)}, measure {plain(measure)}"
                f"{' · interim' if results.interim else ''}")  # fmt: skip
    if not report.labels:
        st.info("Nothing is labelled yet: the first tab is where labels are given.", icon=":material/label:")
        return
    if few := too_few(report):
        st.info(few, icon=":material/label:")
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]
        condition_rows(report), hide_index=True, width="stretch",
        alt="The judge's quality and the corrected rate in each condition",
    )  # fmt: skip
    st.caption(_METHOD)
    st.markdown("**Agreement between labellers**")
    if len(report.labellers) < 2:
        st.caption("One person has labelled. Let another label the same draw: their names tell them apart.")
    else:
        st.dataframe(  # pyright: ignore[reportUnknownMemberType]
            agreement_rows(report), hide_index=True, width="stretch", alt="Agreement between labellers",
        )  # fmt: skip
        st.caption(f"{report.agreement.samples:,} samples labelled by two or more.")
    for reason, count in report.left_out.items():
        st.caption(f"{count:,} labels left out: {plain(reason)}")
    name = f"{results.comparison.name}-{metric}"
    with st.container(horizontal=True):
        st.download_button("Report as CSV", report_csv(report), file_name=f"{name}-judge-quality.csv", mime="text/csv",
                           icon=":material/download:", on_click="ignore")  # fmt: skip
        st.download_button("Labels as CSV", labels_csv(labels), file_name=f"{name}-labels.csv", mime="text/csv",
                           icon=":material/download:", on_click="ignore")  # fmt: skip
