"""Sets the previewed prompt beside another condition's: other facts, another tier, other labels or another variant."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.app_pages._boxes import problem
from dashboard.app_pages._prompt_preview import ROLES, composed
from dashboard.dose_code import decode
from dashboard.prompt_marks import marks
from dashboard.situation import Situation, placebo, turned
from dashboard.two_prompts import summary, two_html
from facts.catalog import Library
from facts.condition import Tier
from facts.errors import FactError
from facts.prompt import Prompt
from facts.salience import Dose

_SAME, _NONE, _PLACEBO, _TURNED, _OTHER = _DOSES = (
    "same facts", "no fact", "placebo twins", "negated for affirmed", "other facts"
)  # fmt: skip
_AS_IT_IS = "same"


def beside_another(prompt: Prompt, doses: tuple[Dose, ...], now: Situation, library: Library) -> None:
    """Both prompts in two aligned columns over the whole page, where the switch is on."""
    st.divider()
    on = st.toggle("Set another condition's prompt beside this one", key="beside", bind="query-params")
    if not on:
        return
    other_doses, other = _other(doses, now, library)
    if other_doses is None:
        return
    second = composed(other_doses, other, library)
    if second is None:
        return
    st.caption(
        f"{summary(prompt, second)} Airtime of facts {_airtime(prompt)} against {_airtime(second)}. "
        "Words that differ are bold and underlined, facts are shaded."
    )
    heads = (f"This prompt, {now.tier.value}", f"The other prompt, {other.tier.value}")
    pairs = zip(prompt.messages, second.messages, marks(prompt, library), marks(second, library), strict=True)
    for one, two, mine, theirs in pairs:
        st.caption(ROLES[one.role])
        st.html(two_html((one.text, mine), (two.text, theirs), heads, f"{ROLES[one.role]} of both prompts"))


def _airtime(prompt: Prompt) -> str:
    return f"{sum(item.airtime for item in prompt.exposures):.1%}"


def _other(doses: tuple[Dose, ...], now: Situation, library: Library) -> tuple[tuple[Dose, ...] | None, Situation]:
    setting = library.setting(now.setting)
    with st.grid(4, min_column_width=200):
        facts = st.selectbox("Facts of the other prompt", _DOSES, key="o_facts", bind="query-params")
        tier = _pick("Its tier", ["other tier", "same tier"], "o_tier")
        labels = _pick("Its tier labels", [_AS_IT_IS, *setting.labels], "o_labels")
        variant = _pick("Its variant", [_AS_IT_IS, *setting.variants], "o_variant")
    other = replace(
        now, labels=now.labels if labels == _AS_IT_IS else labels,
        variant=now.variant if variant == _AS_IT_IS else variant,
        tier=now.tier if tier == "same tier" else next(tier for tier in Tier if tier is not now.tier),
    )  # fmt: skip
    if facts != _OTHER:
        ways = {_SAME: doses, _NONE: (), _PLACEBO: placebo(doses), _TURNED: turned(doses)}
        return ways[facts], other
    line = st.text_input("Its facts, as in the page's address", key="o_doses", bind="query-params",
                         placeholder="objections_read:5a,weights_kept:2p",
                         help="Fact, level 0 to 5, then a, n or p for affirmed, negated or placebo")  # fmt: skip
    try:
        found = tuple(choice.dose for choice in decode(line or "").values())
        for dose in found:
            library.fact(dose.fact)
    except FactError as error:
        problem(error)
        return None, other
    return found, other


def _pick(title: str, names: list[str], key: str) -> str:
    state.keep_valid(key, names)
    return st.selectbox(title, names, key=key, bind="query-params")
