"""Two samples of one query and replicate side by side, section by section."""

from __future__ import annotations

import streamlit as st

from cache.query import Query
from dashboard import state
from dashboard.aligned import aligned
from dashboard.app_pages._sample import title
from dashboard.app_pages._transcript import quotes_view, section
from dashboard.escape import plain
from dashboard.prompt_difference import difference_summary, difference_text
from dashboard.quotes import REASONING, VISIBLE, quotes_of
from dashboard.reading import Reading
from dashboard.state_samples import ARM


def other_arm(arms: list[str]) -> str:
    """The arm to be shown beside, chosen on the page; nothing where there is no other."""
    if not arms:
        return ""
    state.keep_valid(ARM, arms)
    return st.selectbox("The other arm", arms, key=ARM, bind="query-params", width=420)


def pair_view(left: Reading, right: Reading, query: Query | None) -> None:
    """What differs between the two, then reasoning beside reasoning, reply beside reply, score beside score."""
    both, quotes = aligned(left, right), (quotes_of(left), quotes_of(right))
    for column, reading in zip(st.columns(2, gap="medium"), (left, right), strict=True):
        with column:
            title(reading)
    for name, one, other in both.differs:
        st.caption(f"{name.capitalize()}: **{plain(one)}** against **{plain(other)}**")
    summary = difference_summary(both.prompt) if both.prompt else "no sentence"
    with st.expander(f"Prompts differ by: {summary}", icon=":material/difference:", on_change="rerun",
                     key="pair_prompts") as box:  # fmt: skip
        if box.open:
            st.caption("− stands in the left prompt only, + in the right one only")
            st.code(difference_text(both.prompt) or "(the same words)", language=None, wrap_lines=True)
    for part in (REASONING, VISIBLE):
        if part == REASONING and not (left.transcript.reasoning or right.transcript.reasoning):
            continue
        for column, reading, own in zip(st.columns(2, gap="medium"), (left, right), quotes, strict=True):
            with column:
                section(reading, part, own, query)
    for column, own in zip(st.columns(2, gap="medium"), quotes, strict=True):
        with column:
            quotes_view(own)
    st.caption("Scores")
    heads = tuple(f"{side}: {reading.trial.condition.arm}, {reading.trial.condition.tier.value}"
                  for side, reading in (("left", left), ("right", right)))  # fmt: skip
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]
        both.scores, hide_index=True, width="stretch", alt="Scores of both samples, metric by metric",
        column_config={"left": heads[0], "right": heads[1], "": "compared"},
    )  # fmt: skip
