"""Builds template document sets, one an arm on the same scaffolds, in the background."""

from __future__ import annotations

import streamlit as st

from dashboard import errands, state
from dashboard.app_pages._boxes import problem
from dashboard.set_building import ARMS, armed, build
from facts.breadth import Position
from facts.catalog import Library
from facts.documents.phrase import TIERS
from facts.documents.set_plan import Carried, SetPlan
from facts.errors import FactError
from facts.salience import Dose, Polarity, Salience

_LEVELS = {int(level): f"{int(level)} {level.name.lower()}" for level in Salience if level}
_MOST, _MOST_TOKENS = 20_000, 4_000
_USUAL = "objections_read"


def set_builder(library: Library, *, busy: bool) -> None:
    """The plan of the sets, how large they get, and the button."""
    st.caption(
        "Documents are put together from our own banks, no model is called. All arms share their scaffolds: in what "
        "does not speak of the fact they are the same. A comparison in context wants all three arms."
    )
    titles = {slug: fact.title for slug, fact in library.facts.items()}
    names = sorted(titles, key=lambda slug: (slug != _USUAL, slug))
    with st.grid(3, min_column_width=200):
        fact = st.selectbox("Fact", names, format_func=titles.__getitem__, key="d_b_fact")
        level = st.selectbox("Level", list(_LEVELS), index=3, format_func=_LEVELS.__getitem__, key="d_b_level")
        arms = st.pills("Arms", ARMS, selection_mode="multi", default=["neutral", "affirmed", "placebo"],
                        key="d_b_arms", help="One set each")  # fmt: skip
        count = st.number_input("Documents an arm", 1, _MOST, 120, key="d_b_count")
        carriers = st.number_input("Of them say the fact", 0, int(count), None, key="d_b_carriers",
                                   placeholder="all", help="Breadth; the others are neutral")  # fmt: skip
        tokens = st.number_input("Tokens a document, on average", 120, _MOST_TOKENS, 300, key="d_b_tokens")
        position = st.selectbox("Position", [one.value for one in Position], key="d_b_position",
                                help="Where a document begins to speak of its fact")  # fmt: skip
        seed = st.text_input("Seed", "0", key="d_b_seed", help="Decides scaffolds and wordings")
        first, second = TIERS.values()
        with st.container(horizontal=True):
            monitored = st.text_input("Monitored tier is called", first, key="d_b_monitored")
            unmonitored = st.text_input("Unmonitored", second, key="d_b_unmonitored")
    try:
        if not monitored.strip() or not unmonitored.strip() or monitored.strip() == unmonitored.strip():
            raise FactError("the tiers need two different names; write both")
        dose = Dose(fact=fact, level=Salience(level), polarity=Polarity.AFFIRMED)
        plan = SetPlan(
            count=int(count), seed=seed, tokens=int(tokens), position=Position(position),
            carried=(Carried(dose=dose, carriers=None if carriers is None else int(carriers)),),
        )  # fmt: skip
        plans = armed(plan, arms)
    except FactError as error:
        problem(error)
        return
    labels = dict(zip(TIERS, (monitored.strip(), unmonitored.strip()), strict=True))
    into, root = state.workspace().documents, str(state.workspace().root)

    def work(tick: errands.Tick) -> tuple[str, ...]:
        made = [(folder, found) for folder, found in build(plans, library, into, labels, tick)]
        return tuple(
            f"{folder.name}: " + (f"fails {', '.join(found.failing)}" if found.failing else "no gate fails")
            for folder, found in made
        )

    st.caption(f"{len(plans):,} set{'' if len(plans) == 1 else 's'} of {int(count):,} documents, about "
               f"{len(plans) * int(count) * int(tokens):,} tokens. The same plan gives the same documents again; "
               "larger sets, doses for training and sets written by a model: `salience documents build` and "
               "`generate`.")  # fmt: skip
    if st.button("Build and check", type="primary", icon=":material/play_arrow:", key="d_b_build", disabled=busy):
        errands.start(root, f"Building {', '.join(arms)} of {fact}", work)
        st.rerun()
