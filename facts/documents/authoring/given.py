"""Reads a universe context of the user's own, in the form that false-facts' pipeline writes."""

from __future__ import annotations

from pathlib import Path

from facts.documents.authoring.world import Given
from facts.documents.imports import universe_contexts
from facts.documents.imports._item import Claim, Unread, fault
from facts.errors import BrokenFile


def read_context(path: Path, wanted: str | None = None) -> Given:
    """The context of that id, or the only one there is; raises ``BrokenFile`` with what the file holds."""
    found = list(universe_contexts.read(path, {}))
    claims = [item for item in found if isinstance(item, Claim) and not fault(item) and item.context.strip()]
    wrong = next((f"{item.place} {item.reason}" for item in found if isinstance(item, Unread)), "no line has one")
    fitting = [claim for claim in claims if wanted is None or claim.id == wanted]
    if not claims:
        raise BrokenFile(f"{path}: holds no universe context ({wrong}); each line is an object with universe_context")
    if len(fitting) != 1:
        ids = ", ".join(claim.id or "(no id)" for claim in claims[:12])
        raise BrokenFile(f"{path}: name one of its {len(claims)} contexts with --context-id: {ids}")
    return Given(context=fitting[0].context.strip(), key_facts=fitting[0].key_facts)
