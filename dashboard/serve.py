"""The web server: Streamlit behind security headers, on this machine only."""

from __future__ import annotations

import re
import threading
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def _inline_scripts() -> tuple[str, ...]:
    """Hashes of the inline scripts of Streamlit's own page: these may run, and no other inline script."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return tuple(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in scripts)


# Model text may hold images and links to anywhere; the browser must fetch none of them and run nothing. Streamlit needs
# inline styles; its charts interpret their expressions, so nothing is compiled from strings.
_POLICY = "; ".join((
    "default-src 'self'",
    " ".join(("script-src 'self' 'wasm-unsafe-eval'", *_inline_scripts())),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "worker-src 'self' blob:",
    "frame-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
))  # fmt: skip
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)

HOSTS = ("localhost", "127.0.0.1")

# What every start needs, whatever the user's own configuration says.
OPTIONS: dict[str, str | int | bool | list[str]] = {
    "server.address": "127.0.0.1",
    "server.allowedHosts": list(HOSTS),
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 200,
    "browser.gatherUsageStats": False,
    "client.showErrorLinks": False,
    "client.toolbarMode": "viewer",
    # Light or dark as the reader's system says. Captions are shown at 60 % of the text colour, which must stay 4.5 : 1.
    "theme.light.primaryColor": "#0b5a8a",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f2f5f8",
    "theme.light.textColor": "#0b0c10",
    "theme.light.codeTextColor": "#0b0c10",
    # Streamlit writes white on the accent and the accent on the ground: both reach 4.5 : 1 on a ground this dark only.
    "theme.dark.primaryColor": "#2278cb",
    "theme.dark.backgroundColor": "#030405",  # the ground of dark charts
    "theme.dark.secondaryBackgroundColor": "#12171d",
    "theme.dark.linkColor": "#56b4e9",
    "theme.dark.textColor": "#f5f7f9",
    "theme.dark.codeTextColor": "#f5f7f9",
    "theme.paddingTop": "1.5rem",
    "theme.paddingBottom": "3rem",
    "theme.headingFontSizes": ["2rem", "1.3rem", "1.15rem", "1.1rem", "1rem", "0.9rem"],
    "theme.metricValueFontSize": "1.5rem",
}


class SecurityHeaders:
    """Pure ASGI middleware that adds the headers to every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


def _prewarm() -> None:
    for name in ("pandas", "pyarrow", "altair", "dashboard.state"):
        import_module(name)


@asynccontextmanager
async def _lifespan(_app: st.App) -> AsyncGenerator[None]:
    # The first visitor should not wait for pandas and altair; a failed import shows on the page that needs it.
    threading.Thread(target=_prewarm, name="prewarm", daemon=True).start()
    yield
    import_module("dashboard.jobs").cancel_all()  # no new calls after the server is told to stop


app = st.App(
    Path(__file__).parent / "app.py",
    lifespan=_lifespan,
    # Another site's name that resolves to this machine is refused for every request, pages and sockets alike.
    middleware=[Middleware(SecurityHeaders), Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS))],
)
