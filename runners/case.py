"""One sample in front of one metric: what was asked, what came back, and what further questions have brought so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from facts.catalog import Library
from runners.judging import NOBODY, Judging
from runners.request import Request
from runners.sample import Outcome, Sample
from runners.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``sample`` is None where there is none (not asked yet, or failed). ``replies`` are the outcomes of what the
    metric has asked, by key; a key that is missing was not answered yet.
    """

    trial: Trial
    library: Library
    sample: Sample | None = None
    judging: Judging = NOBODY
    replies: Mapping[str, Outcome] = field(default_factory=dict[str, Outcome])

    def reply(self, request: Request) -> Outcome | None:
        """What came back for a request, None where nothing has."""
        return self.replies.get(request.key)
