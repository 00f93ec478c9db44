"""The fields that say in how many documents of the background a dose is said, in which, and where each says it."""

from __future__ import annotations

import streamlit as st

from dashboard import state_fields
from dashboard.app_pages import _fields as field
from facts.breadth import Order, Position
from facts.catalog import Library
from facts.condition import Channel

_MOST = 60


def breadth_fields(library: Library) -> None:
    """Shown where documents carry facts, and where a field of them stands in the way of another channel."""
    shown = state_fields.held("channel") == Channel.DOCUMENTS.value
    if shown or state_fields.held_words("document_sets"):
        titles = library.shelf.titles()
        field.several("Document sets", "document_sets", list(titles), "Show documents of these sets, not "
                      "composed ones: a neutral set, and one for each dose, built with one seed",
                      titles=titles, placeholder="None: composed for each query")  # fmt: skip
    chosen = [int(word) for word in state_fields.held_words("carriers") if word.isdecimal()]
    documents = state_fields.held("documents")
    most = min(_MOST, documents) if isinstance(documents, int) else 4
    if not shown and not chosen:
        return
    st.multiselect(
        "Carriers", sorted({*range(1, most + 1), *chosen}), key=state_fields.field_key("carriers"),
        on_change=state_fields.edited, persist_state="session", placeholder="One dose, shared out over all documents",
        help="Breadth: so many documents say the whole dose each, at the same length of the background. Several "
             "numbers are compared with each other",
    )  # fmt: skip
    if chosen:
        field.few("Positions", "positions", [position.value for position in Position],
                  "Where each carrying document begins to say it; several are compared with the first")  # fmt: skip
        field.few("Which documents carry", "orders", [order.value for order in Order if order is not Order.DATE],
                  "drawn: spread over the documents by the seed; several are compared with the first")  # fmt: skip
