"""Long work on document sets in the background of the dashboard, one errand at a time; what it makes lies on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from facts.errors import FactError

Tick = Callable[[str, int], None]


@dataclass(slots=True)
class Errand:
    """What is being done or was done last. ``says`` are lines of its outcome, ``error`` what went wrong."""

    title: str
    doing: str = "starting"
    done: int = 0
    says: tuple[str, ...] = ()
    error: str = ""
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def live(self) -> bool:
        """Whether it is still at work."""
        return self.ended is None

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return (self.ended or time.monotonic()) - self.began

    def stop(self) -> None:
        """Ask it to end at its next step."""
        self._stop.set()

    def tick(self, doing: str, done: int) -> None:
        """Is told what goes on; raises ``Stopped`` once it was asked to end."""
        self.doing, self.done = doing, done
        if self._stop.is_set():
            raise Stopped("stopped; what was finished before is kept, of the rest nothing is left")


class Stopped(FactError):  # noqa: N818  (reads as what it is)
    """The user ended an errand."""


_lock = threading.Lock()
_errands: dict[str, Errand] = {}


def start(workspace: str, title: str, work: Callable[[Tick], tuple[str, ...]]) -> bool:
    """Begin ``work`` in a thread of its own; False where another errand of the workspace is still under way."""
    with _lock:
        if (old := _errands.get(workspace)) and old.live:
            return False
        errand = _errands[workspace] = Errand(title=title)
    threading.Thread(target=_work, args=(errand, work), name=f"errand-{title[:40]}", daemon=True).start()
    return True


def _work(errand: Errand, work: Callable[[Tick], tuple[str, ...]]) -> None:
    try:
        errand.says = work(errand.tick)
    except (FactError, OSError) as error:
        errand.error = str(error)
    except Exception as error:
        errand.error = f"{type(error).__name__}: {error}"
        raise
    finally:
        errand.ended = time.monotonic()


def last(workspace: str) -> Errand | None:
    """The errand under way, or the last one."""
    return _errands.get(workspace)
