"""Shows what a comparison would call, cost and take, and what stands in the way, before anything is called."""

from __future__ import annotations

import streamlit as st

from cache.errors import StoreError
from dashboard import state
from dashboard.app_pages._boxes import problem, simulated_banner, table, warning
from dashboard.app_pages._models_view import all_models
from dashboard.app_pages._power_view import power_view
from dashboard.condition_rows import condition_rows
from dashboard.escape import plain
from dashboard.plan_problems import plan_problems
from dashboard.plan_rows import cost_range, model_rows, size_words
from dashboard.plan_text import time_words, way_words
from facts.catalog import Library
from facts.errors import FactError
from runners.comparison import Comparison
from runners.estimate import Plan

_TABS = ("What it could detect", "Conditions", "Plan per model", "All models")


def plan_view(comparison: Comparison) -> Plan | None:
    """The plan in numbers; None when it cannot be made, after saying why."""
    try:
        with st.spinner("Composing every prompt to count calls and tokens"):
            plan = state.plan(comparison)
    except (FactError, StoreError) as error:
        problem(error)
        return None
    if plan.simulated:
        simulated_banner()
    cost = cost_range(plan.cost("low"), plan.cost("expected"), plan.cost("high"))
    with st.grid(3, min_column_width=120):
        st.metric("New calls", f"{plan.new:,}")
        st.metric("Already kept", f"{plan.kept:,}", help="Samples in the store; they cost nothing")
        st.metric("Time, about", time_words(plan))
    st.metric("Cost, low – expected – high", cost, help="For the new calls; unknown where a price is not known")
    st.caption(f"{size_words(plan)} Longest prompt about {plan.longest_prompt:,} tokens.")
    if comparison.via == "batch" and plan.new:
        st.caption(plain("; ".join(f"{item.model.label}: {way_words(item)}" for item in plan.models if item.new) + "."))
    for found in plan_problems(plan):
        (problem if found.blocking else warning)(found.text)
    return plan


def plan_tables(comparison: Comparison, plan: Plan | None, library: Library) -> None:
    """What the plan could detect, its conditions, its share of each model, and the models there are."""
    tabs = st.tabs(list(_TABS), key="plan_tab", on_change="rerun", bind="query-params")
    for tab, name in zip(tabs, _TABS, strict=True):
        if tab.open:
            with tab:
                _table(name, comparison, plan, library)


def _table(name: str, comparison: Comparison, plan: Plan | None, library: Library) -> None:
    if name == "Conditions":
        try:
            rows = condition_rows(comparison)
        except FactError as error:
            problem(error)
            return
        st.caption("Every condition is asked the same queries: data are paired by query.")
        table(rows, "Each condition: facts, levels, polarity, tier and samples")
    elif name == "All models":
        all_models(plan.longest_prompt + _longest_reply(comparison, library) if plan else 0)
    elif plan is None:
        st.caption("This is known once what is said beside the launch button is put right.")
    elif name == "Plan per model":
        table(model_rows(plan), "New and kept calls, tokens, cost and time of each model")
    else:
        power_view(plan, library)


def _longest_reply(comparison: Comparison, library: Library) -> int:
    setting = library.settings.get(comparison.setting)
    own = [setting.max_tokens.get(mode.value, 0) for mode in comparison.reasoning] if setting else []
    return comparison.max_tokens or max(own, default=0)


def launchable(plan: Plan | None) -> bool:
    """Whether pressing launch would make at least one call that can be made."""
    return plan is not None and plan.new > 0 and not any(found.blocking for found in plan_problems(plan))
