"""The controls that choose whose prompt is previewed: setting, tier, query and what else a condition has."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.escape import plain
from dashboard.situation import Situation
from facts import channels
from facts.breadth import Breadth, Position
from facts.catalog import Library
from facts.condition import Channel, Indicator, Reasoning, Tier
from facts.setting import Query, Setting

USUAL = "value_conflict"


def _select(label: str, options: Sequence[str], key: str) -> str:
    """A select box whose value is in the URL; what the options no longer hold falls back to the first."""
    names = list(options)
    state.keep_valid(f"p_{key}", names)
    return st.selectbox(label, names, key=f"p_{key}", bind="query-params")  # the URL holds the name itself


def situation(library: Library) -> Situation:
    """The situation that the controls show."""
    first, second, third = st.columns([3, 2, 2])
    with first:
        # The setting that even small models can follow comes first.
        names = sorted(library.settings, key=lambda slug: (slug != USUAL, slug))
        setting = library.setting(_select("Setting", names, "setting"))
    with second:
        tier = Tier(_select("Tier", [t.value for t in Tier], "tier"))
    with third:
        replicate = st.number_input("Replicate", min_value=1, max_value=999, key="p_replicate", bind="query-params")
    queries = {query.id: query for query in setting.queries}
    state.keep_valid("p_query", list(queries))
    query = st.selectbox("Query", list(queries), key="p_query", bind="query-params")
    with st.expander("Channel, reasoning, labels and length", type="compact"):
        return _rest(setting, tier, queries[query], int(replicate or 1), library)


def _sets(library: Library) -> tuple[str, ...]:
    """Kept document sets to show documents of, where the workspace has any."""
    titles = library.shelf.titles()
    if not titles:
        return ()
    return tuple(st.multiselect(
        "Document sets", list(titles), key="p_sets", bind="query-params", placeholder="None: composed for this query",
        help="A neutral set and one for what is switched on, built with one seed: " + plain("; ".join(titles.values())),
    ))  # fmt: skip


def _rest(setting: Setting, tier: Tier, query: Query, replicate: int, library: Library) -> Situation:
    with st.grid(3, min_column_width=150):
        channel = Channel(_select("Channel", [c.value for c in Channel if c is not Channel.FINE_TUNING], "channel"))
        modes = sorted(setting.formats, key=lambda mode: mode != Reasoning.NONE.value)
        reasoning = Reasoning(_select("Reasoning", modes, "reasoning"))
        labels = _select("Tier labels", list(setting.labels), "labels")
        variant = _select("Variant", list(setting.variants), "variant")
        indicator = Indicator(_select("Tier tag", [mode.value for mode in Indicator], "indicator"))
        usual = channels.find(channel).DEFAULT_TOKENS
        tokens = st.number_input(
            "Background tokens", min_value=1, max_value=20_000, value=None, placeholder=f"{usual} (usual)",
            key="p_tokens", bind="query-params",
        )  # fmt: skip
        documents = st.number_input(
            "Documents", min_value=1, max_value=60, value=4, key="p_documents", bind="query-params",
            disabled=channel is not Channel.DOCUMENTS,
        )  # fmt: skip
        carriers = st.number_input(
            "Carriers", min_value=1, max_value=int(documents or 4), value=None, placeholder="dose shared out",
            key="p_carriers", bind="query-params", disabled=channel is not Channel.DOCUMENTS,
            help="So many of the documents say the whole dose each",
        )  # fmt: skip
        position = Position(_select("Position", [p.value for p in Position], "position")) if carriers else None
    sets = _sets(library) if channel is Channel.DOCUMENTS else ()
    st.caption(f"{plain(setting.about)} {plain(setting.variants[variant].about)}")
    return Situation(
        setting=setting.slug, query=query, replicate=replicate - 1,
        tier=tier, channel=channel, reasoning=reasoning, labels=labels, variant=variant, indicator=indicator,
        background_tokens=int(tokens or usual), documents=int(documents or 4),
        document_sets=sets, breadth=Breadth(carriers=int(carriers), position=position or Position.SPREAD)
        if carriers and channel is Channel.DOCUMENTS else Breadth(),
    )  # fmt: skip
