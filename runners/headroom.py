"""Reads what a reply's headers say of the provider's rate limits: how much remains, and when it is full again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# OpenAI's and its imitations' names, and Anthropic's (their API references, 2026-11). Input and output tokens apart are
# left out: Anthropic's plain "tokens" is the tighter of the two.
_KINDS = (
    ("requests", "x-ratelimit-{}-requests", "anthropic-ratelimit-requests-{}"),
    ("tokens", "x-ratelimit-{}-tokens", "anthropic-ratelimit-tokens-{}"),
)
_SPAN = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9})ms)?")
_PLAIN = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_MANY = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """One limit: ``kind`` is requests or tokens; all of ``limit`` is there again after ``reset_s``."""

    kind: str
    limit: float
    remaining: float
    reset_s: float


def headroom(headers: Mapping[str, str]) -> tuple[Headroom, ...]:
    """The limits that these headers speak of; nothing that is incomplete or makes no sense."""
    found: list[Headroom] = []
    for kind, *names in _KINDS:
        for name in names:
            limit, remaining = (_number(headers.get(name.format(word))) for word in ("limit", "remaining"))
            reset_s = _seconds(headers.get(name.format("reset")), headers.get("date"))
            if limit and remaining is not None and reset_s and remaining < limit:
                found.append(Headroom(kind=kind, limit=limit, remaining=remaining, reset_s=reset_s))
                break
    return tuple(found)


def _number(text: str | None) -> float | None:
    return float(text) if text and _PLAIN.fullmatch(text.strip()) and float(text) < _MANY else None


def _seconds(text: str | None, date: str | None) -> float | None:
    """Seconds from "6m0s", "20ms" or "12.5", or from a point in time (RFC 3339) against the reply's own date."""
    if not text:
        return None
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return float(text)
    if text and (match := _SPAN.fullmatch(text)) and any(match.groups()):
        days, hours, minutes, seconds, millis = (float(part or 0) for part in match.groups())
        return days * 86_400 + hours * 3_600 + minutes * 60 + seconds + millis / 1_000
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    span = (when if when.tzinfo else when.replace(tzinfo=UTC)) - said_at(date)
    return span.total_seconds() if math.isfinite(span.total_seconds()) and span.total_seconds() > 0 else None


def said_at(date: str | None) -> datetime:
    """When a reply was sent by its own ``Date`` header: this machine's clock may be days off the server's."""
    try:
        when = parsedate_to_datetime(date or "")
    except (ValueError, TypeError, OverflowError):
        return datetime.now(UTC)
    return when if when.tzinfo else when.replace(tzinfo=UTC)
