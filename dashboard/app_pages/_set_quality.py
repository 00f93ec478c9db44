"""What the gates found in a document set, with the numbers and pictures behind each, and the way past a failure."""

from __future__ import annotations

import streamlit as st

from dashboard import errands, state, state_documents
from dashboard.app_pages._boxes import problem, table, warning
from dashboard.app_pages._draw import draw_chart
from dashboard.charts.panel import panel_chart
from dashboard.document_sets import SetRow, quality
from dashboard.escape import plain
from facts.catalog import Library
from facts.documents.approval import check, override
from facts.documents.gates import Finding, gates
from facts.errors import FactError

_WORST_FIRST = ("fail", "warn", "pass", "unmeasured")
_ARMS = {"fingerprint", "parity"}  # gates that compare arms, which is what a reader wants to see first


def standing_view(row: SetRow, library: Library, *, busy: bool) -> None:
    """Whether the set may be used, and what to do about it where it may not."""
    mark = "SIMULATED · " if row.simulated else ""
    st.header(f"{mark}{plain(row.says)}", anchor=False)
    found = state_documents.set_standing(row.folder)
    if found.overridden:
        warning(f"Used although a gate fails: {found.says}")
    elif found.approved:
        st.success("Every gate that could be measured lets it pass; it may be shown to models and exported.",
                   icon=":material/verified:")  # fmt: skip
    else:
        problem(found.says)
    if said := state_documents.complaint():
        problem(said)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Check again" if row.gates else "Run the gates", icon=":material/rule:", key="d_check",
                  disabled=busy, on_click=_check, args=(row, library))  # fmt: skip
        failing = [name for name, status in row.gates.items() if status == "fail"]
        if failing and not found.overridden:
            with st.popover("Use it all the same", icon=":material/gavel:"):
                st.caption("The reason is recorded with the set and shown in every report that uses it.")
                reason = st.text_input("Reason", key="d_reason", placeholder="A pilot that is never published")
                st.button("Record the reason", key="d_override", disabled=not reason.strip(), on_click=_override,
                          args=(row, reason))  # fmt: skip


def _check(row: SetRow, library: Library) -> None:
    def work(tick: errands.Tick) -> tuple[str, ...]:
        found = check(row.folder, library, tick=tick)
        return tuple(f"{name}: {finding.status.value}. {finding.says}" for name, finding in found.found)

    errands.start(str(state.workspace().root), f"Gates over {row.set_id}", work)


def _override(row: SetRow, reason: str) -> None:
    try:
        override(row.folder, reason)
    except FactError as error:
        state_documents.complain(str(error))


def set_quality(row: SetRow) -> None:
    """One line a gate, and the numbers, worst examples and pictures of the one that is chosen."""
    state_documents.forget_other(state_documents.GATE, [gate.NAME for gate in gates()])
    try:
        found = quality(row.folder)
    except FactError as error:
        problem(error)
        return
    if not found:
        st.info("No gate has seen this set yet. Run the gates above.", icon=":material/info:")
        return
    titles = {gate.NAME: gate.TITLE for gate in gates()}
    table([{"Gate": titles[name], "Finds": finding.status.value, "In words": finding.says} for name, finding in found],
          "What each gate found")  # fmt: skip
    gate = dict(found)
    names = sorted(gate, key=lambda name: (_WORST_FIRST.index(gate[name].status.value), name not in _ARMS, name))
    name = st.selectbox("Numbers and pictures of", names, format_func=titles.__getitem__, key=state_documents.GATE,
                        bind="query-params")  # fmt: skip
    _gate(name, gate[name], simulated=row.simulated)


def _gate(name: str, finding: Finding, *, simulated: bool) -> None:
    st.text(f"{finding.says} {finding.kept}".strip())
    if finding.examples:
        st.caption("Worst examples")
        table([{"document": one.doc_id, "what is seen": one.shown[:2_000]} for one in finding.examples],
              f"Documents that show what gate {name} found")  # fmt: skip
    for panel in finding.panels:
        chart = panel_chart(panel, simulated=simulated)
        if chart is not None:
            draw_chart(chart, f"d_{name}_{panel.name}", f"{panel.title}, {panel.unit}")
    with st.expander("Numbers", type="compact", on_change="rerun", key=f"d_numbers_{name}") as box:
        if box.open:
            table([{"number": key.replace("_", " "), "value": "not measured" if value is None else f"{value:.4g}"}
                   for key, value in finding.numbers], f"Numbers of gate {name}")  # fmt: skip
