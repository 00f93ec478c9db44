"""What the facts page keeps in the session and the URL: the view, the fact looked at, and the fact being written."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from dashboard import state
from dashboard.dose_code import Choice, changed
from dashboard.fact_drafts import (
    Draft,
    draft_names,
    draft_of_text,
    draft_text,
    drop_draft,
    name_trouble,
    read_draft,
    start_draft,
    write_draft,
)
from dashboard.fact_filter import ANY, FactFilter
from dashboard.own_facts import LARGEST, decoded, own_files, save_fact, set_aside
from facts.catalog import Library, shipped
from facts.errors import FactError
from facts.read_fact import parse_fact

CHOOSE, WORDINGS, WRITE = VIEWS = ("Choose facts", "Wordings", "Write a fact")
VIEW = "facts_view"  # keys of widgets that are bound to the URL
FACT = "fact"
STRIP = "strip"
DRAFT = "fact_draft"
FILTERS = ("category", "faking", "gap", "revealing", "source")
SOURCE, UPLOAD, RAW, REALLY, SURE = "fact_source", "fact_file", "fact_toml", "fact_really", "fact_delete_sure"
_FIELD, _SPARE, _PROBLEM, _NEWS, _WENT = "fact_field_", "fact_spare", "fact_problem", "fact_news", "went"
_SAVED = "fact_saved"


def _kept(key: str) -> str:
    value = st.session_state.get(key)
    return value if isinstance(value, str) else ""


def _library() -> Library:
    try:
        return state.library()
    except FactError:  # a broken file of one's own: its message is on the page
        return shipped()


def hold(key: str, value: str) -> None:
    """Give a widget its value before it is made; one that has it already is left alone, with what is typed in it."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _go(view: str) -> None:
    st.session_state[VIEW], st.session_state[_WENT] = view, True


def view_default() -> str | None:
    """The view that the page opens with; None right after another one was asked for, which a default stands against."""
    return None if st.session_state.pop(_WENT, False) else CHOOSE


def remember(view: str | None) -> None:
    """Hold what the other views show, so that a button can change it there and the address tells it."""
    for key, shown in ((FACT, WORDINGS), (DRAFT, WRITE)):
        if view != shown and key not in st.session_state:
            st.session_state[key] = st.query_params.get(key)


def clear_filters() -> None:
    """Callback: list every fact again."""
    for key in FILTERS:
        st.session_state[key] = [] if key == "category" else ANY
    st.session_state["search"] = ""
    st.session_state["only_on"] = False


def filters_on() -> int:
    """How many of the filters leave facts out."""
    return sum(st.session_state.get(key) not in (None, [], ANY) for key in FILTERS)


def wanted(words: str, only: set[str] | None) -> FactFilter:
    """What the filters let through."""
    picked: list[str] | None = st.session_state.get("category")
    return FactFilter(
        words=words, categories=tuple(picked or ()), only=only,
        faking=_kept("faking") or ANY, gap=_kept("gap") or ANY, revealing=_kept("revealing") or ANY,
        source=_kept("source") or ANY,
    )  # fmt: skip


def look_at(slug: str) -> None:
    """Callback: show the wordings of a fact."""
    st.session_state[FACT] = slug
    _go(WORDINGS)


def show_strip(slugs: list[str]) -> None:
    """Press every fact of the strip, before it is made."""
    st.session_state[STRIP] = slugs


def pills_changed(shown: list[str]) -> None:
    """Callback of the strip of facts that are on: those pressed are switched off."""
    left: list[str] | None = st.session_state.get(STRIP)
    for slug in shown:
        if slug not in (left or ()):
            st.session_state[state.DOSES] = changed(state.dose_line(), slug, None)


# --- the fact being written ------------------------------------------------------------------------------------------


def names() -> list[str]:
    """The drafts that there are, with this session's own where the disk did not take it."""
    found = draft_names(state.workspace())
    spare = _kept(DRAFT) if _kept(_SPARE) else ""
    return found if not spare or spare in found else sorted([spare, *found])


def draft() -> Draft | None:
    """The draft that is picked."""
    return read_draft(state.workspace(), _kept(DRAFT), _kept(_SPARE))


def _keep(one: Draft) -> None:
    trouble = write_draft(state.workspace(), one)
    st.session_state[_SPARE] = draft_text(one) if trouble else ""
    st.session_state[_PROBLEM] = trouble


def _open(one: Draft) -> None:
    _keep(one)
    st.session_state[DRAFT], st.session_state[_NEWS] = one.name, ""
    _go(WRITE)


