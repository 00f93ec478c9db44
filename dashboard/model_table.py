"""The models there are, as rows: price, context, whether the key is there, and how to set it; never the key itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dashboard.plan_rows import Row
from dashboard.plan_text import usd
from runners import providers
from runners.keys import elsewhere, key_variable
from runners.model import Model

_HERE = {"embedded": "in this process", "organism": "in this process"}


def model_rows(models: Iterable[Model], needed: int = 0) -> list[Row]:
    """One row a model. ``needed`` is the longest prompt with its reply, in tokens; 0 where that is not known."""
    return [_row(model, needed) for model in models]


def _row(model: Model, needed: int) -> Row:
    provider = providers.find(model.provider)
    return {
        "Model": model.label + (" (SIMULATED)" if provider.SIMULATED else ""),
        "Provider": provider.TITLE,
        "Key": _key(model),
        "USD in": usd(model.usd_per_mtok_in),
        "USD out": usd(model.usd_per_mtok_out),
        "Context": f"{model.context:,}" if model.context else "unknown",
        **({"Longest prompt + reply": _fits(model, needed)} if needed else {}),
        "Reasons itself": "yes" if model.thinking_tokens else "no",
        "Where": _HERE.get(model.provider, ", ".join(model.addresses) or "provider's own address"),
        "Name": model.name,
        "Note": model.note,
    }


def with_address(models: Iterable[Model]) -> bool:
    """Whether any of them is called elsewhere than at its provider's own address."""
    return any(elsewhere(model) for model in models)


def _key(model: Model) -> str:
    variable = key_variable(model)
    wrong = providers.problem(model)
    if model.opened:
        return f"came with a file; {variable or 'no key'}"
    if variable is None:
        return "not ready" if wrong else "none needed"
    return f"{variable} missing" if wrong and variable in wrong else "not ready" if wrong else f"{variable} is set"


def _fits(model: Model, needed: int) -> str:
    if not model.context:
        return f"{needed:,}, context unknown"
    return f"{needed:,} ({needed / model.context:.0%})" + ("" if needed <= model.context else ", too long")


def key_lines(models: Iterable[Model]) -> list[str]:
    """What to type to set the keys that are missing, one line a variable."""
    wanted = {variable for model in models if (variable := key_variable(model)) and "missing" in _key(model)}
    return [f"export {variable}=…" for variable in sorted(wanted)]


def group_rows(groups: Mapping[str, tuple[str, ...]]) -> list[Row]:
    """One row a group: its name can be chosen in place of its models."""
    return [{"Group": name, "Models": ", ".join(members)} for name, members in groups.items()]
