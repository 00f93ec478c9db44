"""The only file that touches session state, the URL and Streamlit's caches; it holds plain strings and numbers."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import streamlit as st

from cache.store import Store
from dashboard import comparisons, jobs
from dashboard import state_address as address
from dashboard.dose_code import Choice, changed, decode
from dashboard.latest import Latest
from dashboard.launch import judges_of, models_of, save_comparison
from dashboard.results import Results, load_results
from dashboard.stamps import Stamp, stamp
from dashboard.workspace import Workspace, open_workspace
from facts.catalog import Library, load
from facts.errors import FactError
from facts.salience import Polarity, Salience
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml, parse_comparison
from runners.estimate import Plan, estimate
from runners.planning import check
from runners.questions import judged
from runners.sizes import Size, sizes

DRAFT = "(draft)"  # no comparison can have this name
PICKED = "comparison"  # names in the URL and keys of widgets
DOSES = "doses"


def workspace() -> Workspace:
    """The workspace that this server was started with."""
    return open_workspace()


@st.cache_resource(max_entries=4, show_spinner=False)
def _library(folder: str, sets: str, files: Stamp) -> Library:  # files are part of the cache's key
    return load(Path(folder), Path(sets))


def library() -> Library:
    """The shipped facts and the workspace's own, read again when a file changes; raises ``FactError``."""
    return _library(str(workspace().facts), str(workspace().documents), stamp(workspace()))


@st.cache_resource(max_entries=2, show_spinner=False)
def _store(folder: str) -> Store:
    return Store(Path(folder))


def store() -> Store:
    """The workspace's store, opened once for this server; raises ``StoreError``."""
    return _store(str(workspace().store))


def dark() -> bool:
    """Whether the page stands on a dark ground in this browser."""
    return st.context.theme.type == "dark"


# --- which comparison ------------------------------------------------------------------------------------------------


def comparison_names() -> list[str]:
    """What can be picked: every comparison there is, the shipped first one first, and the draft if there is one."""
    names = list(comparisons.comparison_files(workspace()))
    return [*names, DRAFT] if draft() else names


def chosen_name() -> str:
    """The comparison named by a link, else picked on this or another page, else the shipped first one."""
    names = comparison_names()
    known = (address.linked(PICKED), address.remembered(PICKED), st.query_params.get(PICKED))
    return next((name for name in known if name in names), next(iter(names), ""))


def choose(name: str) -> None:
    """Pick a comparison; from a callback, or before the page shows its picker."""
    st.session_state[PICKED] = name
    address.remember(PICKED, name)


def settle_choice() -> str:
    """Before the picker is made: what it holds is in the address, and the address in it.

    Gives the name in the address where there is no such comparison, and then picks none instead of another.
    """
    names, said = comparison_names(), st.query_params.get(PICKED, "")
    if said and said not in names and (address.linked(PICKED) or address.remembered(PICKED) not in names):
        st.session_state[PICKED] = None
        return said
    st.session_state[PICKED] = name = chosen_name()
    address.keep(PICKED, name)
    return ""


def picked() -> None:
    """Callback of the picker."""
    if isinstance(name := st.session_state.get(PICKED), str):
        choose(name)


def saved(name: str) -> Comparison | FactError:
    """The comparison of that name as it is on disk (or the draft), or what is wrong with its file."""
    if name == DRAFT:
        return draft() or FactError("there is no draft; choose a comparison from the list")
    return comparisons.saved_comparison(workspace(), name)


def save(comparison: Comparison) -> Path:
    """Write the comparison to the workspace."""
    return save_comparison(workspace(), comparison)


# --- the draft -------------------------------------------------------------------------------------------------------


def draft() -> Comparison | None:
    """The comparison being composed, if any: this session's, else the last one that was kept on disk."""
    text = st.session_state.get("draft")
    return comparisons.read_draft(workspace(), text if isinstance(text, str) else None)


def keep_draft(comparison: Comparison) -> None:
    """Remember what is being composed, over page switches, reloads and restarts."""
    st.session_state["draft"] = comparisons.write_draft(workspace(), comparison)


def open_draft(comparison: Comparison) -> None:
    """Make this comparison the draft and pick it; from a callback, or before the page shows its picker."""
    keep_draft(comparison)
    st.session_state["editing"] = ""  # the fields are filled again
    choose(DRAFT)


def open_new(comparison: Comparison) -> None:
    """Make this comparison the draft under a name that no other has; before a page shows its picker."""
    open_draft(replace(comparison, name=comparisons.free_name(workspace(), comparison.name)))


