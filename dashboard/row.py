"""One trial's scores as a row small enough to keep a hundred thousand: texts stay in the store."""

from __future__ import annotations

from dataclasses import dataclass

from runners.sample import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One trial of one model.

    ``stop`` is None where no sample is kept. ``values`` maps a metric to the class it read (None: unscored), as
    ``METRIC:FACT`` where it reads one a fact and ``METRIC/PART`` where it asks several questions; what does not apply
    to the trial is not in it. ``wordings`` are the places, in the bank, of the first wording of each of the
    comparison's facts that the prompt says, −1 for a fact that it does not say.
    """

    key: str
    condition: int
    query: int
    replicate: int
    stop: Stop | None
    values: dict[str, str | None]
    frame: str
    wordings: tuple[int, ...]
    reply_model: str | None
