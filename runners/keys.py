"""Which environment variable holds a model's key, and where it is sent; the key itself only its provider reads."""

from __future__ import annotations

from runners import providers
from runners.model import Model
from runners.providers._address import key_name, normal


def key_variable(model: Model) -> str | None:
    """The variable that must be set to call the model; None where no key is sent. Raises ``UnknownName``."""
    official: str = getattr(providers.find(model.provider), "KEY_ENV", "")
    return key_name(model, official)


def elsewhere(model: Model) -> str:
    """Where the model is called and with which key, where that is not its provider's own address; else ""."""
    if not model.base_url:
        return ""
    variable = key_variable(model)
    return f"{' and '.join(map(normal, model.addresses))}, with {f'the key in {variable}' if variable else 'no key'}"
