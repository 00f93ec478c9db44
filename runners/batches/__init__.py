"""Sends many requests at once to a provider's batch API: half the price, up to a day, and nothing lost in between.

One file a provider's API; ``openai_compatible`` models go the OpenAI way where their entry in models.toml says at what
share of the live price (``batch_share``), because only then is it known that their server takes batches.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import cast

from runners import providers
from runners.batches.batch import Api, Opener
from runners.model import Model
from runners.providers import _address
from runners.sample import Trouble
from runners.trouble import Fatal

# Half of the live price for prompts and replies alike: platform.claude.com/docs/build-with-claude/batch-processing and
# help.openai.com "Batch API FAQ" (stored copies, 2026-11).
SHARES = {"anthropic": 0.5, "openai": 0.5}
UP_TO_S = 24 * 3600.0  # both providers' window (same sources)
_SPOKEN = {"anthropic": "anthropic", "openai": "openai", "openai_compatible": "openai"}


def share(model: Model) -> float | None:
    """Which share of its live price the model costs in batches; None where it takes none."""
    if model.provider not in _SPOKEN:
        return None
    return SHARES.get(model.provider) if model.batch_share is None else model.batch_share


def offered(model: Model) -> bool:
    """Whether the model can be asked in batches."""
    return share(model) is not None


def priced(model: Model) -> Model:
    """The model at its price in batches; unknown prices stay unknown."""
    part = share(model)
    if part is None:
        return model

    def at(price: float | None) -> float | None:
        return None if price is None else price * part

    return replace(
        model, usd_per_mtok_in=at(model.usd_per_mtok_in), usd_per_mtok_out=at(model.usd_per_mtok_out),
        usd_per_mtok_cache_read=at(model.usd_per_mtok_cache_read),
        usd_per_mtok_cache_write=at(model.usd_per_mtok_cache_write),
    )  # fmt: skip


def connect(model: Model) -> Api:
    """Open the way to the batch API of a model's provider. Raises ``Fatal`` for a model that cannot be called."""
    if wrong := providers.problem(model):
        trouble = Trouble.NOT_READY if model.opened else _address.not_ready(model, wrong, model.key_env).trouble
        raise Fatal(trouble, f"model {model.label!r} cannot be called", advice=wrong)
    return cast("Opener", importlib.import_module(f"runners.batches.{_SPOKEN[model.provider]}")).connect(model)


def folder_beside(store: Path) -> Path:
    """Where the ledger of batches lies: beside the store that their replies will go to."""
    return store.parent / "batches"
