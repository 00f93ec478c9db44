"""All wordings of one fact side by side: level by level, or affirmed beside negated beside placebo."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard import state_facts as facts_state
from dashboard.app_pages._boxes import table
from dashboard.own_facts import own_files
from dashboard.plan_rows import Row
from dashboard.shown_text import label
from dashboard.wording_table import bank, level_words, levels_html, polarities_html
from facts.catalog import Library
from facts.fact import Fact
from facts.salience import Part, Polarity, Salience

_LEVELS = [level for level in Salience if level]
_SIDES = ("Levels", "Polarities")


def wordings(library: Library) -> None:
    """The fact that the URL names, with the banks that are set side by side."""
    slugs = sorted(library.facts, key=lambda slug: (library.facts[slug].kind != "fact", slug))
    state.keep_valid(facts_state.FACT, slugs)
    with st.container(horizontal=True, vertical_alignment="top"):
        slug = st.selectbox("Fact", slugs, key=facts_state.FACT, bind="query-params", width=340)
        side = st.segmented_control("Side by side", _SIDES, default=_SIDES[0], key="w_side", bind="query-params",
                                    required=True)  # fmt: skip
        levels, polarity = _columns(side or _SIDES[0])
    fact = library.fact(slug)
    st.header(label(fact.title), anchor=False)
    st.markdown(label(fact.claim, 600))
    with st.container(horizontal=True, vertical_alignment="center"):
        anchors = st.toggle("Mark anchors", value=True, key="w_anchors", bind="query-params",
                            help="What every wording of the claim must hit, and what negates it")  # fmt: skip
        own = slug in own_files(state.workspace().facts)
        st.button("Edit it" if own else "Write your own from it", icon=":material/edit:", key="w_write",
                  type="tertiary", on_click=facts_state.write, args=(slug,))  # fmt: skip
        st.button("Switch it on", icon=":material/toggle_on:", key="w_on", type="tertiary",
                  on_click=facts_state.switch_on, args=(slug,))  # fmt: skip
    st.caption("Estimated tokens in parentheses. A query and a replicate draw one wording of a bank, the same place "
               "in each polarity's.")  # fmt: skip
    if not levels:
        st.caption("Choose at least one level.")
    elif polarity is None:
        st.html(polarities_html(fact, levels[0], anchors=anchors))
    else:
        st.html(levels_html(fact, levels, polarity, anchors=anchors))
    with st.expander("How many wordings there are, and how long they are", type="compact"):
        table(_bank_rows(fact), "Number and length of the wordings, part by part and polarity by polarity")


def _columns(side: str) -> tuple[list[Salience], Polarity | None]:
    """The columns: several levels of one polarity, or one level (None: in every polarity)."""
    if side == _SIDES[1]:
        level = st.segmented_control("Level", [int(level) for level in _LEVELS], default=5, key="w_level",
                                     bind="query-params", required=True)  # fmt: skip
        return [Salience(int(level or 5))], None
    picked = st.pills("Levels", [int(level) for level in _LEVELS], selection_mode="multi", key="w_levels",
                      default=[int(level) for level in _LEVELS], bind="query-params")  # fmt: skip
    polarity = st.selectbox("Polarity", [p.value for p in Polarity], key="w_polarity", bind="query-params", width=160)
    return [Salience(level) for level in sorted(picked)], Polarity(polarity)


def _bank_rows(fact: Fact) -> list[Row]:
    levels = {part: [int(level) for level in _LEVELS if part.value in level_words(level)] for part in Part}
    return [
        {"Part": part.value, "Said at levels": ", ".join(map(str, levels[part])),
         **{polarity.capitalize(): bank(fact, polarity, part).size for polarity in Polarity}}
        for part in Part
    ]  # fmt: skip
