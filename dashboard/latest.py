"""The results of one comparison as of the last time that anything was new, shared by all sessions of a server."""

from __future__ import annotations

import threading
from collections.abc import Callable

from dashboard.results import Results


class Latest:
    """Holds one ``Results`` and lets go of it when the store has changed, so that versions do not pile up in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: tuple[int, Results] | None = None

    def at(self, version: int, make: Callable[[], Results]) -> Results:
        """What was made at this version of the store, made now if need be; raises what making raises."""
        with self._lock:  # whoever comes meanwhile wants the same
            if self._held is None or self._held[0] != version:
                self._held = version, make()
            return self._held[1]
