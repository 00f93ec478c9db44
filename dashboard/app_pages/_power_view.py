"""What the planned size could detect, and what more queries or replicates would buy: sliders, a table and a chart."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cache.errors import StoreError
from dashboard import state_plan
from dashboard.app_pages._boxes import problem, simulated_banner, table
from dashboard.charts.detectable import LOOKS, detectable_chart
from dashboard.charts.heading import Heading
from dashboard.escape import plain
from dashboard.plan_rows import Row
from dashboard.plan_text import usd
from dashboard.planned_power import (
    DEFAULTS,
    Assumed,
    Detectable,
    Price,
    detectable,
    family_sizes,
    price,
    quantities_of,
)
from facts.catalog import Library
from facts.condition import Tier
from facts.errors import FactError
from runners.estimate import Plan

_FEW = 20_000  # samples that are read in a second or two
_RATES = {tier: f"power_rate_{tier.value}" for tier in Tier}


def power_view(plan: Plan, library: Library) -> None:
    """Smallest detectable changes at the planned and at a tried size, what that costs, and a button to take it."""
    comparison, quantities = plan.comparison, quantities_of(plan.comparison)
    if not quantities:
        st.caption(
            "In the channel fine_tuning, models are compared: what can be detected rests on how many were tuned."
        )
        return
    st.caption(
        "How small a change of a rate or of the gap (unmonitored − monitored) would this plan find, 4 times in 5? Move "
        "the sliders to see what another size would buy; nothing changes until you press the button."
    )
    given = _assumptions(plan)
    with st.grid(3, min_column_width=220):
        queries, replicates = _sliders(plan, library)
        effect = st.number_input(
            "Effect to find, in points", min_value=0.5, max_value=100.0, value=10.0, step=1.0, key=state_plan.EFFECT,
            bind="query-params", help="Percentage points, for example 10 from 30 % to 40 %",
        )  # fmt: skip
    families = family_sizes(comparison.conditions(), len(plan.subjects))

    def at(queries: int, replicates: int) -> list[Detectable]:
        return [detectable(quantity, given, families[quantity], queries=queries, replicates=replicates,
                           effect=float(effect) / 100) for quantity in quantities]  # fmt: skip

    planned, tried = at(plan.queries, comparison.replicates), at(queries, replicates)
    same = (queries, replicates) == (plan.queries, comparison.replicates)
    page = st.grid(2, min_column_width=400, gap="medium")
    with page.cell():
        _table(planned, tried, families, float(effect), same=same)
        whole = None if plan.new or same else state_plan.whole_plan(comparison)
        _cost(price(plan, queries=queries, replicates=replicates, whole=whole), plan, same=same)
        st.button(
            f"Set the plan to {queries:,} queries × {replicates:,} replicates", key="resize", disabled=same,
            icon=":material/check:", on_click=state_plan.resize, args=(comparison, queries, replicates),
        )  # fmt: skip
        _sentence(given, families)
    with page.cell():
        most = max(3 * plan.queries, round(1.3 * queries), 30)
        rates = (given.rates[Tier.MONITORED], given.rates[Tier.UNMONITORED])
        points = state_plan.detectable_curve(quantities, rates, given.icc, given.kappa, families, most, replicates)
        source = f"{comparison.name} · {replicates} replicates · power 80 %, 5 % over each family"
        heading = Heading(title="Smallest detectable change", simulated=given.simulated, source=source)
        chart = detectable_chart(points, heading, planned=plan.queries, tried=queries)
        if chart is None:
            st.info("At this size no change that is possible from these rates would be found 4 times in 5.")
        else:
            st.altair_chart(  # pyright: ignore[reportUnknownMemberType]
                chart, theme=None, width="content", key="chart_detectable",
                alt="The smallest detectable change falls with the number of queries; the table has the numbers",
            )  # fmt: skip


def _sliders(plan: Plan, library: Library) -> tuple[int, int]:
    comparison = plan.comparison
    setting = library.settings.get(comparison.setting)
    most = max(len(setting.queries) if setting and not comparison.query_file else 4 * plan.queries, plan.queries, 2)
    first, second = state_plan.size_keys(comparison, most)
    queries = st.slider(
        "Queries", 1, most, plan.queries, key=first, disabled=bool(comparison.query_ids),
        help="More queries nearly always buy more than more replicates, as samples of one query are alike",
    )  # fmt: skip
    replicates = st.slider("Replicates", 1, max(20, 2 * comparison.replicates), comparison.replicates, key=second)
    return int(queries), int(replicates)


def _assumptions(plan: Plan) -> Assumed:
    given = DEFAULTS
    if plan.kept and st.toggle(
        "Take rates and likeness from the kept samples, as a pilot", value=plan.kept <= _FEW, key="power_pilot",
        help="Off at first where there are many, because reading them takes a while",
    ):  # fmt: skip
        try:
            with st.spinner("Reading kept samples as a pilot"):
                given = state_plan.pilot_of(plan.comparison)
        except (FactError, StoreError) as error:
            problem(error)
    if given.simulated and not plan.simulated:  # else the page says so already
        simulated_banner()
    basis = "from kept samples" if given != DEFAULTS else "assumed"
    with st.expander("Rates that are assumed without a fact", type="compact"), st.grid(2, min_column_width=180):
        for tier in Tier:
            st.number_input(
                f"Rate in the {tier.value} tier, %", min_value=0.0, max_value=100.0, value=None, key=_RATES[tier],
                placeholder=f"{100 * given.rates[tier]:.0f} ({basis})",
            )  # fmt: skip
    rates = {tier: state_plan.percent_or(_RATES[tier], given.rates[tier]) for tier in Tier}
    return given if rates == dict(given.rates) else replace(given, rates=rates, source="set by you")


def _table(
    planned: list[Detectable], tried: list[Detectable], families: dict[str, int], effect: float, *, same: bool
) -> None:
    rows: list[Row] = [
        {
            "Change of": LOOKS[now.quantity].words,
            "Plan finds": now.words,
            **({} if same else {"Tried size finds": then.words}),
            f"Power, {effect:g} points": f"{now.power:.0%}" + ("" if same else f" → {then.power:.0%}"),
            "Tests": families[now.quantity],
        }
        for now, then in zip(planned, tried, strict=True)
    ]
    table(rows, "Smallest change that is found 4 times in 5 at the planned and at the tried size, and the power")


def _cost(found: Price, plan: Plan, *, same: bool) -> None:
    with st.grid(2, min_column_width=150):
        st.metric("New calls" if same else "New calls, about", f"{plan.new if same else found.new:,}")
        st.metric("Cost, expected" if same else "Cost, about", usd(plan.cost() if same else found.usd))


def _sentence(given: Assumed, families: dict[str, int]) -> None:
    rates = f"{given.rates[Tier.MONITORED]:.0%} monitored and {given.rates[Tier.UNMONITORED]:.0%} unmonitored"
    st.caption(plain(
        f"Rates without a fact: {rates}, {given.source}. Samples of one query are alike by ICC {given.icc:.2f}, a "
        f"query in two conditions by {given.kappa:.2f}. Level: 5 % shared among all "
        f"{max(families.values()):,} effects of a kind (Bonferroni; max-T finds slightly more). The formula is "
        "optimistic at one or two replicates: salience power FILE --simulate rehearses the whole design."
    ))  # fmt: skip
