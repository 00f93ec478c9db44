"""Shows the exact prompt that a model would read, where the facts lie in it, and what they displaced."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.app_pages._boxes import problem, table
from dashboard.marked import marked_html
from dashboard.plan_rows import exposure_rows
from dashboard.prompt_difference import changes, difference_summary, difference_text
from dashboard.prompt_documents import document_rows, set_rows
from dashboard.prompt_marks import marks
from dashboard.situation import Situation, placebo
from facts.catalog import Library
from facts.condition import Channel
from facts.errors import FactError
from facts.prompt import Prompt
from facts.salience import Dose

_VIEWS = ("Marked", "Plain text", "Difference to baseline", "Difference to placebo")
ROLES = {"system": "System message", "user": "User message", "assistant": "Assistant message"}


def composed(doses: tuple[Dose, ...], situation: Situation, library: Library) -> Prompt | None:
    """The prompt; None when it cannot be composed, after saying why."""
    try:
        return situation.prompt(doses, library)
    except FactError as error:
        problem(error)
        return None


def prompt_figures(prompt: Prompt, library: Library) -> None:
    """How long the prompt is, and how much of it speaks of each fact."""
    airtime = sum(item.airtime for item in prompt.exposures)
    with st.grid(4, min_column_width=110):
        st.metric("Tokens", f"{prompt.tokens:,}", help="Estimated without a tokenizer, the same for every model")
        st.metric(
            "Background", f"{prompt.background_tokens:,}", help="Tokens of facts and filler, the same at every level"
        )
        st.metric("Facts", len(prompt.exposures))
        st.metric("Airtime", f"{airtime:.1%}", help="Tokens spent on all facts ÷ tokens shown")
    if prompt.exposures:
        table(exposure_rows(prompt, library), "Dose, exposures, airtime and position of each fact in this prompt")


def prompt_documents(prompt: Prompt, situation: Situation, library: Library) -> None:
    """The documents of the prompt, and what the gates say of the sets that they come from."""
    if situation.channel is not Channel.DOCUMENTS:
        return
    table(document_rows(prompt, library, situation.genres()), "Documents of this prompt and which of them carry facts")
    if situation.document_sets:
        table(set_rows(situation.document_sets, library), "Document sets that are shown, and what their gates say")
    kept = len(library.shelf.names())
    if kept and not situation.document_sets:
        st.caption(f"Composed for this query. The workspace also keeps {kept} document set{'' if kept == 1 else 's'}, "
                   "which can be chosen under Channel.")  # fmt: skip
    if kept:
        state.page_link("read_documents", "Read document sets and their gates", ":material/article:")


def prompt_view(prompt: Prompt, doses: tuple[Dose, ...], situation: Situation, library: Library) -> None:
    """The prompt with its facts marked, as plain text to copy, or against the baseline or the placebo twins."""
    view = st.segmented_control("View", _VIEWS, default=_VIEWS[0], key="p_view", bind="query-params", required=True)
    match view:
        case "Plain text":
            for message in prompt.messages:
                st.caption(ROLES[message.role])
                st.code(message.text, language=None, wrap_lines=True)
        case "Difference to baseline":
            _difference((), "the baseline without any fact", prompt, situation, library)
        case "Difference to placebo":
            _difference(placebo(doses), "the placebo twins at the same levels", prompt, situation, library)
        case _:
            for message, found in zip(prompt.messages, marks(prompt, library), strict=True):
                st.caption(ROLES[message.role])
                st.html(marked_html(message.text, found))


def _difference(doses: tuple[Dose, ...], other: str, prompt: Prompt, situation: Situation, library: Library) -> None:
    try:
        found = changes(situation.prompt(doses, library), prompt)
    except FactError as error:
        problem(error)
        return
    if not found:
        st.caption(f"This prompt is the same as that of {other}.")
        return
    st.caption(f"Against {other}: {difference_summary(found)}.")
    st.code(difference_text(found), language=None, wrap_lines=True)
