"""The fields of a comparison, in four tabs; what is valid becomes the draft, what is not stays in the fields."""

from __future__ import annotations

import streamlit as st

from dashboard import state, state_fields
from dashboard.app_pages import _fields as field
from dashboard.app_pages._boxes import problem
from dashboard.app_pages._breadth_fields import breadth_fields
from dashboard.app_pages._judging_fields import judging_fields
from dashboard.app_pages._models_view import chosen_models
from dashboard.comparison_fields import comparison_from
from dashboard.escape import plain
from facts import channels
from facts.catalog import Library
from facts.condition import Channel, Indicator, Reasoning, Tier
from facts.designs import DESIGNS
from facts.errors import FactError
from facts.salience import Polarity, Salience
from facts.setting import Setting
from runners import metrics
from runners.comparison import Comparison
from runners.models import read_models

_LEVELS = {int(level): f"{int(level)} {level.name.lower()}" for level in Salience}
_WAYS = {"live": "Live calls", "batch": "Batch: half price, up to a day"}
_SPECS = "anthropic/NAME, openai/NAME, openai_compatible/NAME@ADDRESS or embedded/PATH.gguf"


def edit_comparison(name: str, source: Comparison, library: Library) -> Comparison | None:
    """The comparison as the fields say; None while they do not make one, after saying why."""
    state_fields.fill_fields(name, source)
    names = ["Facts and models", "Situation", "Sampling", "Judging", "Calls and note"]
    facts, situation, sampling, judging, calls = st.tabs(names)
    with facts:
        _facts(library)
    with situation:
        setting = _situation(library)
    with sampling:
        _sampling(setting)
    with judging:
        judging_fields(_labels())
    with calls:
        _calls()
    try:
        return comparison_from(state_fields.fields())
    except FactError as error:
        problem(error)
        return None


def _facts(library: Library) -> None:
    field.text("Name", "name", "Lower-case letters, digits, hyphens and underscores")
    field.several("Models", "models", _labels(), f"Choose a label, or write a model in place: {plain(_SPECS)}",
                  placeholder="Choose or type a model", new=True)  # fmt: skip
    chosen_models()
    field.several("Facts", "facts", sorted(library.facts), titles={k: fact.title for k, fact in library.facts.items()})
    field.one("Design", "design", DESIGNS, "A ladder climbs one fact, a factorial combines all, a fraction screens "
              "many at once, pairwise finds interactions")  # fmt: skip
    st.pills(
        "Levels", list(_LEVELS), selection_mode="multi", format_func=_LEVELS.__getitem__,
        key=state_fields.field_key("levels"), on_change=state_fields.edited, persist_state="session",
    )  # fmt: skip
    field.few("Polarities", "polarities", [p.value for p in Polarity],
              "A fact's effect is read against its placebo twin as well as against absence")  # fmt: skip


def _labels() -> list[str]:
    try:
        models = read_models(state.workspace().models)
        return [*models.by_label, *models.groups]
    except FactError as error:
        problem(error)
        return []


def _situation(library: Library) -> Setting | None:
    key = state_fields.field_key("setting")
    names = list(dict.fromkeys([*library.settings, *state_fields.held_words("setting")]))
    slug = st.selectbox(
        "Setting", names, key=key, on_change=state_fields.setting_edited, args=(library,), persist_state="session",
    )  # fmt: skip
    setting = library.settings.get(slug)
    if setting:
        st.caption(plain(setting.about))
    field.few("Tiers", "tiers", [tier.value for tier in Tier])
    field.few("Reasoning", "reasoning", list(setting.formats) if setting else [mode.value for mode in Reasoning])
    with st.grid(2, min_column_width=180):
        field.one("Tier labels", "labels", list(setting.labels) if setting else [], "The words that name the tiers")
        field.one("Variant", "variant", list(setting.variants) if setting else [])
        field.one("Tier tag", "indicator", [mode.value for mode in Indicator],
                  "Which messages carry the tag that names the chat's tier")  # fmt: skip
        field.one("Channel", "channel", [channel.value for channel in Channel], "Where the facts are put")
        usual = channels.find(Channel(str(state_fields.held("channel")))).DEFAULT_TOKENS
        field.whole("Background tokens", "background_tokens", 1, "Facts and filler, the same in every condition",
                    f"{usual} (usual)")  # fmt: skip
        field.whole("Documents", "documents", 1, "How many documents share the background; documents channel only")
    breadth_fields(library)
    return setting


def _sampling(setting: Setting | None) -> None:
    own = setting.metric if setting else ""
    with st.grid(2, min_column_width=180):
        field.whole("Queries", "queries", 1, "Every condition is asked the same ones; more queries keep those asked")
        field.whole("Replicates", "replicates", 1, "Samples of each condition and query; more keep those bought")
        field.number("Temperature", "temperature", "Left out where a model takes none", 0.1, most=2.0)
        modes = [mode for mode in state_fields.held_words("reasoning") if setting and mode in setting.max_tokens]
        most = max((setting.max_tokens[mode] for mode in modes), default=0) if setting else 0
        field.whole("Tokens per reply, at most", "max_tokens", 1, "A reply is cut there", f"{most} (the setting's)")
        field.whole("Seed", "seed", 0, "Draws queries, wordings, filler and order")
        field.whole("Looks", "looks", 0, "Pre-set looks while it runs, 2 to 20; 0 is one look, at the end", most=20)
    field.several("Metrics", "metrics", metrics.names(), "What is read off each sample",
                  placeholder=f"{own}, refusal and keyword rule")  # fmt: skip
    field.several("These queries only", "query_ids", [query.id for query in setting.queries] if setting else [],
                  "Overrides the number of queries", placeholder="All may be drawn")  # fmt: skip
    field.text("Query file of your own", "query_file", "A JSONL file with id and text a line", "/path/to/queries.jsonl")


def budget_fields() -> None:
    """The hard budget, beside the plan that it bounds."""
    with st.grid(2, min_column_width=150):
        field.whole("Budget: calls, at most", "max_calls", 1, "The run stops there; running again resumes", "no limit")
        field.number("Budget: USD, at most", "max_usd", "The run stops before this much is spent", 1.0, "no limit")


def way_field() -> None:
    """How models under test are called, beside the plan that it prices."""
    st.segmented_control(
        "How to send", list(_WAYS), format_func=_WAYS.__getitem__, required=True, key=state_fields.field_key("via"),
        on_change=state_fields.edited, persist_state="session",
        help="Batches wait at the provider and cost half there. Models without batches, judges, and questions that "
        "come up from samples are called live all the same",
    )  # fmt: skip


def _calls() -> None:
    with st.grid(2, min_column_width=180):
        field.whole("Calls at once per model", "concurrency", 1, "Lowered by itself when a provider asks", most=4096)
    field.text("Note", "note", "Kept in the file; changes nothing")
