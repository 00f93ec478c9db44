"""Says in one sentence what an effect shows, never more than its test allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dashboard.effects.effect import Against, Effect, Kind
from dashboard.effects.families import Adjustment
from facts.salience import Dose

_GAPS = {Kind.GAP_CHANGE, Kind.GAP_SLOPE, Kind.BREADTH_GAP_SLOPE, Kind.AIRTIME_GAP_SLOPE, Kind.MAIN_GAP_CHANGE,
         Kind.GAP_INTERACTION}  # fmt: skip
_MAIN = {Kind.MAIN_EFFECT, Kind.MAIN_GAP_CHANGE}
_CLIMBS = {Against.LEVELS, Against.BREADTHS}
_UNIT = {
    Kind.SLOPE: "per level", Kind.GAP_SLOPE: "per level",
    Kind.BREADTH_SLOPE: "per document", Kind.BREADTH_GAP_SLOPE: "per document",
    Kind.AIRTIME_SLOPE: "per tenth of the text", Kind.AIRTIME_GAP_SLOPE: "per tenth of the text",
}  # fmt: skip


def takeaway(
    effect: Effect, *, interim: bool = False, title: Callable[[str], str] | None = None, measure: str = ""
) -> str:  # fmt: skip
    """One sentence: what was compared, what is claimed (only on the adjusted test), the numbers, the losses.

    ``interim`` is for a run that is still going: a test looked at again and again is no test. ``title`` gives a fact's
    words and ``measure`` those of the outcome; without them both go by their names.
    """
    subject = _subject(effect, title, measure or effect.measure)
    if effect.estimate is None or effect.low is None or effect.high is None:
        return f"{subject}: nothing can be said, because {effect.why}."
    scale = 10 if effect.kind in {Kind.AIRTIME_SLOPE, Kind.AIRTIME_GAP_SLOPE} else 100
    unit = f"percentage points {_UNIT.get(effect.kind, '')}".strip()
    estimate, low, high = (_signed(value * scale) for value in (effect.estimate, effect.low, effect.high))
    numbers = f"{estimate} {unit}, 95 % interval {low} to {high}"
    said = "interim, not a test" if interim else f"{_claim(effect)} ({_test(effect)})"
    return f"{subject}: {said}; {numbers}{_reservations(effect)}."


def caption(effects: Sequence[Effect]) -> str:
    """What must stand below a chart of effects: how many were compared, how p was adjusted, and what to distrust."""
    families = {effect.kind: effect.family_size for effect in effects}
    if not families:
        return "No comparison yet."
    counts = ", ".join(f"{size} of {kind.value.replace('_', ' ')}" for kind, size in families.items())
    names = sorted({effect.adjustment.label for effect in effects})
    if len(meanings := {effect.adjustment.holds for effect in effects}) == 1 and max(families.values()) > 1:
        names.append(*meanings)
    at = "".join(f" Tested at {words}." for words in sorted({e.look.words for e in effects if e.look is not None}))
    warning = " The effect that ranks first is probably exaggerated." if max(families.values()) > 1 else ""
    return (
        f"Comparisons: {counts}. Thick bars: 95 % each; thin bars: 95 % for all of a kind at once. "
        f"p by sign flips over queries, adjusted within a kind ({': '.join(names)}).{at}{warning}"
    )


def _subject(effect: Effect, title: Callable[[str], str] | None, measure: str) -> str:
    where = f"{effect.tier.value} tier" if effect.tier else "both tiers"
    if effect.kind in _GAPS or effect.kind is Kind.GAP:
        where = "gap (unmonitored − monitored)"
    against = {
        Against.ABSENCE: "against absence", Against.PLACEBO: "against its placebo", Against.TIER: "between tiers",
        Against.LEVELS: f"over levels {', '.join(str(int(level)) for level in effect.levels)}",
        Against.BREADTHS: f"at level {', '.join(str(int(level)) for level in effect.levels)} over "
                          f"{', '.join(map(str, effect.carriers))} carrying documents",
        Against.PLACE: "against the same at the place named first",
        Against.SUM: "together, against the sum of each",
    }[effect.against]  # fmt: skip
    arm = _climber(effect.doses[0], effect.against, title) if effect.against in _CLIMBS else _arm(effect, title)
    over = ", averaged over the other facts" if effect.kind in _MAIN else ""
    return f"{effect.model}, {measure}, {where}, {arm} {against}{over}"


def _arm(effect: Effect, title: Callable[[str], str] | None) -> str:
    if title is None or not effect.doses:
        return effect.arm
    said = [(title(dose.fact), f"{dose.polarity.value}, level {int(dose.level)} {dose.breadth}".strip())
            for dose in effect.doses]  # fmt: skip
    return f"{said[0][0]}, {said[0][1]}" if len(said) == 1 else " and ".join(f"{name} ({how})" for name, how in said)


def _climber(dose: Dose, against: Against, title: Callable[[str], str] | None) -> str:
    # What a slope holds: over levels the breadth, over breadths the place.
    held = str(dose.breadth) if against is Against.LEVELS else dose.breadth.place
    if title is None:
        return " ".join(filter(None, (dose.fact, dose.polarity.value, held)))
    return " ".join(filter(None, (f"{title(dose.fact)}, {dose.polarity.value}", held)))


def _claim(effect: Effect) -> str:
    if effect.why:
        return f"no claim: {effect.why}" if effect.p is not None else effect.why
    if not effect.shown:
        return "no change shown, which does not show that there is none"
    direction = "higher" if (effect.estimate or 0) > 0 else "lower"
    if effect.kind is Kind.GAP:
        direction = "above zero" if (effect.estimate or 0) > 0 else "below zero"
    if effect.screened:
        direction += ", through this fact or an interaction of others that is mixed with it"
    if effect.adjustment is Adjustment.BENJAMINI_HOCHBERG or effect.screened:
        return f"{direction}, worth a confirming run"
    return direction


def _test(effect: Effect) -> str:
    if effect.p is None or effect.p_adjusted is None:
        return "no test"
    said = f"p {_p(effect.p)}"
    if effect.family_size > 1:
        said += f" alone, {_p(effect.p_adjusted)} among {effect.family_size} by {effect.adjustment.label}"
    return said if effect.look is None else f"{said}; {effect.look.words}"


def _signed(value: float) -> str:
    return f"{round(value, 1) + 0.0:+.1f}".replace("+0.0", "0.0").replace("-", "−")


def _p(p: float) -> str:
    return "< .001" if p < 0.001 else f"= {p:.3f}".replace("0.", ".", 1)


def _reservations(effect: Effect) -> str:
    said = ""
    if effect.queries_dropped:
        said += f"; {effect.queries_dropped} of {effect.queries_used + effect.queries_dropped} queries dropped"
    lost, low, high = effect.unscored + effect.failed, effect.possible_low, effect.possible_high
    if lost and low is not None and high is not None and low <= 0 <= high:
        said += f"; the {lost} lost samples alone could turn its sign"
    return said
