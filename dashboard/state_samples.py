"""What the page that reads samples keeps: its filters and its sample in the URL, and arrays that all sessions share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import streamlit as st

from cache.query import parse_query
from dashboard import state
from dashboard.results import Results
from dashboard.sample_columns import Columns, Ints, columns_of
from dashboard.sample_filter import Filter, matching, ordered
from dashboard.searching import Looked, Searcher, sample_texts
from runners.comparison_file import comparison_toml

PER_PAGE = 25
WORDS, ORDER, SEED, PAGE, VIEW, ARM = "r_words", "r_order", "r_seed", "r_page", "r_view", "r_beside"
PLANNED, RANDOM = "Query by query", "Random"
# The keys of widgets, which are names in the URL, by field of a filter.
FILTERS: Mapping[str, str] = {
    "models": "r_model", "arms": "r_arm", "tiers": "r_tier", "outcomes": "r_outcome", "facts": "r_fact",
    "levels": "r_level", "polarities": "r_polarity", "reasoning": "r_reasoning", "queries": "r_query",
    "replicates": "r_replicate", "stops": "r_stop", "frames": "r_frame", "wordings": "r_wording",
}  # fmt: skip
_SAMPLE, _PLACE = "sample", "r_place"


def _version(results: Results) -> tuple[str, int, int]:
    return comparison_toml(results.comparison), state.store().version(), id(results)


@st.cache_resource(max_entries=4, show_spinner=False)
def _columns(version: tuple[str, int, int], _results: Results) -> Columns:
    return columns_of(_results)


def columns(results: Results) -> Columns:
    """The kept samples as columns, shared between sessions and made again when the store grows."""
    return _columns(_version(results), results)


@st.cache_resource(max_entries=2, show_spinner=False)
def _searcher(root: str) -> Searcher:
    return Searcher(state.workspace().root / "index" / "samples.db", sample_texts(state.store()))


@st.cache_resource(max_entries=16, show_spinner=False)
def _searched(version: tuple[str, int, int], typed: str) -> list[Looked]:
    return []  # what a finished search has found is put in here


def look(results: Results, found: Columns, typed: str) -> Looked:
    """What a search has found so far. Raises ``BadQuery`` and ``StoreError``."""
    done = _searched(_version(results), typed)
    if not done:
        looked = _searcher(str(state.workspace().root)).look(parse_query(typed), found.keys)
        if not looked.done:
            return looked
        done.append(looked)
    return done[0]


@st.cache_resource(max_entries=32, show_spinner=False)
def _places(version: tuple[str, int, int], wanted: Filter, seed: int | None, _parts: tuple[Results, Columns]) -> Ints:
    return ordered(_parts[1], matching(*_parts, wanted), seed=seed)


def places(results: Results, held: Columns, wanted: Filter, looked: Looked | None, seed: int | None) -> Ints:
    """The places of the samples that match the filter and hold the words, in the order chosen."""
    found = _places(_version(results), wanted, seed, (results, held))
    if looked is None:
        return found
    hit_S = np.zeros(held.count, dtype=np.bool_)
    hit_S[[held.place[key] for key in looked.found if key in held.place]] = True
    if len(held.place) < held.count:  # conditions share samples
        hit_S = np.array([key in looked.found for key in held.keys], dtype=np.bool_)
    return found[hit_S[found]]


def keep_filters(options: Mapping[str, list[str]]) -> None:
    """Drop filters of another comparison, before their widgets are made."""
    for field, key in FILTERS.items():
        given = cast("list[str]", st.session_state.get(key, []))
        if given != (kept := [name for name in given if name in options[field]]):
            st.session_state[key] = kept


def clear_filters() -> None:
    """Callback: show every sample again."""
    for key in FILTERS.values():
        st.session_state[key] = []
    st.session_state[WORDS] = ""
    st.session_state[PAGE] = 1


def filters_set(fields: tuple[str, ...]) -> int:
    """How many of these fields of the filter are set, also before their widgets are made from the URL."""
    return sum(bool(st.session_state.get(FILTERS[f], st.query_params.get_all(FILTERS[f]))) for f in fields)


def keep_page(pages: int) -> None:
    """Go to the first page where there are fewer, before its widget is made."""
    if st.session_state.get(PAGE, 1) > pages:
        st.session_state[PAGE] = 1


# --- the sample shown ------------------------------------------------------------------------------------------------


def shown_place(held: Columns) -> int | None:
    """The place of the sample in the URL; of several conditions that share it the one that was chosen, else the first.

    None where there is none, or the comparison does not have it.
    """
    key, place = st.query_params.get(_SAMPLE, ""), st.session_state.get(_PLACE, -1)
    if isinstance(place, int) and 0 <= place < held.count and held.keys[place] == key:
        return place
    return held.place.get(key)


def asked_for() -> str:
    """The key of the sample in the URL, or nothing."""
    return st.query_params.get(_SAMPLE, "")


def show_place(held: Columns, place: int, number: int) -> None:
    """Callback: show the sample at a place, the ``number``-th (from 0) of those found, and the page that lists it."""
    st.query_params[_SAMPLE] = held.keys[place]
    st.session_state[_PLACE] = place
    st.session_state[PAGE] = number // PER_PAGE + 1
    st.session_state["r_moved"] = place  # the table is made anew, with this row chosen


def table_key(page: int) -> str:
    """The key of the table on a page; another one after a step to the next sample, so that its row is marked."""
    return f"samples_{page}_{st.session_state.get('r_moved', '')}"


def chosen_row(key: str) -> int | None:
    """The row of a table that was clicked."""
    rows: list[int] = st.session_state[key]["selection"]["rows"]
    return rows[0] if rows else None


def choose_place(held: Columns, key: str, listed: list[int]) -> None:
    """Callback of the table: show the sample whose row was clicked."""
    row = chosen_row(key)
    if row is not None and row < len(listed):
        st.query_params[_SAMPLE] = held.keys[listed[row]]
        st.session_state[_PLACE] = listed[row]


def link() -> str:
    """The address that opens the sample shown in any browser on this machine."""
    base = (st.context.url or "").split("?")[0]
    return f"{base}?{state.PICKED}={state.chosen_name()}&{_SAMPLE}={asked_for()}"
