"""One model behind several addresses: each call goes to a server that is well, and a failing one slows no other.

Choosing: the server that has this prompt's prefix in its cache (rendezvous hashing, Thaler and Ravishankar 1998),
unless it has more than 1.25 times its fair share in flight (bounded loads: Mirrokni, Thorup and Zadimoghaddam 2018);
then the one with the fewest calls in flight.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runners.sample import Sample, Trouble
from runners.trouble import CallError, Fatal, Retryable

if TYPE_CHECKING:
    from runners.providers import Connection

_SHARE = 1.25
_FAILURES = 3  # in a row, before a server is left out
_HOLD_S, _LONGEST_HOLD_S = 1.0, 60.0
_SILENT_S, _SILENT_TIMES = 10.0, 8.0  # a server that is silent so long gets no more calls until it speaks
_SHORT = 256  # bytes: below that the head of a body says which model is asked and little else
_HEAD = 4096
_TURN = b'"role":"user"'
_LOST = {Trouble.CONNECTION, Trouble.TIMEOUT, Trouble.UNREADABLE, Trouble.SERVER, Trouble.OVERLOADED}

_log = logging.getLogger(__name__)


def prefix(body: bytes) -> bytes:
    """What many prompts share: all before the first user turn, or the first 4 KB where that is nothing."""
    end = body.find(_TURN)
    return body[:end] if end >= _SHORT else body[:_HEAD]


@dataclass(slots=True, kw_only=True, eq=False)
class Server:
    """One address: what it carries, and whether it is left out. Times are on the fleet's clock, in seconds."""

    address: str
    connection: Connection
    in_flight: int = 0
    failures: int = 0
    opened: int = 0  # how often it was left out since it last answered
    held_until: float = 0.0
    probing: bool = False
    heard: float = 0.0  # when it last said anything, or was given a call while it had none
    why: str = ""  # it was left out, while it is
    out: Fatal | None = None

    def weight(self, head: bytes) -> bytes:
        """How much a prefix belongs here; the highest of a fleet is its home."""
        return hashlib.blake2b(head, digest_size=8, key=self.address.encode()[:64]).digest()


class Fleet:
    """A ``runners.providers.Connection`` over one connection an address; every call is one attempt at one server.

    Connection errors, stalls and 5xx three times in a row leave a server out for 1, 2, 4 … 60 s, then one call
    probes it. A 429 leaves its server out as long as it asks; the run's pace hears of it once every server is full. An
    error that no repetition cures (401, 404) takes its server out for the run; once all are out it is ``Fatal``.
    """

    def __init__(self, servers: Sequence[Server], clock: Callable[[], float] = time.monotonic) -> None:
        self._servers = tuple(servers)
        self._clock = clock
        self._usual_s = 0.0
        self._turn = itertools.count()

    async def call(self, body: bytes, timeout_s: float) -> Sample:
        """One attempt at the server that suits the body best."""
        server = self._choose(body)
        began, opened = self._clock(), server.opened
        probe = server.opened > 0
        server.probing = server.probing or probe
        if not server.in_flight:
            server.heard = began
        server.in_flight += 1
        try:
            sample = await server.connection.call(body, timeout_s)
        except CallError as error:
            raise self._failed(server, error, opened) from None
        else:
            self._answered(server, self._clock() - began)
            return sample
        finally:
            server.in_flight -= 1
            if probe:
                server.probing = False

    @property
    def remark(self) -> str:
        """Which servers are left out and why; empty while all are well."""
        out = [server for server in self._servers if server.out is not None or server.opened]
        if not out:
            return ""
        said = "; ".join(f"{server.address}: {server.out.message if server.out else server.why}" for server in out)
        return f"{len(out)} of {len(self._servers)} servers left out: {said}"

    async def close(self) -> None:
        """Give back the sockets of every server."""
        await asyncio.gather(*(server.connection.close() for server in self._servers), return_exceptions=True)

    def _choose(self, body: bytes) -> Server:
        there = [server for server in self._servers if server.out is None]
        if not there:
            raise self._all_out()
        now = self._clock()
        # With nobody well, somebody must be asked all the same: as with one server, the run gives up by itself.
        well = [server for server in there if self._well(server, now)] or there
        fair = (sum(server.in_flight for server in well) + 1) / len(well)
        head = prefix(body)
        home = max(well, key=lambda server: server.weight(head))
        if home.in_flight + 1 <= max(1.0, _SHARE * fair):
            return home
        first = next(self._turn)  # equals take turns
        return min((well[(first + step) % len(well)] for step in range(len(well))), key=lambda server: server.in_flight)

    def _well(self, server: Server, now: float) -> bool:
        if server.held_until > now or (server.opened and server.probing):
            return False
        return not server.in_flight or now - server.heard <= _SILENT_S + _SILENT_TIMES * self._usual_s

    def _answered(self, server: Server, latency_s: float) -> None:
        if server.opened:
            _log.info("%s answers again", server.address)
        server.failures = server.opened = 0
        server.held_until = 0.0
        server.heard = self._clock()
        self._usual_s += (latency_s - self._usual_s) * (0.05 if self._usual_s else 1.0)

    def _failed(self, server: Server, error: CallError, opened: int) -> CallError:
        if isinstance(error, Fatal):
            return self._taken_out(server, error)
        if error.trouble is not Trouble.TIMEOUT:
            server.heard = self._clock()
        if error.trouble is Trouble.RATE_LIMIT:
            return self._full(server, error)
        if error.trouble in _LOST and opened == server.opened:  # else it began before: one burst counts once
            server.failures += 1
            if server.opened or server.failures >= _FAILURES:
                hold = min(_LONGEST_HOLD_S, _HOLD_S * 2.0**server.opened)
                server.opened += 1
                server.why = error.message
                server.held_until = self._clock() + hold
                if server.opened == 1:
                    _log.warning("%s is left out for now: %s", server.address, error.message)
        return error

    def _full(self, server: Server, error: CallError) -> CallError:
        now = self._clock()
        server.held_until = max(server.held_until, now + (error.retry_after_s or _HOLD_S))
        if not any(other.out is None and self._well(other, now) for other in self._servers):
            return error
        # The others have room: the request goes there at once, and the run is not slowed for them.
        return Retryable(Trouble.OVERLOADED, error.message, advice=error.advice, status=error.status, retry_after_s=0.0)

    def _taken_out(self, server: Server, error: Fatal) -> CallError:
        if server.out is None:
            server.out = error
            _log.warning("%s is left out of this run: %s %s", server.address, error.message, error.advice)
        if all(other.out is not None for other in self._servers):
            return self._all_out()
        return Retryable(Trouble.SERVER, error.message, advice=error.advice, status=error.status, retry_after_s=0.0)

    def _all_out(self) -> Fatal:
        reasons = [(server.address, server.out) for server in self._servers if server.out is not None]
        first = reasons[0][1]
        return Fatal(
            first.trouble, "no server is left: " + "; ".join(f"{at}: {why.message}" for at, why in reasons),
            advice=" ".join(dict.fromkeys(why.advice for _, why in reasons)), status=first.status,
        )  # fmt: skip
