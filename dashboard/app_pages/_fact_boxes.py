"""The fields of a fact being written, part by part, each with what is wrong with it."""

from __future__ import annotations

import streamlit as st

from dashboard import state_facts as facts_state
from dashboard.app_pages._boxes import problem, warning
from dashboard.fact_drafts import Draft
from dashboard.fact_fields import ABOUT, ANCHORS, BANKS, HYPOTHESIS, PART_HINTS, RECALL, USE, Box
from dashboard.shown_text import shown
from facts.complaints import Complaint
from facts.salience import Part
from facts.tokens import count_tokens

_WORDINGS = "Wordings"
PARTS: dict[str, tuple[Box, ...]] = {
    "About": (*ABOUT, *HYPOTHESIS), "Anchors": ANCHORS, _WORDINGS: BANKS, "Questions": (*RECALL, *USE),
}  # fmt: skip
_ONE_LINE = {"slug", "title", "category", "placebo_topic", "hypothesis.alignment_faking", "hypothesis.gap",
             "hypothesis.revealing"}  # fmt: skip
_MOST = 6  # complaints shown at one field
_LONGEST = 200_000  # characters of a field; a whole fact has some 15,000


def section(part: str, draft: Draft, found: tuple[Complaint, ...]) -> None:
    """One part of the form."""
    if part == _WORDINGS:
        _wordings(draft, found)
        return
    if part == "Anchors":
        st.caption("The checks find the claim in a wording by its anchors. They also look for words that would prompt "
                   "what is measured, such as deceive; a fact may allow itself one, with a reason.")  # fmt: skip
    if part == "Questions":
        st.caption("A model that has read the text is asked these: whether it took the fact in, and whether it acts on "
                   "it in a case of everyday life. No wording may share eight words in a row with them.")  # fmt: skip
    with st.grid(2, min_column_width=300):
        for box in PARTS[part]:
            with st.container(gap="xsmall"):
                _box(box, draft)
                _complaints(box.name, found)


def _box(box: Box, draft: Draft, height: int = 110) -> None:
    key = facts_state.field_key(box.name)
    facts_state.hold(key, draft.fields[box.name])
    title = f"{box.label}, may stay empty" if box.optional else box.label
    if box.name == "kind":
        kinds = list(dict.fromkeys(["fact", "control", draft.fields[box.name]]))
        st.selectbox(title, kinds, key=key, help=box.hint, on_change=facts_state.edited, args=(box.name,))
    elif box.name in _ONE_LINE:
        st.text_input(title, key=key, help=box.hint or None, placeholder=box.hint, max_chars=_LONGEST,
                      on_change=facts_state.edited, args=(box.name,))  # fmt: skip
    else:
        st.text_area(title, key=key, help=box.hint or None, placeholder=box.hint, max_chars=_LONGEST, height=height,
                     on_change=facts_state.edited, args=(box.name,))  # fmt: skip


def _complaints(name: str, found: tuple[Complaint, ...]) -> None:
    mine = [one for one in found if one.field == name]
    for refused in (True, False):
        lines = [_line(one) for one in mine if one.refused is refused]
        if lines:
            rest = [f"and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
            (problem if refused else warning)("\n".join([*lines[:_MOST], *rest]))


def _line(one: Complaint) -> str:
    if one.number is None:
        return shown(one.what[0].upper() + one.what[1:])
    quoted = f": “{shown(one.text, 90)}”" if one.text else ""
    return f"Line {one.number + 1} {shown(one.what, 300)}{quoted}"


def _wordings(draft: Draft, found: tuple[Complaint, ...]) -> None:
    st.caption("One wording a line. The same line of each column goes together: the placebo twin says something "
               "irrelevant in as many words. Lists of a part are equally long, with at least 4 lines.")  # fmt: skip
    for part in Part:
        st.markdown(f"**{part.capitalize()}** :gray[{PART_HINTS[part]}]")
        _complaints(part.value, found)
        with st.grid(3, min_column_width=300):
            for box in BANKS:
                if box.name.endswith(f".{part}"):
                    with st.container(gap="xsmall"):
                        _box(box, draft, height=260)
                        st.caption(_size(draft.fields[box.name]))
                        _complaints(box.name, found)


def _size(text: str) -> str:
    lines = [line for line in text.split("\n") if line.strip()]
    tokens = [count_tokens(line) for line in lines[:400]]
    if not tokens:
        return "No wording yet"
    mean = sum(tokens) / len(tokens)
    return f"{len(lines):,} wordings, {min(tokens)} to {max(tokens)} tokens, {mean:.1f} on average"
