"""Which models of a comparison were tuned from which, and on what dose, for the ladder of training."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.effects.tuned import Tuning
from runners.model import Model
from runners.training.doses import base_among, training_dose


def tunings(models: Iterable[Model]) -> dict[str, Tuning]:
    """Tuned models by label; those whose base is not among the models, or whose dose is not known, are left out."""
    known = tuple(models)
    found: dict[str, Tuning] = {}
    for model in known:
        dose, base = training_dose(model), base_among(model, known)
        if dose is not None and base is not None:
            found[model.label] = Tuning(base=base.label, dose=dose)
    return found
