"""What can be wrong with facts, settings and designs; each message says what to do about it.

FactError (ValueError)
├── BrokenFile      a TOML or JSONL file cannot be read: file, line, field
├── UnknownName     no fact, setting, … of that name; says what is near
├── MissingWording  a fact has no wording for a level and polarity
└── DoesNotFit      the doses need more tokens than the background has
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FactError(ValueError):
    """Anything a user can repair in facts, settings or designs."""


class BrokenFile(FactError):  # noqa: N818  (reads as what it is: a broken file)
    """A file cannot be read as what it should be."""


class MissingWording(FactError):  # noqa: N818
    """A fact lacks the wordings that a dose needs."""


class DoesNotFit(FactError):  # noqa: N818
    """The doses of a condition need more room than the background has."""


class TooShort(DoesNotFit):
    """A document of so many tokens cannot say its doses; ``least`` is the fewest that can."""

    def __init__(self, message: str, least: int) -> None:
        super().__init__(message)
        self.least = least


class UnknownName(FactError):  # noqa: N818
    """There is nothing of that name."""

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        if near:
            advice = f"did you mean {' or '.join(repr(n) for n in near)}?"
        else:
            advice = f"known: {', '.join(names[:12]) or 'none'}{' …' if len(names) > 12 else ''}."
        super().__init__(f"no {kind} {name!r}; {advice}{f' {where}' if where else ''}")
