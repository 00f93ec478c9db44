"""The filters over kept samples, each in the URL, and the search in their texts with how far it is."""

from __future__ import annotations

import streamlit as st

from cache.errors import StoreError
from cache.query import BadQuery, Query, parse_query
from dashboard import state_samples as kept
from dashboard.app_pages._boxes import problem, warning
from dashboard.results import Results
from dashboard.sample_columns import Columns, Ints
from dashboard.sample_filter import Filter, options_of

_FIRST = {"models": "Model", "arms": "Arm", "tiers": "Tier", "outcomes": "Outcome"}
_MORE = {
    "facts": "Fact", "levels": "Level", "polarities": "Polarity", "reasoning": "Reasoning", "queries": "Query",
    "replicates": "Replicate", "stops": "Stop", "frames": "Frame", "wordings": "First wording",
}  # fmt: skip
_HELP = (
    "All words must occur, in any order, in the reasoning or the reply; capitals do not matter. "
    'Quotation marks ask for a phrase, as in "my values"; a star for a beginning, as in train\\*.'
)


def found_samples(results: Results, columns: Columns) -> tuple[Ints, Query | None]:
    """Draw the filters; the places of the samples that match, and what was searched for."""
    options = options_of(results, columns)
    kept.keep_filters(options)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Words in reasoning or reply", key=kept.WORDS, bind="query-params", type="search",
                              help=_HELP, placeholder='Search all samples: train* "my values"')  # fmt: skip
        order = st.segmented_control("Order", [kept.PLANNED, kept.RANDOM], default=kept.PLANNED, key=kept.ORDER,
                                     required=True, bind="query-params", width="content",
                                     help="A random order is drawn with a seed: nobody chose")  # fmt: skip
        seed = None
        if order == kept.RANDOM:
            seed = int(st.number_input("Seed", 0, 10**9, 0, key=kept.SEED, bind="query-params", width=110))
    with st.grid(4, min_column_width=180):
        first = {field: _choose(label, field, options) for field, label in _FIRST.items()}
    several = {field: label for field, label in _MORE.items() if len(options[field]) > 1}
    on = kept.filters_set(tuple(several))
    name = f"More filters{f' ({on} set)' if on else ''}"
    with st.expander(name, icon=":material/filter_list:", key="r_more"), st.grid(3, min_column_width=180):
        more = {field: _choose(label, field, options) for field, label in several.items()}
    wanted = Filter(**first, **more)
    query, looked = None, None
    if typed:
        try:
            query, looked = parse_query(typed), kept.look(results, columns, typed)
        except BadQuery as error:
            problem(f"This cannot be searched for: {error}.")
            return columns.row_S[:0], None
        except StoreError as error:
            problem(error)
            return columns.row_S[:0], None
        if looked.trouble:
            warning(f"Searching without an index, which is slow but complete: {looked.trouble}. The index holds "
                    "nothing that the store does not and is built again by itself.")  # fmt: skip
        if not looked.done:
            _progress(results, columns, typed)
    found = kept.places(results, columns, wanted, looked, seed)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        so_far = "" if looked is None or looked.done else " so far"
        st.caption(f"**{len(found):,}** of {columns.count:,} kept samples match{so_far}.", width="content")
        st.button("Clear filters", icon=":material/filter_list_off:", on_click=kept.clear_filters, type="tertiary",
                  disabled=not typed and wanted == Filter())  # fmt: skip
    return found, query


def _choose(label: str, field: str, options: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(st.multiselect(label, options[field], key=kept.FILTERS[field], bind="query-params", placeholder="All"))


def _progress(results: Results, columns: Columns, typed: str) -> None:
    @st.fragment(run_every=1.5)
    def shown() -> None:
        now = kept.look(results, columns, typed)
        st.progress(now.searched / max(1, now.total), text=f"Searched {now.searched:,} of {now.total:,} texts so far. "
                    "The first search reads every text once; later ones take a moment.")  # fmt: skip
        if now.done:
            st.rerun()

    shown()
