"""Gate 6: the plan gives the same bytes again, and a louder dose takes more of a document."""

from __future__ import annotations

from itertools import pairwise

from facts.documents.gates._finding import Example, Finding, Panel, Row, Status
from facts.documents.gates._reading import Reading, Rung

NUMBER = 6
NAME = "reproducible"
TITLE = "The plan gives this set again, and louder doses take more of a document"
ABOUT = (
    "Writes a sample of the documents again from the plan and compares all of them, and writes the same scaffolds at "
    "every level. The airtime of the claim itself must rise from level to level on average: of each wording, what its "
    "twin does not say in the same words. As whole sentences, mentions are longer than statements: they stand in a "
    "sentence about something else."
)


def _changed(reading: Reading) -> tuple[Example, ...]:
    known = {text.scaffold: text for text in reading.texts}
    found: list[Example] = []
    for again in reading.rebuilt or ():
        text = known.get(again.scaffold)
        if text is None:
            found.append(Example(doc_id=again.doc_id, shown="the plan writes this document, and the set lacks it"))
        elif text != again:
            what = "its text" if text.content != again.content else "what is recorded of it"
            found.append(Example(doc_id=text.doc_id, shown=f"{what} differs from what the plan writes"))
    return tuple(found)


def _mean(values: tuple[float, ...]) -> float:
    return sum(values) / len(values)


def _steps(rungs: tuple[Rung, ...]) -> list[tuple[Rung, Rung]]:
    """Neighbouring levels of one fact that both fit into the set's documents."""
    return [(one, two) for one, two in pairwise(rungs) if one.fact == two.fact and one.claim and two.claim]


def _numbers(rungs: tuple[Rung, ...]) -> tuple[tuple[str, float | None], ...]:
    found: list[tuple[str, float | None]] = []
    for rung in rungs:
        for name, values in (("claim", rung.claim), ("whole", rung.whole)):
            found.append((f"{rung.fact}.{name}_{rung.level}", _mean(values) if values else None))
    for one, two in _steps(rungs):
        rises = [b > a for a, b in zip(one.claim or (), two.claim or (), strict=True)]
        found.append((f"{one.fact}.rises_{one.level}_{two.level}", sum(rises) / len(rises)))
    return tuple(found)


def _panel(rungs: tuple[Rung, ...]) -> Panel:
    return Panel(
        name="airtime", title="Airtime by level, on the same scaffolds", unit="fraction of tokens", rows=tuple(
            Row(arm=f"{rung.fact}, {name}", bin=str(rung.level), value=_mean(values) if values else None)
            for rung in rungs for name, values in (("claim itself", rung.claim), ("whole wordings", rung.whole))
        ),
    )  # fmt: skip


def check(reading: Reading) -> Finding:
    """Whether the plan still gives these documents, and how airtime rises with level."""
    if reading.rebuilt is None:
        return Finding(status=Status.UNMEASURED, says=(
            "Only a template set of the present version can be written again; keep the model's replies in the store "
            "to repeat this one."
        ))  # fmt: skip
    changed, rungs = _changed(reading), reading.ladder or ()
    flat = [(one, two) for one, two in _steps(rungs) if _mean(two.claim or ()) <= _mean(one.claim or ())]
    numbers = (("rebuilt", float(len(reading.rebuilt))), ("changed", float(len(changed))), *_numbers(rungs))
    panels = (_panel(rungs),) if rungs else ()
    if changed:
        says = (
            f"{len(changed)} of {len(reading.rebuilt)} documents are not what the plan gives now: the set was changed, "
            "or a fact or the generator has been since; build it again."
        )  # fmt: skip
        return Finding(status=Status.FAIL, says=says, numbers=numbers, examples=changed[:5], panels=panels)
    if flat:
        one, two = flat[0]
        says = (
            f"At level {two.level}, {one.fact} takes no more of a document than at {one.level}; lengthen its wordings."
        )
        return Finding(status=Status.FAIL, says=says, numbers=numbers, panels=panels)
    short = sorted({rung.level for rung in rungs if rung.claim is None})
    left = f" (levels {', '.join(map(str, short))} do not fit into documents of this length)" if short else ""
    says = f"The plan gives the same documents again, and louder doses take more of them{left}; no action needed."
    return Finding(status=Status.PASS, says=says, numbers=numbers, panels=panels)
