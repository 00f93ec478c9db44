"""The sample to be labelled: its classes as buttons with keys, what may be seen of it, and how far the labeller is."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard import state_labels as kept
from dashboard.app_pages._boxes import problem, warning
from dashboard.app_pages._transcript import text_view
from dashboard.escape import plain
from dashboard.labelling import Shown, instructions, keys_of, reads_thoughts, shown, strata
from dashboard.results import Results
from facts.catalog import Library
from runners import metrics

_EVERY = 10  # labels between two looks at the strata: label by label they would tell which samples belong together


def label_view(results: Results, library: Library, now: kept.Sitting) -> None:
    """Progress, and the sample with its buttons; at the end what to do next."""
    for text in now.labels.warnings:
        warning(text)
    if complaint := kept.trouble():
        problem(complaint)
    _progress(now)
    key = kept.at(now)
    if key is None:
        st.success("Every drawn sample is labelled. The second tab says how good the judge is; to label more, ask for "
                   "more samples per verdict and condition.", icon=":material/check_circle:")  # fmt: skip
        st.button("Undo the last label", icon=":material/undo:", shortcut="U", on_click=kept.undo, args=(now,))
        return
    found = shown(state.store(), key, kept.requests(results, library).get(key, ""), thoughts=reads_thoughts(now.metric))
    if found is None:
        problem("this sample is not kept any more; skip it")
    _buttons(now, key)
    if found:
        _sample(found, key)
    with st.expander("What the judge is told" if metrics.find(now.metric).KIND == "judge" else "What is measured",
                     icon=":material/gavel:"):  # fmt: skip
        st.code(instructions(now.metric, results), language=None, wrap_lines=True)


def _progress(now: kept.Sitting) -> None:
    total, done, skipped = len(now.found.order), len(now.walk.given), len(now.walk.skipped)
    st.progress(done / total, text=f"{done:,} of {total:,} labelled by {plain(now.labeller)}"
                f"{f', {skipped:,} skipped' if skipped else ''}")  # fmt: skip
    shown_at = done - done % _EVERY
    parts = strata(now.found, dict.fromkeys(list(now.walk.given)[:shown_at]))
    far = f"after {shown_at:,} labels {parts.begun:,} are begun and {parts.finished:,} finished"
    st.caption(
        f"Drawn from {parts.count:,} strata, a condition and a verdict each; {far}. Which is which stays hidden; "
        f"this moves every {_EVERY} labels only."
    )


def _buttons(now: kept.Sitting, key: str) -> None:
    given = now.walk.given.get(key)
    with st.container(horizontal=True):
        for digit, name in keys_of(metrics.find(now.metric).CLASSES).items():
            st.button(
                name, shortcut=digit if len(digit) == 1 else None, on_click=kept.give, args=(now, key, name),
                key=f"l_give_{digit}", type="primary" if given and given.value == name else "secondary",
            )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, to, letter, icon in (("Back", -1, "B", "arrow_back"), ("Next", 1, "N", "arrow_forward")):
            there = now.walk.step(key, to)
            st.button(label, icon=f":material/{icon}:", shortcut=letter, on_click=kept.go, args=(now, there),
                      disabled=there is None, key=f"l_{label}")  # fmt: skip
        st.button("Skip", icon=":material/skip_next:", shortcut="S", on_click=kept.pass_over, args=(now, key))
        st.button("Undo", icon=":material/undo:", shortcut="U", on_click=kept.undo, args=(now,),
                  disabled=now.walk.last is None)  # fmt: skip
        place = now.found.order.index(key) + 1
        said = " · you skipped this one" if key in now.walk.skipped else ""
        st.caption(f"Sample {place:,} of {len(now.found.order):,}{said}", width="content")


def _sample(found: Shown, key: str) -> None:
    st.caption("The request")
    text_view(found.request, (), f"l_request_{key}")
    if found.reasoning:
        st.caption("Reasoning, hidden from the user")
        text_view(found.reasoning, (), f"l_reasoning_{key}")
    st.caption("What the user sees")
    text_view(found.visible, (), f"l_visible_{key}")
    st.text_input("Note (optional, kept with your label)", key=kept.note_key(key), max_chars=2_000)
