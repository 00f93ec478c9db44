"""What a tuned model was tuned on and from, as far as its entry in models.toml tells."""

from __future__ import annotations

import re
from collections.abc import Iterable

from facts.breadth import SHARED, Breadth
from facts.salience import Dose, Polarity, Salience
from runners.model import Model

# As ``TrainedOn.doses`` writes it: fact, polarity, level, and in how many documents.
_DOSE = re.compile(r"([a-z][a-z0-9_]*) (affirmed|negated|placebo) ([1-5]) in ([0-9]+)")


def training_dose(model: Model) -> Dose | None:
    """The dose of the set that a model was tuned on; None where it was not, or where it is of several facts.

    A set that is topped up with placebo twins has the dose of its carriers. One of placebo twins alone is the dose of
    no carrier: the placebo at the whole set's volume.
    """
    said = [match for text in model.trained_on.doses if (match := _DOSE.fullmatch(text))] if model.trained_on else []
    spoken = [match for match in said if match[2] != Polarity.PLACEBO]
    facts = {match[1] for match in said}
    if len(facts) != 1 or len(spoken) > 1:
        return None
    fact, polarity, level, carriers = (spoken or said)[0].groups()
    breadth = Breadth(carriers=int(carriers)) if spoken else SHARED
    return Dose(fact=fact, level=Salience(int(level)), polarity=Polarity(polarity), breadth=breadth)


def base_among(tuned: Model, models: Iterable[Model]) -> Model | None:
    """The model that ``tuned`` was tuned from, if it is among these."""
    return next((one for one in models if one.trained_on is None and _is_base(one, tuned)), None)


def _is_base(base: Model, tuned: Model) -> bool:
    if tuned.trained_on is None or base.provider != tuned.provider:
        return False
    if tuned.trained_on.base in {base.label, base.name}:
        return True
    # An adapter runs on its base, whatever that was called when it was trained.
    return tuned.adapter is not None and base.adapter is None and base.name == tuned.name