# --- the facts that are switched on ----------------------------------------------------------------------------------


def dose_line() -> str:
    """The chosen facts as written in the URL."""
    line = st.session_state.get(DOSES) or ""
    return line if isinstance(line, str) else ""


def settle_doses() -> None:
    """Before their field is made: doses of a link, else what the field holds, else those chosen last."""
    linked, held = address.linked(DOSES), st.session_state.get(DOSES)
    line = linked if linked is not None else held if isinstance(held, str) else address.remembered(DOSES)
    if line != held:
        st.session_state[DOSES] = line
    address.keep(DOSES, line)


def choices(found: Library) -> dict[str, Choice]:
    """The facts that are switched on; raises ``FactError`` for a line that cannot be read or an unknown fact."""
    chosen = decode(dose_line())
    for fact in chosen:
        found.fact(fact)
    return chosen


def show_choice(fact: str, choice: Choice | None) -> None:
    """Set a fact's widgets to what the URL says, before they are made."""
    st.session_state[f"on_{fact}"] = choice is not None
    if choice:
        st.session_state[f"level_{fact}"] = int(choice.level)
        st.session_state[f"polarity_{fact}"] = choice.polarity.value


def fact_changed(fact: str) -> None:
    """Callback of a fact's widgets: write its dose into the URL."""
    level = st.session_state.get(f"level_{fact}")
    choice = Choice(
        fact=fact,
        level=Salience.EMPHASISED if level is None else Salience(int(level)),
        polarity=Polarity(st.session_state.get(f"polarity_{fact}") or Polarity.AFFIRMED),
    )
    st.session_state[DOSES] = changed(dose_line(), fact, choice if st.session_state.get(f"on_{fact}") else None)


def clear_choices() -> None:
    """Callback: switch every fact off."""
    st.session_state[DOSES] = ""


def keep_valid(key: str, options: list[str]) -> None:
    """Drop a widget's value that is no longer among its options, before the widget is made."""
    if key in st.session_state and st.session_state[key] not in options:
        st.session_state[key] = options[0]


# --- what is computed ------------------------------------------------------------------------------------------------


@st.cache_resource(max_entries=8, show_spinner=False)
def _sized(text: str, files: Stamp) -> dict[str, tuple[Size, ...]]:
    # Composing is most of a plan's work and does not depend on what is kept.
    comparison = parse_comparison("comparison", text)
    if judged(comparison, library()):
        return {}  # what judges are asked changes with every sample
    return {m.label: tuple(sizes(comparison, library(), m)) for m in models_of(comparison, workspace())}


@st.cache_data(max_entries=16, show_spinner=False)
def _plan(text: str, version: int, keys_present: tuple[str, ...], files: Stamp) -> Plan:
    comparison = parse_comparison("comparison", text)
    models, judges = models_of(comparison, workspace()), judges_of(comparison, workspace())
    check(comparison, library(), models, judges)
    return estimate(comparison, library(), models, store(), _sized(text, files), judges=judges)


def plan(comparison: Comparison) -> Plan:
    """The plan against the store as it is now; computed again when the store grows. Raises ``FactError``."""
    present = tuple(sorted(name for name in os.environ if name.endswith("_API_KEY")))
    return _plan(comparison_toml(comparison), store().version(), present, stamp(workspace(), comparison))


@st.cache_resource(max_entries=4, show_spinner=False)
def _latest(text: str, folder: str, files: Stamp) -> Latest:
    return Latest()


def results(comparison: Comparison) -> Results:
    """Scores of every kept sample of a comparison, shared between sessions; what is new is added as the store grows."""
    text = comparison_toml(comparison)
    return _latest(text, str(workspace().root), stamp(workspace(), comparison)).at(
        store().version(), lambda: load_results(parse_comparison("comparison", text), library(), workspace(), store())
    )


def page_link(page: str, label: str, icon: str) -> None:
    """A link to another page that keeps the comparison picked, where that page exists."""
    if (Path(__file__).parent / "app_pages" / f"{page}.py").exists():
        st.page_link(f"app_pages/{page}.py", label=label, icon=icon, query_params={PICKED: chosen_name()})


def launch(comparison: Comparison) -> None:
    """Callback of the launch button: save the comparison, pick it, and run it in the background."""
    save(comparison)
    choose(comparison.name)
    jobs.start(comparison, library(), workspace(), store())
