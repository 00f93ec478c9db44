"""Finds a document set by the name that a user types, and reads FACT:LEVEL@CARRIERS as what a set carries."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dashboard.dose_code import decode
from dashboard.workspace import Workspace
from facts.documents.formats.set_folder import MANIFEST
from facts.documents.identity import ASIDE
from facts.documents.set_plan import Carried
from facts.errors import FactError
from facts.parse import home_path


def find_set(name: str, workspace: Workspace) -> Path:
    """The folder of a set: a path, or the id (or its unambiguous beginning) of one in the workspace.

    Raises ``FactError`` naming the sets that there are.
    """
    path = home_path(name)
    try:
        if (path / MANIFEST).exists():
            return path
    except (OSError, ValueError) as error:  # a name too long, a null byte
        raise FactError(f"{name[:100]!r} cannot be a path; give a set's folder or the id of one") from error
    here = sorted(found.parent for found in workspace.documents.glob(f"*/{MANIFEST}") if ASIDE not in found.parent.name)
    fitting = [folder for folder in here if name and folder.name.startswith(name)]
    if len(fitting) == 1:
        return fitting[0]
    if len(fitting) > 1:
        raise FactError(f"{name!r} begins the names of {len(fitting)} sets; write more of it")
    known = ", ".join(folder.name for folder in here[:20]) or "none yet; make one with `salience documents build`"
    raise FactError(f"no document set {name[:200]!r}: give a set's folder or the id of one in the workspace ({known})")


def carried(words: Iterable[str]) -> tuple[Carried, ...]:
    """What ``objections_read:4a@100`` and its like say: fact, level, polarity (affirmed), and in how many documents
    (all).

    Raises ``FactError`` naming the word that cannot be read.
    """
    found: list[Carried] = []
    for word in words:
        dose, at, breadth = word.partition("@")
        if at and not (breadth.isdecimal() and len(breadth) < 12):
            raise FactError(f"cannot read {word!r}; after @ stands how many documents carry the fact, as in {dose}@100")
        if dose[-1:].isdecimal():  # no letter: the fact holds
            dose += "a"
        found += [Carried(dose=choice.dose, carriers=int(breadth) if at else None) for choice in decode(dose).values()]
    return tuple(found)
