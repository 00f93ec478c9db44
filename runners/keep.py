"""Writes samples to the store and reads them back: the request beside what came back."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, cast

from cache import record
from cache.errors import StoreError
from cache.store import Store
from runners.request import Request
from runners.sample import Sample, Stop, Usage

_STOPS = {stop.value: stop for stop in Stop}
_PART = 100  # records held at once: a megabyte or so, which stays in the processor's cache until it is read
_NUMBERS = {int, float, type(None)}


def to_record(request: Request, sample: Sample) -> bytes:
    """The bytes that are kept for one sample."""
    return record.write(request.fields(), sample.fields())


def from_record(key: str, value: bytes) -> Sample:
    """The sample in a kept record; ``StoreError`` where it is damaged."""
    fields = cast("dict[str, Any]", record.read_sample(key, value))
    try:
        usage: dict[str, int | None] = fields.get("usage") or {}
        text, model, reasoning = fields["text"], fields["model"], fields.get("reasoning")
        request_id, received_at = fields.get("request_id"), fields.get("received_at")
        latency_s, logprobs = fields.get("latency_s"), fields.get("logprobs")
        # JSON gives plain types, so that one set of them says as much as a question to each value.
        texts = (text, model, reasoning or "", request_id or "", received_at or "")
        if set(map(type, texts)) != {str} or not _NUMBERS.issuperset(map(type, (*usage.values(), latency_s))):
            raise TypeError("a field is of the wrong kind")
        return Sample(
            text=text, stop=_STOPS[fields["stop"]], model=model, reasoning=reasoning, usage=Usage(**usage),
            request_id=request_id, latency_s=latency_s, received_at=received_at,
            simulated=bool(fields.get("simulated")), logprobs=None if logprobs is None else _likely(logprobs),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(
            f"{key}: the kept sample cannot be read ({error}); it is left alone and counts as lost"
        ) from error


def _likely(value: list[list[object]]) -> tuple[tuple[str, float], ...]:
    found = [(token, logprob) for token, logprob in value]
    if not all(isinstance(token, str) and logprob is not None and _number(logprob) for token, logprob in found):
        raise TypeError("logprobs are of the wrong kind")
    return tuple(cast("list[tuple[str, float]]", found))


def _number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def kept(store: Store, keys: Iterable[str]) -> dict[str, Sample]:
    """The kept samples among ``keys``; damaged records are left out, as if they had been lost."""
    found: dict[str, Sample] = {}
    wanted = iter(dict.fromkeys(keys))
    while part := list(islice(wanted, _PART)):
        for key, value in store.get_many(part).items():
            try:
                found[key] = from_record(key, value)
            except StoreError:
                continue
    return found


def keep_anyway(store: Store, key: str, value: bytes) -> None:
    """Keep a sample that ``add`` did not take, because something has its key already; where that is whole, it stays.

    A damaged record makes room. Raises ``StoreError`` where the index leads to nothing that can be read or moved: then
    the sample is kept under another name first, from which a repair brings it back.
    """
    why = "its index has a name that leads to no row"
    try:
        if kept(store, [key]):
            return
        store.set_aside(key)
        if store.add(key, value).result():
            return
    except StoreError as error:
        why = str(error)
    store.keep_apart(key, value).result()
    raise StoreError(
        f"{key} could not be kept under its name in {store.folder}: {why}. It was kept apart: `salience store repair` "
        "brings it back into a new store"
    )
