"""What the page for labelling keeps: who labels, which sample is shown; every word goes to the file at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.labelled import LabelReport, label_path, label_report
from dashboard.labelling import drawn, requests_of
from dashboard.results import Results
from facts.catalog import Library
from facts.errors import FactError
from runners.comparison_file import comparison_toml
from runners.labels.draw import Drawn
from runners.labels.file import Labels, append, read
from runners.labels.label import Drawing, Label, checked_name
from runners.labels.walk import Walk, skip, walk, word

METRIC, MEASURE, PER, NAME = "l_metric", "l_measure", "l_per", "l_name"
SEED, OWN, RUBRIC = "l_seed", "l_own", "l_rubric"
_AT, _PROBLEM, _NOTE = "l_at", "l_problem", "l_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """One labeller at one metric: the file, what was drawn, and the way through it so far."""

    path: Path
    metric: str
    labeller: str
    rubric: str
    drawing: Drawing
    found: Drawn
    labels: Labels
    walk: Walk

    @property
    def token(self) -> str:
        """What tells this sitting from another one in the same browser."""
        return f"{self.path}\n{self.labeller}\n{self.rubric}\n{self.drawing}"


def named() -> bool:
    """Whether the labeller has said who they are, with what can be a name."""
    try:
        return bool(checked_name(str(st.session_state.get(NAME) or st.query_params.get(NAME, ""))))
    except FactError:
        return False


Version = tuple[str, int, int]


def _version(results: Results) -> Version:
    return comparison_toml(results.comparison), state.store().version(), id(results)


@st.cache_resource(max_entries=8, show_spinner="Drawing samples")
def _drawn(version: Version, metric: str, drawing: Drawing, _results: Results) -> Drawn:
    return drawn(_results, metric, drawing)


@st.cache_resource(max_entries=4, show_spinner=False)
def _requests(version: Version, _results: Results, _library: Library) -> dict[str, str]:
    return requests_of(_results, _library)


def requests(results: Results, library: Library) -> dict[str, str]:
    """What was asked, by the key of each sample."""
    return _requests(_version(results), results, library)


def labels_of(results: Results, metric: str) -> Labels:
    """The labels of a metric as they are on disk now. Raises ``BrokenFile``."""
    return read(label_path(state.workspace(), results.comparison.name, metric))


def sitting(results: Results, metric: str, labeller: str, rubric: str, drawing: Drawing) -> Sitting:
    """Where this labeller is now. Raises ``FactError`` where nothing can be drawn or the file is broken."""
    path = label_path(state.workspace(), results.comparison.name, metric)
    found, labels = _drawn(_version(results), metric, drawing, results), read(path)
    return Sitting(
        path=path, metric=metric, labeller=labeller, rubric=rubric, drawing=drawing, found=found, labels=labels,
        walk=walk(found.order, labels, labeller=labeller, rubric=rubric),
    )  # fmt: skip


def at(now: Sitting) -> str | None:
    """The sample to show: where the labeller went last, else the first one without a word; None at the end."""
    token, _, key = str(st.session_state.get(_AT, "")).rpartition("\n")
    return key if token == now.token and key in now.found.hidden else now.walk.next()


def go(now: Sitting, key: str | None) -> None:
    """Callback: show this sample."""
    if key:
        st.session_state[_AT] = f"{now.token}\n{key}"
    else:
        st.session_state.pop(_AT, None)


def give(now: Sitting, key: str, value: str) -> None:
    """Callback of a class: the label is on the disk before the next sample is shown; else the sample stays."""
    note = str(st.session_state.get(note_key(key)) or "").strip()
    try:
        if said := _meanwhile(now, key, value):
            st.session_state[_PROBLEM] = said
            go(now, key)
            return
        _write(now, word(key, value, labeller=now.labeller, metric=now.metric, rubric=now.rubric, note=note))
    except FactError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    go(now, _walked(now).next(key))


def pass_over(now: Sitting, key: str) -> None:
    """Callback: skip the sample, which is written down; one that has a label keeps it."""
    try:
        if said := _meanwhile(now, key):
            st.session_state[_PROBLEM] = said
            go(now, key)
            return
        if key not in now.walk.given:
            _write(now, skip(key, labeller=now.labeller, metric=now.metric, rubric=now.rubric))
    except FactError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    go(now, _walked(now).next(key))


def _meanwhile(now: Sitting, key: str, value: str | None = None) -> str:
    """That the sample was given another label since it was shown, which stands; empty where it was not."""
    before, there = now.walk.given.get(key), _walked(now).given.get(key)
    if there is None or there == before or there.value == value:
        return ""
    return (
        f"This sample was labelled “{there.value}” by {now.labeller} meanwhile, in another tab or a terminal. That "
        "label stands and nothing was written now; choose a class once more to replace it, or go to the next sample"
    )


def undo(now: Sitting) -> None:
    """Callback: take this labeller's last word back, whether said here or at the command line, and show its sample."""
    if (key := _walked(now).last) is None:
        return
    try:
        _write(now, word(key, None, labeller=now.labeller, metric=now.metric, rubric=now.rubric))
    except FactError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    go(now, key)


def _write(now: Sitting, said: Label) -> None:
    drawing = [] if now.drawing in read(now.path).drawings else [now.drawing]
    append(now.path, [*drawing, said])


def _walked(now: Sitting) -> Walk:
    return walk(now.found.order, read(now.path), labeller=now.labeller, rubric=now.rubric)


def trouble() -> str:
    """Why the last word could not be written down, said once."""
    return str(st.session_state.pop(_PROBLEM, ""))


def note_key(key: str) -> str:
    """The key of the field for a note on a sample."""
    return f"{_NOTE}_{key}"


@st.cache_resource(max_entries=8, show_spinner="Counting labels")
def _report(
    version: Version, metric: str, measure: str, rubric: str, stamp: tuple[int, int], _results: Results
) -> LabelReport:  # fmt: skip
    path = label_path(state.workspace(), _results.comparison.name, metric)
    return label_report(_results, read(path), metric=metric, measure=measure, rubric=rubric)


def report(results: Results, metric: str, measure: str, rubric: str) -> LabelReport:
    """What the labels say of the metric in each condition; counted again when the file or the store grows."""
    path = label_path(state.workspace(), results.comparison.name, metric)
    stamp = (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else (0, 0)
    return _report(_version(results), metric, measure, rubric, stamp, results)
