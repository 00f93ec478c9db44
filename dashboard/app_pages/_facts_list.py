"""The list of facts to switch on, grouped by category, each with its level and polarity."""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from dashboard import state
from dashboard.dose_code import Choice
from dashboard.escape import plain
from facts.catalog import Library
from facts.fact import Fact
from facts.salience import Polarity, Salience

_LEVELS = {int(level): f"{int(level)} {level.name.lower()}" for level in Salience}


def _matches(fact: Fact, words: list[str]) -> bool:
    h = fact.hypothesis
    text = " ".join((fact.slug, fact.title, fact.claim, fact.category, h.basis, h.source)).lower()
    return all(word in text for word in words)


def facts_list(library: Library, chosen: dict[str, Choice]) -> None:
    """Search, then one row a fact under its category; a fact that is switched on shows its level and polarity."""
    words = st.text_input(
        "Search facts", key="search", bind="query-params", type="search", placeholder="Title, claim or source"
    )
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        only = st.toggle("Only those switched on", key="only_on", bind="query-params")
        st.button(
            "Switch all off", on_click=state.clear_choices, disabled=not chosen, type="tertiary",
            icon=":material/clear_all:", key="clear",
        )  # fmt: skip
    pool = [fact for fact in library.facts.values() if fact.slug in chosen or not only]
    shown = sorted(
        (fact for fact in pool if _matches(fact, (words or "").lower().split())),
        key=lambda fact: (fact.kind != "fact", fact.category, fact.number),
    )
    st.caption(f"{len(shown)} of {len(library.facts)} facts listed, {len(chosen)} switched on")
    with st.container(height=720, border=True, gap="xsmall"):
        for category, facts in groupby(shown, key=lambda fact: fact.category):
            st.markdown(f"**{plain(category.replace('_', ' ').capitalize())}**")
            for fact in facts:
                _row(fact, chosen.get(fact.slug))
        if not shown:
            st.caption("No fact matches. Try another word, or list more than those switched on.")


def _row(fact: Fact, choice: Choice | None) -> None:
    state.show_choice(fact.slug, choice)
    slug, title = fact.slug, plain(fact.title)
    with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="top"):
        st.toggle(
            f"Switch on {title}", key=f"on_{slug}", on_change=state.fact_changed, args=(slug,),
            label_visibility="collapsed", width="content",
        )  # fmt: skip
        with st.expander(title, type="compact"):
            _about(fact)
    if choice:
        st.segmented_control(
            f"Level of {title}", list(_LEVELS), format_func=_LEVELS.__getitem__, key=f"level_{slug}", required=True,
            on_change=state.fact_changed, args=(slug,), label_visibility="collapsed",
        )  # fmt: skip
        st.segmented_control(
            f"Polarity of {title}", [p.value for p in Polarity], key=f"polarity_{slug}", required=True,
            on_change=state.fact_changed, args=(slug,), label_visibility="collapsed",
        )  # fmt: skip


def _about(fact: Fact) -> None:
    h = fact.hypothesis
    st.markdown(plain(fact.claim))
    st.caption(
        f"Hypotheses only: alignment faking {plain(h.alignment_faking)}, gap {plain(h.gap)}, "
        f"revealing {plain(h.revealing)}. {plain(h.basis)}"
    )
    st.caption(
        f"Source: {plain(h.source.rstrip('.'))}. Placebo twin about {plain(fact.placebo_topic)}. "
        f"File name: {plain(fact.slug)}."
    )
