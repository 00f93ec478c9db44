"""Says on stderr what is going on with a large set: one line, rewritten on a terminal and repeated elsewhere."""

from __future__ import annotations

import sys
import time

_FIRST_S, _EVERY_S, _LIVE_S = 2.0, 10.0, 0.2  # quiet at first: small sets are done by then


class Progress:
    """Is told what is being done by ``tick``, and is silent with whatever is done at once."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.began = time.monotonic()
        self.last = self.began + _FIRST_S - (_LIVE_S if self.live else _EVERY_S)
        self.shown = False

    def tick(self, doing: str, done: int) -> None:
        """What is being done, with how many documents."""
        now = time.monotonic()
        if now - self.last < (_LIVE_S if self.live else _EVERY_S):
            return
        self.last, self.shown = now, True
        line = f"{doing}: {done:,} documents, {now - self.began:.0f} s"
        print(f"\r\x1b[2K{line}" if self.live else line, end="" if self.live else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """The line is done with."""
        if self.live and self.shown:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