def problem() -> str:
    """What went wrong with the last thing that was asked for, if anything."""
    return _kept(_PROBLEM)


def news() -> str:
    """What came of the last thing that was asked for, if it went well."""
    return _kept(_NEWS)


def saved() -> str:
    """The fact that was just saved, to be switched on; empty where the last thing done was another."""
    return _kept(_SAVED) if news() else ""


def about_opened(slug: str) -> None:
    """Callback of a fact's box in the list: its wordings are the ones that the other view opens with."""
    if st.session_state.get(f"about_{slug}"):
        st.session_state[FACT] = slug


def write(source: str) -> None:
    """Callback: write a fact, from nothing, from a shipped fact's copy, or by changing one's own."""
    try:
        _open(start_draft(state.workspace(), source, _library()))
    except FactError as error:
        st.session_state[_PROBLEM] = str(error)
        _go(WRITE)


def write_chosen() -> None:
    """Callback of the button beside the list of what can be started from."""
    write(_kept(SOURCE))


def opened() -> None:
    """Callback of the file uploader: what can be read becomes a draft."""
    if (given := st.session_state.get(UPLOAD)) is None:
        return
    try:
        _open(draft_of_text(state.workspace(), decoded(given.name, given.getvalue())))
    except FactError as error:
        st.session_state[_PROBLEM] = str(error)


def field_key(name: str) -> str:
    """The key of the widget that edits this field of the draft."""
    return f"{_FIELD}{name}"


def edited(name: str) -> None:
    """Callback of a field: the draft is kept with it, finished or not."""
    if one := draft():
        _keep(one.with_field(name, _kept(field_key(name))))


def text_edited() -> None:
    """Callback of the TOML text: the draft is kept with it, broken or not."""
    text = _kept(RAW)
    if (one := draft()) and len(text) <= LARGEST:
        _keep(one.with_text(text))


def text_dropped() -> None:
    """Callback: go back from a broken TOML text to the fields as they were before."""
    if one := draft():
        _keep(one.with_field("slug", one.fields["slug"]))


def _gone(news_: str, saved_: str = "") -> None:
    st.session_state[_SAVED] = saved_
    st.session_state[_SPARE] = st.session_state[_PROBLEM] = ""
    st.session_state[_NEWS] = news_
    left = names()
    st.session_state[DRAFT] = left[0] if left else None


def save() -> None:
    """Callback: the draft becomes a fact of the workspace, if it can be read as one."""
    one = draft()
    if one is None:
        return
    now = datetime.now().astimezone()
    try:
        fact = parse_fact(f"{one.name}.toml", one.text)
        if trouble := name_trouble(state.workspace(), one):
            raise FactError(trouble)
        aside = save_fact(state.workspace().facts, fact.slug, one.text, now)
        drop_draft(state.workspace(), one.name, "saved", now)
    except FactError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    kept = f" The file that it replaces is kept as {aside.name}." if aside else ""
    left = one.origin if one.origin not in {"", fact.slug} else ""
    other = f" Your fact {left} is as it was." if left else ""
    _gone(f"Saved as facts/{fact.slug}.toml in your workspace, and listed with the others.{kept}{other}", fact.slug)
    st.session_state[FACT] = fact.slug


def discard() -> None:
    """Callback: set the draft aside."""
    if one := draft():
        try:
            drop_draft(state.workspace(), one.name, "discarded", datetime.now().astimezone())
        except FactError as error:
            st.session_state[_PROBLEM] = str(error)
            return
        _gone(f"The draft {one.name} was set aside, in the folder drafts/facts of your workspace.")


def delete(name: str) -> None:
    """Callback: set an own fact's file aside, so that it is no longer listed."""
    path = own_files(state.workspace().facts).get(name)
    if path is None:
        return
    try:
        aside = set_aside(path, "deleted", datetime.now().astimezone())
    except FactError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    st.session_state[state.DOSES] = changed(state.dose_line(), name, None)
    st.session_state[SURE] = False
    st.session_state[_PROBLEM] = st.session_state[_SAVED] = ""
    st.session_state[_NEWS] = (
        f"{name} is no longer listed. Its file is kept as {aside.name}: take the ending off to have it back. Kept "
        "samples remain, and comparisons that name it cannot be planned until it is back."
    )


def switch_on(slug: str) -> None:
    """Callback: switch a fact on and show the list."""
    st.session_state[state.DOSES] = changed(state.dose_line(), slug, Choice(fact=slug))
    _go(CHOOSE)
