"""An event loop whose clock jumps to the next thing to be done: minutes of waiting are tested in milliseconds."""

import asyncio
import selectors


class _Jumping(selectors.SelectSelector):
    def __init__(self):
        super().__init__()
        self.now = 0.0

    def select(self, timeout=None):
        assert timeout is not None, "nothing is left to happen"
        self.now += max(timeout, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sockets and threads are not waited for: only what sleeps in this loop."""

    def __init__(self):
        self.jumping = _Jumping()
        super().__init__(self.jumping)

    def time(self):
        return self.jumping.now


def run_virtually(make):
    """The result of the coroutine ``make(clock)``; ``clock()`` is the loop's own time in seconds."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(make(loop.time))
    finally:
        loop.close()
