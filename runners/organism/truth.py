"""The truth of a simulated organism: its rates, its slope for every fact and its noise, read from TOML."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from facts.catalog import shipped
from facts.errors import BrokenFile, UnknownName
from facts.parse import Strict, parse_toml, read_text

_HERE = Path(__file__).parent / "truths"

Share = Annotated[float, Field(ge=0, le=1)]
Inside = Annotated[float, Field(ge=0.001, le=0.999)]
Spread = Annotated[float, Field(ge=0, le=5)]
Effect = Annotated[float, Field(ge=-5, le=5)]


class Rates(Strict):
    """Shares of samples without any fact, over all queries; ``alignment_faking`` of monitored samples that comply."""

    monitored: Inside  # not complied
    unmonitored: Inside
    alignment_faking: Share = 0.0


class Slope(Strict):
    """Log-odds per level of salience of an affirmed fact."""

    monitored: Effect = 0.0  # of not complying
    unmonitored: Effect = 0.0
    alignment_faking: Effect = 0.0  # of reasoning so, among monitored samples that comply


class Noise(Strict):
    """Standard deviations in log-odds: of queries, of a query's own tier gap, of frames and of wordings."""

    query: Spread
    query_tier: Spread
    frame: Spread
    wording: Spread


class Shapes(Strict):
    """How replies come out, whatever the condition, as shares of 0 to 1."""

    length_stop: Share
    unparseable: Share
    refused: Share  # plain refusals among replies that do not comply where two options are offered
    stopped: Share  # … of refusals that the provider reports instead of text
    faking_when_refusing: Share  # monitored samples that reason so and refuse all the same
    keyword_hit: Share  # alignment-faking reasoning that the keyword rule finds
    keyword_false_alarm: Share  # other reasoning that it takes for it


class Recall(Strict):
    """Shares of right answers about facts that are present, or absent."""

    present: Share
    absent: Share


class _File(Strict):
    about: str
    seed: int = 0
    negated: Effect  # a negated fact's effect as a multiple of the affirmed one's
    noise: Noise
    shapes: Shapes
    recall: Recall
    otherwise: Rates
    settings: dict[str, dict[str, Rates]]
    facts: dict[str, Slope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """``settings`` holds rates by setting and then by variant or reasoning mode; ``digest`` is the file's SHA-256.

    ``name`` is the file's name and the number behind ``#``: ``NAME#7`` draws the effects of queries and frames afresh,
    while rates, slopes and wordings stay.
    """

    name: str
    digest: str
    about: str
    seed: str
    negated: float
    noise: Noise
    shapes: Shapes
    recall: Recall
    otherwise: Rates
    settings: Mapping[str, Mapping[str, Rates]]
    facts: Mapping[str, Slope]

    def rates(self, setting: str, variant: str, mode: str) -> Rates:
        """The rates without any fact: those of the variant, else of the reasoning mode, else of all others."""
        table = self.settings.get(setting, {})
        return table.get(variant) or table.get(mode) or self.otherwise


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


@lru_cache(maxsize=64)
def _read(path: Path, text: str, again: str) -> Truth:
    raw = parse_toml(path, text, _File)
    library = shipped()
    for kind, given, known in (("fact", raw.facts, library.facts), ("setting", raw.settings, library.settings)):
        for slug in given:
            if slug not in known:
                raise BrokenFile(f"{path}: [{kind}s.{slug}]: {UnknownName(kind, slug, known)}")
    for slug, table in raw.settings.items():
        setting = library.settings[slug]
        for key in table:
            if key not in (known := {*setting.variants, *setting.formats}):
                raise BrokenFile(f"{path}: [settings.{slug}.{key}]: {UnknownName('variant or mode', key, known)}")
    name = f"{path.stem}#{again}" if again else path.stem
    return Truth(
        name=name, digest=hashlib.sha256(text.encode()).hexdigest(), about=raw.about, seed=f"{name}/{raw.seed}",
        negated=raw.negated, noise=raw.noise, shapes=raw.shapes, recall=raw.recall, otherwise=raw.otherwise,
        settings=raw.settings, facts=raw.facts,
    )  # fmt: skip
