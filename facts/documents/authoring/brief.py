"""What one document is to be: the scaffold's attributes, the dose, and the wordings that serve as examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from facts.background import Piece
from facts.condition import Tier
from facts.documents.authoring.rules import rules
from facts.documents.document_set import length
from facts.documents.genre import genres
from facts.documents.phrase import Phrases
from facts.documents.scaffold import scaffold
from facts.documents.set_plan import SetPlan, TopUp, carriers
from facts.fact import Fact
from facts.salience import Dose, Polarity

_WORDS_PER_TOKEN = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One document to be written. ``slot`` is its place in the set, ``index`` the scaffold that it stands on.

    ``dose`` is None for a neutral document; ``pieces`` are one wording for each part of the dose.
    """

    slot: int
    index: int
    dose: Dose | None
    pieces: tuple[Piece, ...]
    tokens: int
    scaffold_id: str
    genre: str
    author: str
    date: str
    attributes: tuple[tuple[str, str], ...]

    def holes(self) -> dict[str, str]:
        """What fills the prompts' holes, but for the world and the texts of earlier stages."""
        how = dict(self.attributes)
        day = date.fromisoformat(self.date)
        return {
            "kind": kind(self.genre), "manner": manner(self.genre), "author": self.author, "place": how["place"],
            "date": f"{day.day} {day:%B} {day.year}", "topic": how["topic"].replace("_", " "),
            "voice": how["perspective"].replace("_", " "), "tone": how["register"], "audience": how["audience"],
            "words": str(round(self.tokens * _WORDS_PER_TOKEN)),
            "loudness": rules().loudness[self.dose.level] if self.dose else "",
            "points": "\n".join(f"- {rules().parts[p.part].replace('{wording}', p.text)}" for p in self.pieces),
        }  # fmt: skip


def kind(genre: str) -> str:
    """A genre in words."""
    return genre.replace("_", " ")


def manner(genre: str) -> str:
    """How documents of a genre are written."""
    return next(one.register for one in genres() if one.name == genre)


def briefs(plan: SetPlan, fact: Fact, labels: Mapping[Tier, str]) -> tuple[tuple[Brief, Brief], ...]:
    """For each place of the set, its brief and the one on a scaffold of reserve, should the first come to nothing.

    Arms of one seed get the same scaffolds and wordings by number, whatever their polarity.
    """
    return tuple(zip(_row(plan, fact, labels, 0), _row(plan, fact, labels, plan.count), strict=True))


def _row(plan: SetPlan, fact: Fact, labels: Mapping[Tier, str], first: int) -> Iterator[Brief]:
    phrases = Phrases(fact, f"{plan.seed}|{first}" if first else plan.seed, labels)
    one = plan.carried[0] if plan.carried else None
    carrying = carriers(plan, one) if one else frozenset[int]()
    for slot in range(plan.count):
        index = first + slot
        base = scaffold(plan.seed, index)
        dose = one.dose if one and one.dose.level else None
        if dose and slot not in carrying:
            dose = replace(dose, polarity=Polarity.PLACEBO) if plan.top_up is TopUp.PLACEBO else None
        how = base.attributes
        yield Brief(
            slot=slot, index=index, dose=dose, pieces=phrases.draw(dose, index) if dose else (),
            tokens=length(plan, base.seed), scaffold_id=base.id, genre=base.genre, author=base.author, date=base.date,
            attributes=(
                ("place", base.place), ("topic", base.topic), ("perspective", how.perspective),
                ("audience", how.audience), ("register", how.register), ("formatting", how.formatting),
            ),
        )  # fmt: skip
