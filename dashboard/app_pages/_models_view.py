"""Tables of models: those chosen, beside their field, and all there are; with prices, context and missing keys."""

from __future__ import annotations

import streamlit as st

from dashboard import state, state_fields
from dashboard.app_pages._boxes import problem, table
from dashboard.model_table import group_rows, key_lines, model_rows, with_address
from facts.errors import FactError
from runners.model import Model
from runners.models import read_models


def chosen_models() -> None:
    """The models in the field, groups opened; what cannot be found is explained by the plan."""
    models = _chosen()
    if not models:
        return
    addressed = with_address(models)
    rows = [
        {"Model": row["Model"], "Key": row["Key"], **({"Called at": row["Where"]} if addressed else {}),
         "USD in / out": f"{row['USD in']} / {row['USD out']}",
         "Context": row["Context"]}
        for row in model_rows(models)
    ]  # fmt: skip
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]
        rows, hide_index=True, width="stretch", column_config={"Model": st.column_config.TextColumn(width=190)},
        alt="Chosen models: whether their key is set, address where it is not the provider's own, price per million "
            "tokens in and out, context in tokens",
    )  # fmt: skip
    if lines := key_lines(models):
        st.caption("A key is read from the environment only. In the shell that starts salience, then start it again:")
        st.code("\n".join(lines), language=None)


def _chosen() -> tuple[Model, ...]:
    try:
        return read_models(state.workspace().models).expand(state_fields.held_words("models"))
    except FactError:
        return ()


def all_models(needed: int) -> None:
    """All labelled models, the chosen ones first, and groups; ``needed`` tokens hold the longest prompt and reply."""
    try:
        found = read_models(state.workspace().models)
    except FactError as error:
        problem(error)
        return
    chosen = _chosen()
    rest = [model for model in found.by_label.values() if model not in chosen]
    st.caption(
        "Prices are USD per million tokens; an unknown one is never taken for free. Your own models go into "
        "models.toml in the workspace; any other is written into the field in place."
    )
    table(model_rows([*chosen, *rest], needed),
          "All models, the chosen ones first: key, price in and out per million tokens, context, address")  # fmt: skip
    st.caption("A group's name in the field stands for all its models:")
    table(group_rows(found.groups), "Groups of models")
