"""A batch as this house writes it down, as its provider describes it, and what an API of batches can do."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from runners.model import Model
from runners.sample import Sample
from runners.trouble import CallError, Retryable


class Stage(StrEnum):
    """How far a batch has come. Only the first two are open: they may hold replies that are paid for."""

    SENDING = "sending"  # about to be sent, or sent without a word that it arrived
    SENT = "sent"  # the provider's id is written down
    HARVESTED = "harvested"
    REFUSED = "refused"  # it never was at the provider: nothing was bought
    FORGOTTEN = "forgotten"  # given up by the user


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch of the ledger. ``tag`` is ours and unique; it stands in each ``custom_id``, so that a batch whose id
    never arrived can be told from all others.

    ``after`` is the newest batch that the provider knew before this one was sent, and ``after_made`` when that was made
    by the provider's clock (ours may be hours off). ``most_usd`` is the most that it can cost. ``began`` is ISO 8601 in
    UTC. ``stopping`` says that we asked the provider to cancel it.
    """

    tag: str
    provider: str
    endpoint: str
    model: str
    label: str
    comparison: str
    requests: int
    began: str
    stage: Stage = Stage.SENDING
    id: str | None = None
    after: str | None = None
    after_made: str = ""
    most_usd: float | None = None
    stopping: bool = False
    kept: int = 0
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether replies may still come of it."""
        return self.stage in {Stage.SENDING, Stage.SENT}

    def custom_id(self, key: str) -> str:
        """What names one request inside this batch: 64 letters, the most that Anthropic allows, of which 43 are the
        SHA-256 of the request's key and 20 the tag.
        """
        digest = base64.urlsafe_b64encode(mark(key)).decode().rstrip("=")
        return f"{digest}_{self.tag}"


def mark(key: str) -> bytes:
    """The 32 bytes of a request's key."""
    return bytes.fromhex(key[-64:])


def marked(custom_id: str) -> tuple[bytes, str] | None:
    """The key's bytes and the tag in a ``custom_id`` of ours; None for any other text."""
    digest, tag = custom_id[:43], custom_id[44:]
    if len(custom_id) != 64 or custom_id[43] != "_" or not custom_id.isascii():
        return None
    try:
        return base64.b64decode(f"{digest}=", altchars=b"-_", validate=True), tag
    except ValueError:
        return None


class Unfinished(StrEnum):
    """Why a request of a batch that has ended was not answered, without anybody being at fault or billed."""

    EXPIRED = "expired"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of results: whose it is and what became of it."""

    custom_id: str
    outcome: Sample | CallError | Unfinished


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the provider says of a batch. ``ours`` is None where it cannot be told before the batch has ended;
    ``failed`` is why the batch as a whole was turned down; ``files`` are where its results lie; ``succeeded`` is how
    many requests the provider counts as answered, None where it does not say.
    """

    id: str
    ended: bool
    status: str
    requests: int
    ours: bool | None = None
    failed: CallError | None = None
    files: tuple[str, ...] = ()
    succeeded: int | None = None


class Lost(Retryable):
    """The call that creates a batch was not clearly refused and gave no id: the provider may have it or not."""


class Api(Protocol):
    """An open line to one provider's batch API. Every method raises ``CallError``; none tries twice."""

    @property
    def most(self) -> tuple[int, int]:
        """The most requests and the most bytes that one batch may have."""
        ...

    async def newest(self) -> tuple[str, str] | None:
        """The newest batch there is and when it was made, where that is needed to find a lost one."""
        ...

    async def create(self, batch: Batch, lines: Callable[[], Iterator[tuple[str, bytes]]], scratch: Path) -> str:
        """Send (custom_id, body) lines and give the id. Raises ``Lost`` where the batch may exist all the same."""
        ...

    async def candidates(self, batch: Batch, known: frozenset[str]) -> tuple[Look, ...]:
        """Batches that may be this one, whose id never arrived; none of the ``known`` ids."""
        ...

    async def look(self, batch_id: str) -> Look:
        """How the batch stands."""
        ...

    async def cancel(self, batch_id: str) -> None:
        """Ask for the end of a batch; what is finished stays."""
        ...

    def results(self, look: Look) -> AsyncGenerator[bytes]:
        """The lines of results as they come; breaks off with ``CallError`` where the connection does."""
        ...

    def read(self, line: bytes) -> Result | None:
        """What a line says; None for one that cannot be read, or that holds a reply which cannot."""
        ...

    async def close(self) -> None:
        """Give back the sockets."""
        ...


class Opener(Protocol):
    """What a file of an API defines."""

    def connect(self, model: Model) -> Api:
        """Open a line."""
        ...
