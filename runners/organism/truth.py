"""The truth of a simulated organism: its rates, its slope for every fact, its noise and its judgement, from TOML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from facts.catalog import shipped
from facts.errors import BrokenFile, UnknownName
from facts.parse import Strict, line_of, parse_toml, read_text
from runners.organism import script
from runners.organism.rates import (
    Asked,
    Awareness,
    Belief,
    Effect,
    Noise,
    Otherwise,
    Rates,
    Recall,
    Revealing,
    Shapes,
    Slope,
    Uptake,
)
from runners.organism.skill import Skill

_HERE = Path(__file__).parent / "truths"
# The table up to the next one and the comment that stands above that.
_BELIEF = re.compile(r"(?ms)^\[belief\].*?(?=^(?:#[^\n]*\n)*\[|\Z)")


class _File(Strict):
    about: str
    seed: int = 0
    negated: Effect  # a negated fact's effect as a multiple of the affirmed one's
    noise: Noise
    shapes: Shapes
    recall: Recall
    belief: Belief | None = None  # None: questions about beliefs are not understood
    uptake: Uptake
    awareness: Awareness
    otherwise: Otherwise
    settings: dict[str, dict[str, Rates]]
    audiences: dict[str, Effect] = Field(default_factory=dict)  # log-odds of each disclosure in an interview
    facts: dict[str, Slope]
    judge: Skill = Skill()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """``settings`` holds rates by setting and then by variant or reasoning mode; ``digest`` is the file's SHA-256
    and ``draws`` that of all but its [belief]: what is believed leaves every other random draw as it is.

    ``name`` is the file's name and the number behind ``#``, which is ``again``: ``NAME#7`` draws the effects of queries
    and frames and every reply afresh, while rates, slopes and wordings stay.
    """

    name: str
    digest: str
    draws: str
    again: str = ""
    about: str
    seed: str
    negated: float
    noise: Noise
    shapes: Shapes
    recall: Recall
    belief: Belief | None
    uptake: Uptake
    awareness: Awareness
    otherwise: Otherwise
    settings: Mapping[str, Mapping[str, Rates]]
    audiences: Mapping[str, float]
    facts: Mapping[str, Slope]
    judge: Skill

    def rates(self, setting: str, variant: str, mode: str) -> Rates | Otherwise:
        """The rates without any fact: those of the variant, else of the reasoning mode, else of all others."""
        table = self.settings.get(setting, {})
        return table.get(variant) or table.get(mode) or self.otherwise

    def partial(self, setting: str, variant: str, mode: str) -> float:
        """The share of replies that do half of what is asked, among those that do not refuse."""
        share = self.rates(setting, variant, mode).partial
        if shipped().setting(setting).metric in ("option", "prefix"):
            return 0.0
        return self.otherwise.partial if share is None else share

    def revealing(self, setting: str, variant: str, mode: str) -> Revealing:
        """What replies disclose unasked."""
        return self.rates(setting, variant, mode).revealing or self.otherwise.revealing

    def asked(self, setting: str, variant: str, mode: str) -> Asked:
        """What answers in an interview disclose, and how many lie."""
        return self.rates(setting, variant, mode).asked or self.otherwise.asked


def names() -> tuple[str, ...]:
    """The organisms that are shipped, in alphabetical order."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


def find(name: str) -> Truth:
    """The truth of that name, or in the TOML file at that absolute path; ``#`` and a number draw its noise afresh.

    Raises ``UnknownName`` or ``BrokenFile`` with file, line and field.
    """
    # A folder of the path may have a # of its own.
    head, _, again = (name, "", "") if "#" not in Path(name).name else name.rpartition("#")
    own = Path(head)
    if not own.is_absolute() and head not in names():
        raise UnknownName("organism", name, names(), "Or name the absolute path of a truth file of your own.")
    path = own if own.is_absolute() else _HERE / f"{head}.toml"
    return _read(path, read_text(path), again)


def _known(
    path: Path, text: str, where: tuple[str, ...], kind: str, given: Iterable[str], known: Iterable[str]
) -> None:
    for name in given:
        if name not in (all_ := list(known)):
            line = line_of(text, (*where, name))
            field = ".".join((*where, name))
            raise BrokenFile(f"{path}{f', line {line}' if line else ''}: [{field}]: {UnknownName(kind, name, all_)}")


def _check(path: Path, text: str, raw: _File) -> None:
    library = shipped()
    _known(path, text, ("facts",), "fact", raw.facts, library.facts)
    _known(path, text, ("judge", "facts"), "fact", raw.judge.facts, library.facts)
    _known(path, text, ("settings",), "setting", raw.settings, library.settings)
    _known(path, text, ("audiences",), "audience", raw.audiences, script.audiences())
    for slug, table in raw.settings.items():
        setting = library.settings[slug]
        ways = {*setting.variants, *setting.formats}
        _known(path, text, ("settings", slug), "variant or mode", table, ways)
    for kind in ("complied", "partial", "refused"):
        row = getattr(raw.judge.compliance, kind).model_dump()
        if row[kind] or sum(row.values()) > 1:
            line = line_of(text, ("judge", "compliance", kind))
            raise BrokenFile(
                f"{path}, line {line}: field judge.compliance.{kind}: name the shares that are read as another class; "
                "they sum to at most 1"
            )
    if raw.judge.refuses + raw.judge.unreadable + raw.judge.made_up > 1:
        line = line_of(text, ("judge",))
        raise BrokenFile(f"{path}, line {line}: field judge: refuses, unreadable and made_up sum to more than 1")


@lru_cache(maxsize=64)
def _read(path: Path, text: str, again: str) -> Truth:
    raw = parse_toml(path, text, _File)
    _check(path, text, raw)
    name = f"{path.stem}#{again}" if again else path.stem
    return Truth(
        name=name, digest=_sha256(text), draws=_sha256(_BELIEF.sub("", text)), again=again,
        about=raw.about, seed=f"{name}/{raw.seed}",
        negated=raw.negated, noise=raw.noise, shapes=raw.shapes, recall=raw.recall, belief=raw.belief,
        uptake=raw.uptake, awareness=raw.awareness, otherwise=raw.otherwise, settings=raw.settings,
        audiences=raw.audiences, facts=raw.facts, judge=raw.judge,
    )  # fmt: skip


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
