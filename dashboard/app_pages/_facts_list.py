"""The list of facts to switch on, grouped by category, each with its level and polarity, and what leaves facts out."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby

import streamlit as st

from dashboard import state
from dashboard import state_facts as facts_state
from dashboard.dose_code import Choice
from dashboard.escape import spoken
from dashboard.fact_filter import ANY, DIRECTIONS, SOURCES, listed
from dashboard.own_facts import own_files
from dashboard.shown_text import label, shown
from facts.catalog import Library
from facts.fact import Fact
from facts.salience import Polarity, Salience

_LEVELS = [int(level) for level in Salience]
_HEIGHT, _FEW = 720, 12  # pixels of the list, and as many facts as need no list of their own that scrolls
_WAYS = {"faking": "Alignment faking", "gap": "Compliance gap", "revealing": "Revealing"}


def _filters(library: Library) -> None:
    with st.popover("Filters", icon=":material/filter_list:", key="filters"):
        categories = sorted({fact.category for fact in library.facts.values()})
        st.multiselect("Category", categories, key="category", bind="query-params", placeholder="All",
                       format_func=lambda name: shown(name, 40))  # fmt: skip
        st.caption("Hypothesised direction, a guess before any data")
        with st.grid(3, min_column_width=140):
            for key, title in _WAYS.items():
                state.keep_valid(key, [ANY, *DIRECTIONS])
                st.selectbox(title, [ANY, *DIRECTIONS], key=key, bind="query-params")
        state.keep_valid("source", [ANY, *SOURCES])
        st.selectbox("Where it comes from", [ANY, *SOURCES], key="source", bind="query-params",
                     help=". ".join(f"{name}: {words.lower()}" for name, words in SOURCES.items()))  # fmt: skip


def facts_list(library: Library, chosen: dict[str, Choice]) -> None:
    """Search and filters, then one row a fact under its category, and the controls apart from them."""
    words = st.text_input(
        "Search facts", key="search", bind="query-params", type="search", placeholder="Title, claim or source"
    )
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        _filters(library)
        only = st.toggle("Only those switched on", key="only_on", bind="query-params")
    own = set(own_files(state.workspace().facts)) & set(library.facts)
    facts, controls = listed(
        library.facts.values(), own, facts_state.wanted(words or "", set(chosen) if only else None)
    )
    mine = f" Your own: {len(own)}." if own else ""
    count = len(facts) + len(controls)
    left = facts_state.filters_on()
    by = f" by {left} filter{'' if left == 1 else 's'}" if left else ""
    st.caption(f"{count} of {len(library.facts)} facts listed{by}.{mine} Arrows: what is expected, before any data.")
    with st.container(height=_HEIGHT if count > _FEW else "content", border=True, gap="xsmall"):
        for category, group in groupby(facts, key=lambda fact: fact.category):
            _group(label(category.replace("_", " ").capitalize(), 60), list(group), own, chosen)
        if controls:
            _group("Controls, which say nothing of training or oversight", list(controls), own, chosen)
        if not facts and not controls:
            st.caption("No fact matches. Try another word, or take the filters off.")
            st.button("List all", on_click=facts_state.clear_filters, key="list_all")


def _group(title: str, facts: list[Fact], own: Collection[str], chosen: dict[str, Choice]) -> None:
    st.markdown(f"**{title}** :gray[{len(facts)}]")
    for fact in facts:
        _row(fact, chosen.get(fact.slug), mine=fact.slug in own)


def _row(fact: Fact, choice: Choice | None, *, mine: bool) -> None:
    state.show_choice(fact.slug, choice)
    slug, title, h = fact.slug, label(fact.title), fact.hypothesis
    expected = {"faking": h.alignment_faking, "gap": h.gap, "revealing": h.revealing}
    ways = " · ".join(f"{name} {label(way, 20)}" for name, way in expected.items())
    with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="top"):
        st.toggle(
            f"Switch on {spoken(fact.title)}", key=f"on_{slug}", on_change=state.fact_changed, args=(slug,),
            label_visibility="collapsed", width="content",
        )  # fmt: skip
        about = st.expander(
            f"**{title}**{' (your own)' if mine else ''} :small[{ways}]", type="compact", key=f"about_{slug}",
            on_change=facts_state.about_opened, args=(slug,),
        )  # fmt: skip
        if about.open:
            with about:
                _about(fact, mine=mine)
    if choice:
        with st.container(horizontal=True, gap="small"):
            st.segmented_control(
                f"Level of {spoken(fact.title)}", _LEVELS, key=f"level_{slug}", required=True,
                on_change=state.fact_changed, args=(slug,), label_visibility="collapsed",
            )  # fmt: skip
            st.segmented_control(
                f"Polarity of {spoken(fact.title)}", [p.value for p in Polarity], key=f"polarity_{slug}", required=True,
                on_change=state.fact_changed, args=(slug,), label_visibility="collapsed",
            )  # fmt: skip


def _about(fact: Fact, *, mine: bool) -> None:
    h = fact.hypothesis
    st.markdown(label(fact.claim, 600))
    st.caption(
        f"Hypotheses only: alignment faking {label(h.alignment_faking, 40)}, gap {label(h.gap, 40)}, "
        f"revealing {label(h.revealing, 40)}. {label(h.basis)}"
    )
    st.caption(
        f"Source: {label(h.source.rstrip('.'))}. Placebo twin about {label(fact.placebo_topic, 80)}. "
        f"File name: {label(fact.slug)}."
    )
    with st.container(horizontal=True):
        st.button("See its wordings", icon=":material/view_column:", key=f"look_{fact.slug}", type="tertiary",
                  on_click=facts_state.look_at, args=(fact.slug,))  # fmt: skip
        st.button("Edit it" if mine else "Write your own from it", icon=":material/edit:", key=f"write_{fact.slug}",
                  type="tertiary", on_click=facts_state.write, args=(fact.slug,))  # fmt: skip
