"""Read what models said: filter, search, and see one sample with its prompt, scores and its counterpart."""

from __future__ import annotations

import streamlit as st

from dashboard import state_samples as kept
from dashboard.app_pages._pair import other_arm, pair_view
from dashboard.app_pages._sample import reading_of, sample_view, take_away
from dashboard.app_pages._sample_filters import found_samples
from dashboard.app_pages._sample_table import samples_table, steps
from dashboard.app_pages._shown import shown_results
from dashboard.reading import counterpart, why_alone

_ALONE, _TIER, _BARE, _OTHER = "One sample", "Beside the other tier", "Beside no fact", "Beside another arm"

st.title("Read samples", anchor=False)
results, library = shown_results()
columns = kept.columns(results)
found, query = found_samples(results, columns)
samples_table(results, columns, found, query)

place = kept.shown_place(columns)
if place is None:
    if kept.asked_for():
        st.info("This comparison holds no sample of the key in the link.", icon=":material/link_off:")
    st.caption("Choose a row to read its sample in full, or beside its counterpart.")
    st.stop()
model, row = columns.at(results, place)
here = results.conditions[row.condition]
with st.container(horizontal=True, vertical_alignment="center"):
    view = st.segmented_control("Show", [_ALONE, _TIER, _BARE, _OTHER], default=_ALONE, required=True, key=kept.VIEW,
                                bind="query-params", label_visibility="collapsed")  # fmt: skip
    steps(results, columns, found, place)
    take_away(results, model, row)
arm = {_TIER: None, _BARE: "baseline"}.get(view, "")
if view == _OTHER:
    arms = [name for name in dict.fromkeys(c.arm for c in results.conditions) if name != here.arm]
    arm = other_arm(arms)
reading = reading_of(results, model, row, library)
if reading is None:
    st.stop()
number = None if view == _ALONE else counterpart(results, here, arm=arm)
beside = None if number is None else columns.beside(results, place, number)
if view != _ALONE and beside is None:
    st.info(why_alone(here, planned=number is not None, arm=arm), icon=":material/info:")
other = None if beside is None else reading_of(results, *columns.at(results, beside), library)
if other is None:
    sample_view(reading, library, query)
else:
    pair_view(reading, other, query)
