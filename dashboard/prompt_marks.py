"""Where the facts lie in each message of a prompt, as marks that can be shown."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.marked import Mark
from facts.catalog import Library
from facts.prompt import Prompt


def marks(prompt: Prompt, library: Library) -> tuple[tuple[Mark, ...], ...]:
    """One tuple of marks per message; each fact has its own colour, in the order of the prompt's exposures."""
    groups: Mapping[str, int] = {exposure.fact: number for number, exposure in enumerate(prompt.exposures)}
    return tuple(
        tuple(
            Mark(start=span.start, end=span.end, group=groups.get(span.fact, 0),
                 title=f"{library.fact(span.fact).title} ({span.polarity}, {span.part} wording {span.wording + 1})")
            for span in prompt.spans if span.message == number
        )
        for number in range(len(prompt.messages))
    )  # fmt: skip
