"""What the pages of results share: cached tables, the sample in the URL, and the way from a mark to its samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import streamlit as st

from cache.errors import StoreError
from dashboard import jobs, state
from dashboard.app_pages._boxes import library as read_library
from dashboard.app_pages._boxes import problem, simulated_banner, warning
from dashboard.app_pages._pick import pick_comparison
from dashboard.effects.families import Adjustment
from dashboard.escape import plain
from dashboard.figure import PICK
from dashboard.findings import Findings
from dashboard.points import OfArm
from dashboard.results import Results
from dashboard.state_results import unreadable
from dashboard.state_runs import run_link
from facts.catalog import Library
from facts.condition import Tier
from facts.errors import FactError
from runners.comparison_file import comparison_toml

ARM, TIER, MODEL, QUERY = "r_arm", "r_tier", "r_model", "r_query"  # filters of the page that reads samples


def shown_results() -> tuple[Results, Library]:
    """The picked comparison's results and the library; stops the page where there are none, saying why."""
    name = pick_comparison()
    library = read_library()
    comparison = state.saved(name)
    if isinstance(comparison, FactError):
        problem(comparison)
        st.stop()
    try:
        with st.spinner("Reading kept samples and scoring them; the first time takes some seconds", show_time=True):
            results = state.results(comparison)
            live = jobs.progress(state.workspace(), comparison.name)[1]
            unread = unreadable(results) if results.interim and not live else 0
    except (FactError, StoreError) as error:
        problem(error)
        st.stop()
    if results.simulated:
        simulated_banner()
    for one in results.came:
        st.info(plain(f"{one.line}."), icon=":material/folder_open:")
    if not results.kept:
        _nothing_kept(results, comparison.name, running=live)
    if results.interim:
        _interim(results, comparison.name, running=live)
    if unread:
        warning(
            f"{unread:,} kept samples cannot be read; they are left out here, as if lost. `salience store verify` "
            "lists them."
        )
    return results, library


def _nothing_kept(results: Results, name: str, *, running: bool) -> None:
    if running:
        st.info(
            f"It is running: none of {results.planned:,} samples has arrived so far. Reload this page in a moment.",
            icon=":material/hourglass_top:",
        )
        run_link("watch_runs", name, "Watch the run", ":material/play_circle:")
    else:
        st.info(
            f"No sample of this comparison is kept yet: {results.planned:,} are planned. Launch it, and what has "
            "arrived can be read here while the rest is still running.",
            icon=":material/hourglass_empty:",
        )
        state.page_link("run_comparison", "Run this comparison", ":material/play_circle:")
    st.stop()


def _interim(results: Results, name: str, *, running: bool) -> None:
    said = f"Interim, not a test: {results.kept:,} of {results.planned:,} planned samples are kept"
    if not running:
        st.info(f"{said}.", icon=":material/timelapse:")
        return
    st.info(f"{said}, and it is running; reload this page for more.", icon=":material/timelapse:")
    run_link("watch_runs", name, "Watch the run", ":material/play_circle:")


@st.cache_resource(max_entries=6, show_spinner="Working out effects and their intervals")
def _findings(text: str, version: int, number: int, adjust: str, _results: Results, _library: Library) -> Findings:
    return Findings(_results, _library, Adjustment(adjust))


def shown_findings(results: Results, library: Library, adjust: str = Adjustment.MAX_T.value) -> Findings:
    """What the results give, shared between sessions and computed again when the store grows."""
    version = state.store().version()
    return _findings(comparison_toml(results.comparison), version, id(results), adjust, results, library)


def picked(event: object) -> Mapping[str, str]:
    """What the mark that was clicked says of itself: ``model``, ``arm`` and ``tier``; empty where none was."""
    chosen = cast("Mapping[str, Mapping[str, list[Mapping[str, str]]]]", event or {}).get("selection", {}).get(PICK, [])
    return chosen[0] if chosen else {}


def behind(mark: Mapping[str, str], points: Iterable[OfArm]) -> dict[str, str]:
    """The part of a URL that filters the samples by the mark that was clicked, one of these points."""
    wanted = {MODEL: mark.get("model", ""), ARM: mark.get("arm", ""), TIER: mark.get("tier", ""),
              QUERY: mark.get("query", "")}  # fmt: skip
    asked = next((p.of for p in points if (p.model, p.arm) == (wanted[MODEL], wanted[ARM])), "")
    if asked not in {"", wanted[MODEL]}:  # an arm of training: that model's prompts say nothing
        wanted |= {MODEL: asked, ARM: "baseline"}
    if wanted[TIER] not in {tier.value for tier in Tier}:  # a gap, or both tiers together
        del wanted[TIER]
    return {state.PICKED: state.chosen_name(), **{name: value for name, value in wanted.items() if value}}
