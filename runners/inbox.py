"""Requests that come up while a run goes on, waiting for the model that they are for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

from runners.request import Request

ROOM = 2_000  # requests; whoever brings more waits, so that a slow judge holds sampling back instead of filling memory
_LOOK_S = 0.2


class Inbox:
    """A queue in one event loop. ``take`` waits for something to do, for the end, or for ``over`` to say stop.

    What was taken is remembered until it is answered, so that whoever stops half-way can put it back.
    """

    def __init__(self) -> None:
        self._items: deque[tuple[str, Request]] = deque()
        self._taken: dict[str, Request] = {}
        self._changed = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, requests: Mapping[str, Request]) -> None:
        """Add requests by key."""
        self._items.extend(requests.items())
        self._changed.set()

    def answered(self, key: str) -> None:
        """What was taken under this key is settled."""
        self._taken.pop(key, None)

    def put_back(self) -> None:
        """Add again what was taken and not answered."""
        taken, self._taken = self._taken, {}
        self.put(taken)

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._changed.set()

    async def take(self, most: int, over: Callable[[], bool]) -> list[tuple[str, Request]]:
        """Up to ``most`` requests, at least one unless the end has come or ``over`` says so."""
        while not self._items and not self._closed and not over():
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), _LOOK_S)
            except TimeoutError:
                continue
        chunk = [] if over() else [self._items.popleft() for _ in range(min(most, len(self._items)))]
        self._taken.update(chunk)
        return chunk
