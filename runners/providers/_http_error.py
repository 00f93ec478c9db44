"""Sorts an HTTP error by what can be done about it: try again, or stop and tell the user what to change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from runners.headroom import said_at
from runners.providers._reply import inner, parse, text
from runners.sample import Trouble
from runners.trouble import CallError, Fatal, Retryable

# A server may ask for any pause; beyond a day no run waits, and larger numbers only break arithmetic.
LONGEST_PAUSE_S = 86_400.0

_NO_MONEY = ("insufficient_quota", "billing", "credit balance", "insufficient credit", "exceeded your current quota")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Whom we talk to, for messages: provider title, model name, address, and the environment variable of the key."""

    title: str
    model: str
    address: str
    key_name: str | None

    @property
    def place(self) -> str:
        """How messages name the other end."""
        return f"{self.title} ({self.model} at {self.address})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What the server says is wrong: its ``code`` or type in lower case, and its sentence."""

    code: str
    message: str


def complaint(content: bytes) -> Complaint:
    """The complaint in an error body of any of the shapes in use; empty texts when there is none."""
    try:
        data = parse(content)
    except Retryable:
        plain = content[:300].decode("utf-8", "replace").strip()
        return Complaint(
            code="", message="" if plain.startswith("<") else plain
        )  # a web page says nothing in 300 bytes
    error = inner(data, "error") or data
    code = " ".join(str(error[name]) for name in ("code", "type") if isinstance(error.get(name), str | int))
    message = text(error, "message") or text(data, "error") or text(data, "detail") or ""
    return Complaint(code=code.lower(), message=message)


def pause_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait (``retry-after-ms``, ``Retry-After`` as seconds or HTTP date).

    Between 0 and a day; ``None`` when it does not say or says nonsense. A date is read against the reply's own.
    """
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * scale
        except ValueError:
            try:
                when = parsedate_to_datetime(value)
            except (ValueError, TypeError, OverflowError):
                continue
            seconds = (
                (when if when.tzinfo else when.replace(tzinfo=UTC)) - said_at(headers.get("date"))
            ).total_seconds()
        if not math.isnan(seconds):
            return min(max(seconds, 0.0), LONGEST_PAUSE_S)
    return None


def http_error(line: Line, status: int, headers: Mapping[str, str], content: bytes) -> CallError:
    """The error to raise for a reply with an error status. Its texts may still hold secrets: redact them."""
    said = complaint(content)
    words = f"{said.code} {said.message}".lower()
    pause = pause_s(headers)
    message = f"{line.place}: HTTP {status}" + (f": {said.message[:400]}" if said.message else "")
    # Only a 429 without a pause may be called a lack of money by a loose word: "quota per minute" passes by itself.
    broke = any(word in words for word in _NO_MONEY) or (
        status == 429 and ("quota" in said.code or (pause is None and ("quota" in words or "credit" in words)))
    )
    key = line.key_name
    match status:
        case 402 | 400 | 403 | 429 if broke or status == 402:
            trouble, advice = Trouble.QUOTA, f"Add credit or raise the spending limit at {line.title}, then resume."
        case 401 | 403:
            trouble = Trouble.AUTH
            advice = (
                f"Check that {key} holds a valid key with access to this model:  export {key}=…"
                if key
                else "The server wants a key: name its environment variable in key_env of this model in models.toml."
            )
        case 404:
            trouble = Trouble.UNKNOWN_MODEL
            advice = f"Check the model name {line.model!r} and the address {line.address} (most end in /v1)."
        case 429:
            return Retryable(
                Trouble.RATE_LIMIT, message, status=status, retry_after_s=pause,
                advice="Waits and tries again by itself; lower the concurrency if it happens often.",
            )  # fmt: skip
        case 529:
            trouble, advice = Trouble.OVERLOADED, "The provider is overloaded; tried again by itself, else run later."
        case 408:
            trouble, advice = Trouble.TIMEOUT, "Tried again by itself."
        case 409:
            trouble, advice = Trouble.SERVER, "Tried again by itself."
        case _ if status >= 500:
            overloaded = "overloaded" in said.code
            trouble = Trouble.OVERLOADED if overloaded else Trouble.SERVER
            advice = "The server failed; tried again by itself, else run later or look at the server's log."
        case _ if status < 400:
            trouble = Trouble.BAD_REQUEST
            advice = f"The address {line.address} sends elsewhere; write the final address in base_url."
        case _:
            trouble = Trouble.BAD_REQUEST
            advice = "Change what the message names (length, temperature, thinking) in the comparison or models.toml."
    if trouble in (Trouble.OVERLOADED, Trouble.TIMEOUT, Trouble.SERVER):
        return Retryable(trouble, message, advice=advice, status=status, retry_after_s=pause)
    return Fatal(trouble, message, advice=advice, status=status)
