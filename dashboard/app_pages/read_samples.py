"""Read what models said: filter, search, and see one sample with its prompt, scores and its twin."""

from __future__ import annotations

import math

import streamlit as st

from dashboard import state
from dashboard.app_pages._sample import pair_view, sample_view
from dashboard.app_pages._shown import ARM, MODEL, TIER, found_samples, sample_key, show_sample, shown_results
from dashboard.reading import find_row
from dashboard.sample_filter import Filter, outcomes_of, table_rows

_PAGE = 25

st.title("Read samples", anchor=False)
results, library = shown_results()


def _choose(label: str, options: list[str], key: str) -> tuple[str, ...]:
    kept = [name for name in st.session_state.get(key, []) if name in options]
    if kept != st.session_state.get(key, []):
        st.session_state[key] = kept
    return tuple(st.multiselect(label, options, key=key, bind="query-params", placeholder="All"))


with st.grid(4, min_column_width=180):
    models = _choose("Model", [m.model.label for m in results.models], MODEL)
    arms = _choose("Arm", list(dict.fromkeys(c.arm for c in results.conditions)), ARM)
    tiers = _choose("Tier", [tier.value for tier in results.comparison.tiers], TIER)
    queries = _choose("Query", sorted(results.queries), "r_query")
    outcomes = _choose("Outcome", outcomes_of(results), "r_outcome")
    stops = _choose("Stop", sorted({r.stop.value for m in results.models for r in m.rows if r.stop}), "r_stop")
    words = st.text_input("Words in the reply or reasoning", key="r_words", bind="query-params", type="search")
    found = found_samples(results, Filter(
        models=models, arms=arms, tiers=tiers, queries=queries, outcomes=outcomes, stops=stops, words=words or "",
    ))  # fmt: skip
    pages = max(1, math.ceil(len(found) / _PAGE))
    if st.session_state.get("r_page", 1) > pages:
        st.session_state["r_page"] = 1
    page = st.number_input(f"Page of {pages:,}", min_value=1, max_value=pages, key="r_page", bind="query-params")

shown = [(results.models[m], results.models[m].rows[r]) for m, r in found[_PAGE * (page - 1) : _PAGE * page]]
st.caption(f"{len(found):,} of {results.kept:,} kept samples match. Choose a row to read it.")
if not found:
    st.info("No sample matches. Take a filter out, or search for other words.", icon=":material/search_off:")
    st.stop()
event = st.dataframe(  # pyright: ignore[reportUnknownMemberType]
    table_rows(results, shown, state.store()), hide_index=True, width="stretch", height=320, on_select="rerun",
    selection_mode="single-row", key=f"samples_{page}", alt="Kept samples that match the filters, one row each",
)  # fmt: skip
rows = event["selection"]["rows"]
if rows and rows[0] < len(shown):
    show_sample(shown[rows[0]][1].key)
chosen = find_row(results, sample_key()) if sample_key() else None
if chosen is None:
    st.stop()
model, row = chosen
view = st.segmented_control("Show", ["One sample", "Beside the other tier", "Beside no fact"], default="One sample",
                            required=True, key="r_view", bind="query-params")  # fmt: skip
if view == "One sample":
    sample_view(results, model, row, library)
else:
    pair_view(results, model, row, library, other_tier=view == "Beside the other tier")
