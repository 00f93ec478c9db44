"""Orders requests so that what prompts share is read from the provider's cache, and says what may be kept there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from heapq import heappop, heappush
from typing import cast

from runners import providers
from runners.request import Request

_REMEMBERED = 4096  # system texts; a provider forgets one that is not asked again within minutes
_DEAR_WRITE = 1.25  # of the price of a prompt token, where the price of writing is not known (Anthropic, GPT-5.6 on)
_Rule = Callable[[Request], int | None]


def _never(request: Request) -> None:
    del request


@lru_cache(maxsize=16)
def _rule(provider: str) -> _Rule:
    return cast("_Rule", getattr(providers.find(provider), "cached_from", _never))


def cached_from(request: Request) -> int | None:
    """Tokens of system text from which on its provider keeps it for the next call, at prices of its own.

    None where it is not kept, or where keeping it has no price. A provider file says so by a function of this name.
    """
    return _rule(request.provider)(request)


def write_price(price_in: float, price_write: float | None) -> float:
    """USD per million tokens that are written to the cache; an unknown price counts as 1.25 times that of the prompt.

    Sources: platform.claude.com/docs/build-with-claude/prompt-caching and developers.openai.com/api/docs/guides/
    prompt-caching (stored copies, 2026-11).
    """
    return _DEAR_WRITE * price_in if price_write is None else price_write


class Recent:
    """The system texts that were seen last; what a provider's cache may still hold."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._places: OrderedDict[int, int] = OrderedDict()
        self._most = most

    def first(self, text: int, place: int) -> int | None:
        """The place at which a text (its hash) was first seen; None where that is here."""
        if (found := self._places.get(text)) is not None:
            self._places.move_to_end(text)
            return found
        self._places[text] = place
        if len(self._places) > self._most:
            self._places.popitem(last=False)
        return None


def followers_later(requests: Iterable[tuple[str, Request]], lag: int) -> Iterator[tuple[str, Request]]:
    """The same requests, those that share a kept system text with an earlier one at least ``lag`` places behind it.

    A provider's cache holds a prefix from when the reply to the first request that wrote it begins, so both tiers of
    a query, which the plan puts side by side, would both miss it in parallel, and both pay for writing it. With a
    ``lag`` of twice the calls in flight a follower starts about two mean latencies after its leader: late enough for
    replies that take up to twice the mean, soon enough for a cache of five minutes (``benchmarks/prompt_caching.py``).
    Nothing waits: other requests go first. At most about ``lag`` × (requests a text − 1) requests are held, and what
    is not kept by a cache passes through in its order. Places count requests that turn out to be in the store as well.
    """
    given = 0
    recent = Recent(max(_REMEMBERED, 2 * lag))
    held: list[tuple[int, int, str, Request]] = []  # a heap: whose place comes first, and who came first
    for number, (key, request) in enumerate(requests):
        leader = recent.first(hash(request.system), given) if cached_from(request) is not None else None
        if leader is not None and leader + lag > given:
            heappush(held, (leader + lag, number, key, request))
        else:
            yield key, request
            given += 1
        while held and held[0][0] <= given:
            yield heappop(held)[2:]
            given += 1
    while held:
        yield heappop(held)[2:]
