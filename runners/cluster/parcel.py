"""What travels between the driver and a worker: bodies out, samples and errors back, and who the worker is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from runners.sample import Sample, Trouble
from runners.trouble import CallError, Fatal, Retryable

# What decides what a body becomes on its way and how a reply is read: two machines must have the same of it.
_DECIDES = ("providers", "cluster", "organism")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A ``CallError`` as data, since exceptions with keyword arguments do not survive pickling."""

    fatal: bool
    trouble: Trouble
    message: str
    advice: str = ""
    status: int | None = None
    retry_after_s: float | None = None


Body = tuple[int, bytes, float]  # number, wire body, timeout in seconds
Reply = tuple[int, Sample | Broken]


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """Who a worker is: its node, its code, the identity of the endpoint there, and what stands in the way."""

    place: str
    release: str
    endpoint: str
    problem: str | None = None


def packed(error: CallError) -> Broken:
    """The error as data."""
    return Broken(
        fatal=isinstance(error, Fatal), trouble=error.trouble, message=error.message, advice=error.advice,
        status=error.status, retry_after_s=error.retry_after_s,
    )  # fmt: skip


def unpacked(broken: Broken) -> CallError:
    """The error again."""
    if broken.fatal:
        return Fatal(broken.trouble, broken.message, advice=broken.advice, status=broken.status)
    return Retryable(broken.trouble, broken.message, advice=broken.advice, status=broken.status,
                     retry_after_s=broken.retry_after_s)  # fmt: skip


@lru_cache(maxsize=1)
def release() -> str:
    """The installed version and a hash of the code that makes calls and reads replies: "0.1.0+1f00aa34"."""
    try:
        number = version("fact-salience")
    except PackageNotFoundError:
        number = "not installed"
    digest = hashlib.sha256()
    for folder in _DECIDES:
        for file in sorted((files("runners") / folder).iterdir(), key=lambda item: item.name):
            if file.name.endswith((".py", ".toml")):
                digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return f"{number}+{digest.hexdigest()[:8]}"
