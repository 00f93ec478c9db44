"""The title above every chart: what is shown, that it is SIMULATED, that it is interim, and of what it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

import altair as alt

SIMULATED = "SIMULATED"
INTERIM = "Interim, not a test"
_TITLE, _LINE = 74, 104  # letters that have room above the narrowest chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """``axis`` names the measured outcome (default: the title); ``source`` names comparison, setting and models.

    ``kept`` of ``planned`` samples are there.
    """

    title: str
    axis: str = ""
    source: str = ""
    simulated: bool = False
    kept: int = 0
    planned: int = 0

    @property
    def interim(self) -> bool:
        """Whether samples are missing, so that nothing shown is a test."""
        return self.kept < self.planned

    @property
    def marked(self) -> str:
        """The title with the mark that simulated results carry wherever they go."""
        return f"{SIMULATED} — {self.title}" if self.simulated else self.title

    def lines(self, *further: str) -> list[str]:
        """The lines under the title; what is doubtful about the data comes first."""
        doubt = f"{INTERIM}: {self.kept:,} of {self.planned:,} samples so far" if self.interim else ""
        return [line for line in (doubt, *further, self.source) if line]


def title_of(heading: Heading, *further: str) -> alt.TitleParams:
    """The title of a chart; simulated results stand out."""
    colour = "#B00020" if heading.simulated else "#1F2328"
    lines = [part for line in heading.lines(*further) for part in wrap(line, _LINE, break_long_words=False)]
    return alt.TitleParams(text=wrap(heading.marked, _TITLE, break_long_words=False), subtitle=lines, color=colour)
