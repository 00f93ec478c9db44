"""Makes a comparison larger: more queries or more replicates, priced before they are bought; what is kept stays."""

from __future__ import annotations

import streamlit as st

from cache.errors import StoreError
from dashboard import state, state_runs
from dashboard.app_pages._boxes import problem
from dashboard.escape import plain
from dashboard.plan_problems import plan_problems
from dashboard.plan_rows import cost_range
from dashboard.plan_text import span
from facts.errors import FactError
from runners.comparison import Comparison


def top_up(comparison: Comparison) -> None:
    """Two numbers, what they would cost, and one button. Nothing is composed before the box is opened."""
    with st.expander("Top up: more queries or replicates", icon=":material/add_circle:", on_change="rerun",
                     key=f"top_up_{comparison.name}") as box:  # fmt: skip
        if box.open:
            _top_up(comparison)


def _top_up(comparison: Comparison) -> None:
    st.caption("Queries and replicates that are there already keep their samples; only the new ones are bought.")
    queries, replicates = state_runs.top_up_keys(comparison.name)
    named = len(comparison.query_ids)
    with st.grid(2, min_column_width=150):
        st.number_input(
            "Queries", min_value=comparison.queries, value=comparison.queries, step=5, key=queries,
            disabled=bool(named), help="The queries are named one by one under Compare" if named else None,
        )  # fmt: skip
        st.number_input("Replicates", min_value=comparison.replicates, value=comparison.replicates, key=replicates)
    larger = state_runs.larger(comparison)
    if larger == comparison:
        st.caption("Raise one of them to see what it costs.")
        return
    try:
        with st.spinner("Composing every prompt to count calls and tokens"):
            plan = state.plan(larger)
    except (FactError, StoreError) as error:
        problem(error)
        return
    cost = cost_range(plan.cost("low"), plan.cost("expected"), plan.cost("high"))
    with st.grid(3, min_column_width=110):
        st.metric("New calls", f"{plan.new:,}")
        st.metric("Already kept", f"{plan.kept:,}")
        st.metric("Time, about", span(sum(item.seconds for item in plan.models)) if plan.new else "none")
    st.metric("Cost, low – expected – high", cost)
    found = plan_problems(plan)
    for trouble in found:
        problem(trouble.text)
    st.button(
        f"Buy {plan.new:,} new replies", key="buy", type="primary", icon=":material/add_circle:",
        disabled=not plan.new or any(trouble.blocking for trouble in found), on_click=state_runs.launch, args=(larger,),
    )  # fmt: skip
    st.caption(f"The saved comparison {plain(comparison.name)} becomes that large.")
