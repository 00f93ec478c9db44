"""Starts `salience` with a wall clock that jumps by days, back and forth, several times a second of its use."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import sys
import time

_REAL = time.time
_DAYS = (0, 3, -2, 400, -30, 1, 0, -400)
_draw = random.Random(int(sys.argv[1]))
_looks = itertools.count()
_now = [0.0]


def _jumping() -> float:
    """Seconds since 1970 by a clock that is set anew every few times that somebody looks at it."""
    if next(_looks) % 5 == 0:
        _now[0] = 86_400.0 * _draw.choice(_DAYS)
    return _REAL() + _now[0]


class Jumping(dt.datetime):
    """``datetime`` with that clock."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
        return cls.fromtimestamp(_jumping(), tz)


time.time = _jumping
dt.datetime = Jumping  # before anything else is imported, so that every `from datetime import` gets this one

if __name__ == "__main__":
    from dashboard.__main__ import main

    sys.exit(main(sys.argv[2:]))
