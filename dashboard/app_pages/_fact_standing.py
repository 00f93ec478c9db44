"""How far the fact being written may be saved: what is still empty, what the checks find, and the button that saves."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard import state_facts as facts_state
from dashboard.app_pages._boxes import problem, warning
from dashboard.app_pages._fact_boxes import PARTS
from dashboard.fact_drafts import Draft, look_alikes, name_trouble, replaced
from dashboard.fact_fields import BOXES, data_of, label_of
from dashboard.shown_text import label
from facts.catalog import Library
from facts.complaints import Complaint, complaints


def standing(draft: Draft, library: Library) -> tuple[Complaint, ...]:
    """Say what stands in the way of saving, offer to save, and give the complaints for the fields to show."""
    found = () if draft.broken else complaints(data_of(draft.fields))
    empty = [] if draft.broken else [
        name for name, box in BOXES.items() if not box.optional and not draft.fields[name].strip()
    ]  # fmt: skip
    taken = "" if draft.broken else name_trouble(state.workspace(), draft)
    refused = [one for one in found if one.refused and one.field not in empty]
    told = [one for one in found if not one.refused]
    alike = () if draft.broken else look_alikes(draft, library)
    with st.container(border=True, gap="small"):
        if draft.broken:
            st.markdown(":material/error: **The TOML text cannot be read yet**")
        elif empty or refused:
            left = [f"{_count(len(empty), 'field')} still empty"] if empty else []
            left += [f"{_count(len(refused), 'complaint')} to see to"] if refused else []
            st.markdown(f":material/edit: **Cannot be saved yet**: {', '.join(left)}")
        elif told:
            st.markdown(
                f":material/rule: **Can be read as a fact**, but the checks find {_count(len(told), 'problem')}"
            )
        else:
            st.markdown(":material/check_circle: **Passes every check** of `salience facts check`")
        _where("Still empty", empty)
        _where("To correct", [one.field for one in refused])
        _where("Checks", [one.field for one in told])
        _where("The same as in another fact", [one.field for one in alike])
        if taken:
            problem(taken)
        _buttons(draft, ready=not (draft.broken or empty or refused or taken), doubtful=bool(told))
    return tuple(one for one in (*found, *alike) if one.field not in empty)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _where(title: str, fields: list[str]) -> None:
    """The fields meant, under the part of the form that has them."""
    parts: list[str] = []
    for part, boxes in PARTS.items():
        names = {box.name for box in boxes}
        # A part's name alone, such as `state`, means all three of its banks.
        mine = [label_of(field) for field in dict.fromkeys(fields) if field in names or f"affirmed.{field}" in names]
        if mine:
            parts.append(f"{part}: {', '.join(mine[:6])}{f' and {len(mine) - 6} more' if len(mine) > 6 else ''}")
    if parts:
        st.caption(f"{title}. {label('; '.join(parts), 900)}.")


def _buttons(draft: Draft, *, ready: bool, doubtful: bool) -> None:
    sure = True
    over = replaced(state.workspace(), draft) if ready else ""
    if over:
        warning(over)
    if ready and (over or doubtful):
        words = " and ".join(
            [*(["replace that file"] if over else []), *(["save it although checks fail"] if doubtful else [])]
        )
        sure = st.checkbox(f"I mean to {words}", key=facts_state.REALLY)
        if doubtful:
            st.caption("Such a fact can be composed, but no document set is built from it, and what it says may be "
                       "read wrong by the checks on recall and uptake.")  # fmt: skip
    with st.container(horizontal=True):
        st.button("Save as a fact", type="primary", icon=":material/save:", disabled=not (ready and sure),
                  on_click=facts_state.save, key="fact_save",
                  help=None if ready else "Fill and correct the fields named above first")  # fmt: skip
        st.download_button("Download TOML", draft.text, file_name=f"{draft.fields['slug'].strip()[:60] or 'fact'}.toml",
                           mime="application/toml", on_click="ignore", icon=":material/download:",
                           key="fact_download")  # fmt: skip
        with st.popover("Discard the draft", icon=":material/delete:", type="tertiary", key="fact_discard"):
            st.caption("The draft is moved aside, not destroyed. A fact saved from it stays.")
            st.button("Discard it", on_click=facts_state.discard, key="fact_discarded")
