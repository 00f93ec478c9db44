"""The only file that touches session state, the URL and Streamlit's caches; it holds plain strings and numbers."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cache.store import Store
from dashboard.results import Results, load_results
from dashboard.workspace import Workspace, open_workspace
from facts.catalog import Library, load
from facts.errors import FactError
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml, parse_comparison, read_comparison
from runners.estimate import Plan, estimate

EXAMPLES = Path(__file__).parent.parent / "examples"
FIRST = "embedded-ladder"


def workspace() -> Workspace:
    """The workspace that this server was started with."""
    return open_workspace()


@st.cache_resource(max_entries=4)
def _library(folder: str, stamp: tuple[tuple[str, int], ...]) -> Library:  # noqa: ARG001  (the stamp is the cache key)
    return load(Path(folder))


def library() -> Library:
    """The shipped facts and the workspace's own, read again when a file changes; raises ``FactError``."""
    folder = workspace().facts
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    return _library(str(folder), tuple((path.name, path.stat().st_mtime_ns) for path in files))


@st.cache_resource(max_entries=2)
def _store(folder: str) -> Store:
    return Store(Path(folder))


def store() -> Store:
    """The workspace's store, opened once for this server; raises ``StoreError``."""
    return _store(str(workspace().store))


def comparison_files() -> dict[str, Path]:
    """Every comparison there is by name: the workspace's own, then the shipped examples not yet in it."""
    own = {path.stem: path for path in sorted(workspace().comparisons.glob("*.toml"))}
    shipped = {path.stem.replace("_", "-"): path for path in sorted(EXAMPLES.glob("*.toml"))}
    return {**{name: path for name, path in shipped.items() if name not in own}, **own}


def chosen_name() -> str:
    """The comparison in the URL, else the shipped first one."""
    files = comparison_files()
    name = st.query_params.get("comparison", "")
    if name in files:
        return name
    return FIRST if FIRST in files else next(iter(files), "")


def choose(name: str) -> None:
    """Put a comparison into the URL, so that a link reproduces the view."""
    st.query_params["comparison"] = name


def saved(name: str) -> Comparison | FactError:
    """The comparison of that name as it is on disk, or what is wrong with its file."""
    try:
        return read_comparison(comparison_files()[name])
    except KeyError:
        return FactError(f"there is no comparison {name!r}; choose one from the list")
    except FactError as error:
        return error


def draft() -> Comparison | None:
    """The comparison being composed in this browser session, if any; kept as TOML text."""
    text = st.session_state.get("draft")
    if not isinstance(text, str):
        return None
    try:
        return parse_comparison("draft", text)
    except FactError:
        return None


def keep_draft(comparison: Comparison) -> None:
    """Remember what is being composed while the user moves between pages."""
    st.session_state["draft"] = comparison_toml(comparison)


@st.cache_data(max_entries=16, show_spinner=False)
def _plan(text: str, version: int, keys_present: tuple[str, ...]) -> Plan:  # noqa: ARG001  (cache keys)
    from dashboard.launch import models_of  # noqa: PLC0415  (pulls in the runner only where a plan is needed)

    comparison = parse_comparison("comparison", text)
    return estimate(comparison, library(), models_of(comparison, workspace()), store())


def plan(comparison: Comparison) -> Plan:
    """The plan against the store as it is now; computed again when the store grows. Raises ``FactError``."""
    import os  # noqa: PLC0415

    present = tuple(sorted(name for name in os.environ if name.endswith("_API_KEY")))
    return _plan(comparison_toml(comparison), store().version(), present)


@st.cache_resource(max_entries=6, show_spinner=False)
def _results(text: str, version: int, facts: str) -> Results:  # noqa: ARG001  (cache keys)
    return load_results(parse_comparison("comparison", text), library(), workspace(), store())


def results(comparison: Comparison) -> Results:
    """Scores of every kept sample of a comparison, shared between sessions and recomputed when the store grows."""
    stamp = ",".join(sorted(f"{path.name}:{path.stat().st_mtime_ns}" for path in workspace().facts.glob("*.toml")))
    return _results(comparison_toml(comparison), store().version(), stamp)
