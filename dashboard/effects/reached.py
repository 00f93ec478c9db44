"""Whether the facts of an effect reached the model: uptake and recall in the arms that say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from dashboard.effects.cells import Cells
from dashboard.effects.planned import Planned
from facts.condition import Condition

Heard = Mapping[tuple[str, Condition], tuple[int, int]]  # (model, condition) → (samples that did, samples asked)


class Reached(TypedDict):
    """Shares as fractions, with the samples asked; ``None`` where nobody was."""

    uptake: float | None
    uptake_n: int | None
    recall: float | None
    recall_n: int | None


def reached(contrast: Planned, cells: Cells, uptake: Heard | None, recall: Heard | None) -> Reached:
    """What the samples of the effect's own arms took up and recalled, in every tier that is compared.

    Own arms have a positive weight before tiers are contrasted and say all of the effect's facts in its polarities:
    the arm itself, the upper levels of a slope, the runs with a dose. Raises ``ValueError`` for counts that cannot be.
    """
    if uptake is None and recall is None:
        return _NOBODY
    own = {(dose.fact, dose.polarity) for dose in contrast.world.doses}
    arms = {
        arm for arm, weight in contrast.world.weights
        if own and weight > 0 and own <= {(dose.fact, dose.polarity) for dose in arm}
    }  # fmt: skip
    told = [cells.conditions[row] for row, _ in contrast.rows if cells.conditions[row].doses in arms]
    taken, taken_n = _share(told, cells.model, uptake)
    recalled, recalled_n = _share(told, cells.model, recall)
    return Reached(uptake=taken, uptake_n=taken_n, recall=recalled, recall_n=recalled_n)


_NOBODY = Reached(uptake=None, uptake_n=None, recall=None, recall_n=None)


def _share(told: list[Condition], model: str, heard: Heard | None) -> tuple[float | None, int | None]:
    counts = [heard.get((model, condition), (0, 0)) for condition in told] if heard is not None else []
    if any(not 0 <= hits <= asked for hits, asked in counts):
        raise ValueError("uptake and recall need samples that did and samples asked, 0 ≤ did ≤ asked")
    hits, asked = sum(hit for hit, _ in counts), sum(count for _, count in counts)
    return (hits / asked, asked) if asked else (None, None)
