"""How far each effect depends on the words that were chosen: its range over wordings and frames, beside the effect."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.charts.wordings import wordings_chart
from dashboard.charts.words import arm_words, difference
from dashboard.figure import QUANTITIES, Figure, View, heading_of, hidden_words, shown_of
from dashboard.points import EffectPoint
from dashboard.results import Results
from dashboard.tables import Tables


def wordings_figure(tables: Tables, results: Results, view: View, quantity: str, *, pick: str = "") -> Figure:
    """Each effect against absence as a dot, with its lowest and highest single paraphrase."""
    heading = heading_of(f"{tables.title}: effect on the {QUANTITIES[quantity]}, by wording", tables.title, results,
                         view, [tables.measure])  # fmt: skip
    own = [e for e in tables.effects if e.quantity == quantity]
    every = [e for e in own if e.against == "absence"] or own
    points = shown_of(every, view)
    note = (
        "Dots: effects over all paraphrases. Ranges: lowest to highest single paraphrase, chance included.\n"
        "SD: standard deviation between paraphrases in percentage points, chance taken out."
    )
    return Figure(
        name="wordings", heading=heading, points=points, chart=wordings_chart(points, heading, note, pick=pick),
        about=f"{heading.marked}: {len(points)} effects with their ranges over paraphrases",
        caption="Single paraphrases rest on few samples, so ranges are wide even where the SD is 0: read the SD, not "
        "the range. Descriptions, not tests." + hidden_words(view, every, tested=False),
        takeaway=_takeaway(points),
        lacking="spread between paraphrases needs samples with at least two wordings or frames in every arm",
    )  # fmt: skip


def _takeaway(points: Sequence[EffectPoint]) -> str:
    """The effect that depends most on its words; a description."""
    spread = [(sd, kind, p) for p in points for kind in ("wording", "frame")
              if (sd := getattr(p, f"{kind}_sd")) is not None]  # fmt: skip
    if not spread:
        return ""
    sd, kind, most = max(spread, key=lambda item: item[0])
    if sd == 0:
        return "No effect differs between paraphrases by more than chance would do."
    return (
        f"The effect that depends most on its words: {arm_words(most)} ({most.model}), "
        f"{difference(most.value)}, SD {100 * sd:.1f} points between {kind}s. A description, not a test: "
        "the largest of many spreads is exaggerated."
    )
