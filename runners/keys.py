"""Which environment variable holds a model's key; the key itself is nobody's business but its provider's."""

from __future__ import annotations

from runners import providers
from runners.model import Model
from runners.providers._address import key_name


def key_variable(model: Model) -> str | None:
    """The variable that must be set to call the model; None where no key is sent. Raises ``UnknownName``."""
    official: str = getattr(providers.find(model.provider), "KEY_ENV", "")
    return key_name(model, official)
