"""What the page that plans a comparison keeps in the session, and what it computes once for all sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.launch import judges_of, models_of
from dashboard.planned_power import Assumed, Detectable, assumed, curve
from dashboard.stamps import Stamp, stamp
from facts.condition import Tier
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml
from runners.estimate import Plan, estimate

EFFECT = "power_effect"


@st.cache_resource(max_entries=16, show_spinner=False)
def _assumed(text: str, version: int, files: Stamp, _comparison: Comparison) -> Assumed:
    return assumed(state.results(_comparison))


def pilot_of(comparison: Comparison) -> Assumed:
    """What the kept samples of a comparison say for its power; read again when the store grows."""
    files = stamp(state.workspace(), comparison)
    return _assumed(comparison_toml(comparison), state.store().version(), files, comparison)


@st.cache_data(max_entries=64, show_spinner=False)
def detectable_curve(
    quantities: tuple[str, ...], rates: tuple[float, float], icc: float, kappa: float, families: Mapping[str, int],
    most: int, replicates: int,
) -> tuple[Detectable, ...]:  # fmt: skip
    """``planned_power.curve`` remembered."""
    given = Assumed(rates=dict(zip(Tier, rates, strict=True)), icc=icc, kappa=kappa)
    return curve(quantities, given, families, most=most, replicates=replicates)


@st.cache_resource(max_entries=8, show_spinner=False)
def _whole(text: str, files: Stamp, _comparison: Comparison) -> Plan:
    workspace = state.workspace()
    return estimate(_comparison, state.library(), models_of(_comparison, workspace), None,
                    judges=judges_of(_comparison, workspace))  # fmt: skip


def whole_plan(comparison: Comparison) -> Plan:
    """The plan as if nothing were kept: what a call costs where everything is. Raises ``FactError``."""
    return _whole(comparison_toml(comparison), stamp(state.workspace(), comparison), comparison)


def size_keys(comparison: Comparison, most: int) -> tuple[str, str]:
    """The keys of the sliders over queries and replicates; another comparison or another plan starts them anew."""
    now = f"{comparison.name}_{comparison.setting}_{comparison.queries}_{comparison.replicates}_{most}"
    return f"power_queries_{now}", f"power_replicates_{now}"


def resize(comparison: Comparison, queries: int, replicates: int) -> None:
    """Callback: make the comparison of that size the draft that is edited and planned."""
    state.open_draft(replace(comparison, queries=queries, replicates=replicates))


def percent_or(key: str, usual: float) -> float:
    """The fraction that a percent field holds, or the usual one where it is empty."""
    value = st.session_state.get(key)
    return usual if value is None else min(1.0, max(0.0, float(value) / 100))
