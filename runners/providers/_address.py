"""Where an API lives and the key that opens it: addresses are part of the sample key, keys are never written down."""

from __future__ import annotations

import os
import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from runners.model import Model
from runners.sample import Trouble
from runners.trouble import Fatal

_END = re.compile(r"[\s/]+$")
_DEFAULT_PORT = {"http": 80, "https": 443}


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        (parts.hostname or "").encode("idna")
    except ValueError:  # a port that is no number, an unclosed IPv6 bracket, a host that no name service can look up
        return None
    if parts.scheme not in _DEFAULT_PORT or not parts.hostname or port == 0 or re.search(r"\s", parts.geturl()):
        return None
    return parts


def normal(url: str) -> str:
    """The address in one spelling, without user name, password, query, fragment or trailing slash.

    Total: text that is no address comes back cut at the first ``?`` and after any ``@``, so that it holds no secret.
    """
    parts = _parts(url)
    if parts is None or parts.hostname is None:
        return _END.sub("", re.split(r"[?#]", url, maxsplit=1)[0].rpartition("@")[2].strip())
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORT[parts.scheme]) else f":{parts.port}"
    return urlunsplit((parts.scheme, host + port, _END.sub("", parts.path), "", ""))


def address_problem(url: str) -> str | None:
    """What is wrong with an address that a user wrote, and what to write instead; ``None`` when it can be called."""
    parts = _parts(url)
    if parts is None:
        return f"base_url {normal(url)!r} is not an address; write something like http://127.0.0.1:8000/v1"
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        return (
            f"base_url for {parts.hostname} holds a user name, a password or a ?query; leave only the address "
            f"({normal(url)}) and name the environment variable of the key in key_env"
        )
    return None


def key_name(model: Model, official: str) -> str | None:
    """The environment variable that holds the key: ``key_env``, or ``official`` at the official address.

    ``None`` means that no key is sent: the official key must not travel to an address that somebody typed in.
    """
    return model.key_env or (None if model.base_url else official or None)


def key_problem(name: str | None) -> str | None:
    """What is wrong with the key in that environment variable, and what to do; ``None`` when it can be sent."""
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if not key:
        return f"{name} is not set; run  export {name}=…  in the shell that starts salience, then start it again"
    if not (key.isascii() and key.isprintable()) or " " in key:
        return f"{name} holds a space or a character that no key has; copy the key again:  export {name}=…"
    return None


def key_value(name: str | None) -> str:
    """The key itself, or "" when none is to be sent. Call when connecting; never keep it in a noun."""
    return "" if name is None else os.environ.get(name, "").strip()


def not_ready(model: Model, wrong: str, name: str | None) -> Fatal:
    """The error for opening a connection in spite of a ``problem``; ``name`` is the variable of the key."""
    trouble = Trouble.AUTH if wrong == key_problem(name) else Trouble.BAD_REQUEST
    return Fatal(trouble, f"model {model.label!r} cannot be called", advice=wrong)
