"""Says what lies in batches at providers of a comparison that nobody runs now: it is sent and will be paid for."""

from __future__ import annotations

from cache.errors import StoreError
from dashboard.workspace import Workspace
from runners.batches import folder_beside
from runners.batches.ledger import Ledger


def lying_words(workspace: Workspace, comparison: str) -> str:
    """How many of its requests lie in open batches, since when, and what to do; empty where none does."""
    try:
        every, wrong = Ledger(folder_beside(workspace.store)).readable()
    except (OSError, StoreError):
        return ""
    found = [batch for batch in every if batch.open and batch.comparison == comparison]
    if wrong and not found:
        return "A record of batches cannot be read; `salience batches` names it."
    if not found:
        return ""
    first = min(batch.began for batch in found)
    count = sum(batch.requests for batch in found)
    return (
        f"{count:,} requests of this comparison lie in {len(found)} batch{'es' if len(found) > 1 else ''} at the "
        f"provider, the first sent at {first[11:16]} UTC on {first[:10]}. They go on there and are paid for: resume to "
        "bring their replies in. A batch takes up to a day, and its replies are kept for about a month."
    )
