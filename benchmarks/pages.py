"""How fast the dashboard is with many kept samples, in a real Chromium: p50 and p95 of reruns, bytes sent, memory.

    python benchmarks/pages.py [samples] [FOLDER]

Needs the test requirements and Chromium (CHROMIUM=/path/to/it). A folder that is given is kept and used again. A rerun
is timed in the browser, from the moment when the page begins to work to that when it has stopped, so drawing is part.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, WebSocket, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.big_workspace import big_workspace  # noqa: E402
from browser_app import ARGS, CHROMIUM, QUIET, App, free_port  # noqa: E402

TURNS = 20
STARTS = 5


@dataclass
class Wire:
    """Counts what the server sends over its sockets."""

    received: int = 0
    marks: list[int] = field(default_factory=list)

    def watch(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._count)

    def _count(self, data: str | bytes) -> None:
        self.received += len(data)

    @contextmanager
    def counted(self) -> Iterator[None]:
        before = self.received
        yield
        self.marks.append(self.received - before)


def settled(page: Page) -> None:
    page.wait_for_selector(QUIET, timeout=300_000)


_OBSERVE = """() => {
    window.states = [];
    const app = document.querySelector('[data-testid=stApp]');
    new MutationObserver(() => window.states.push([performance.now(), app.dataset.testScriptState]))
        .observe(app, {attributes: true, attributeFilter: ['data-test-script-state']});
}"""
_WORKED = """from => {
    const since = window.states.slice(from);
    const begun = since.findIndex(state => state[1] !== 'notRunning');
    return begun >= 0 && since[since.length - 1][1] === 'notRunning';
}"""
_TOOK = """from => {
    const since = window.states.slice(from);
    return since[since.length - 1][0] - since.find(state => state[1] !== 'notRunning')[0];
}"""


def timed(page: Page, act: Callable[[], object]) -> float:
    """Seconds from the moment when the page begins to work on the act until it has stopped."""
    before = page.evaluate("() => window.states.length")
    act()
    page.wait_for_function(_WORKED, arg=before, timeout=60_000)
    page.wait_for_timeout(30)  # a rerun that follows at once belongs to it
    page.wait_for_function(_WORKED, arg=before, timeout=300_000)
    return page.evaluate(_TOOK, before) / 1000


def memory(app: App) -> tuple[float, float]:
    """Resident memory of the server now and at most, in MB."""
    assert app.process
    said = Path(f"/proc/{app.process.pid}/status").read_text(encoding="ascii")
    found = dict(line.split(":", 1) for line in said.splitlines() if line.startswith(("VmRSS", "VmHWM")))
    return tuple(int(found[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]


def said(what: str, times: list[float], wire: Wire | None = None, note: str = "") -> None:
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    sent = f", {statistics.median(wire.marks) / 1024:6.1f} KB (most {max(wire.marks) / 1024:.1f})" if wire else ""
    print(f"{what:58} p50 {statistics.median(times) * 1000:6.0f} ms, p95 {p95 * 1000:6.0f} ms{sent} {note}", flush=True)


def starts(app: App) -> None:
    helped = []
    for _ in range(STARTS):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "dashboard", "--help"], check=True, capture_output=True, cwd=ROOT)
        helped.append(time.perf_counter() - begin)
    said("salience --help", helped, note="(bar 300 ms)")
    healthy = []
    for _ in range(STARTS):
        begin = time.perf_counter()
        app.start()
        healthy.append(time.perf_counter() - begin)
        app.stop()
    said("server healthy", healthy, note="(bar 3 s)")


def choose(page: Page, label: str, option: int) -> Callable[[], None]:
    """Takes that option of a select box by the keyboard, as fast as a user can."""

    def act() -> None:
        box = page.get_by_role("combobox", name=label).first
        box.click()
        page.get_by_role("option").nth(option).click()

    return act


def reruns(page: Page, wire: Wire, what: str, acts: list[Callable[[], object]]) -> None:
    wire.marks.clear()
    page.evaluate(_OBSERVE)
    times = []
    for number in range(TURNS):
        with wire.counted():
            times.append(timed(page, acts[number % len(acts)]))
    said(what, times, wire, "(bars 300, 600 ms)")


def visit(page: Page, app: App, address: str) -> float:
    begin = time.perf_counter()
    page.goto(f"{app.url}/{address}")
    settled(page)
    page.get_by_role("heading", level=1).wait_for()
    return time.perf_counter() - begin


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(scratch) / "ws"
        begin = time.perf_counter()
        name = big_workspace(root, samples).name
        print(f"{samples:,} samples written in {time.perf_counter() - begin:.0f} s")
        app = App(root, free_port())
        starts(app)
        app.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            wire = Wire()
            page.on("websocket", wire.watch)
            said("first visit, a fresh server", [visit(page, app, "")], note="(bar 4 s)")
            said("visit again", [visit(page, app, "") for _ in range(STARTS)], note="(bar 1.5 s)")
            print(f"memory: {memory(app)[0]:.0f} MB before any comparison was opened")
            said(f"{samples:,} samples opened for the first time", [visit(page, app, f"see_results?comparison={name}")])
            print(f"memory: {memory(app)[0]:.0f} MB, at most {memory(app)[1]:.0f} MB (bar 400 MB)")
            said("results again", [visit(page, app, f"see_results?comparison={name}") for _ in range(STARTS)],
                 note="(bar 1.5 s)")  # fmt: skip
            reruns(page, wire, "results: another measure", [choose(page, "Measure", n) for n in (1, 2, 0)])
            figures = [page.get_by_role("radio", name=label) for label in ("Outcomes", "Effects", "Rates")]
            reruns(page, wire, "results: another figure", [figure.first.click for figure in figures])
            said("samples opened", [visit(page, app, f"read_samples?comparison={name}")])
            following = page.get_by_role("spinbutton").first
            reruns(
                page, wire, "samples: another page", [lambda: (following.press("ArrowUp"), following.press("Enter"))]
            )
            clear = page.get_by_role("button", name="Clear filters")

            def one_tier() -> None:
                choose(page, "Tier", 0)()
                page.keyboard.press("Escape")  # the list of a field of several stays open, over all else

            reruns(page, wire, "samples: one tier, and all again", [one_tier, clear.click])
            said("export opened", [visit(page, app, f"export_results?comparison={name}")])
            other = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            beside = Wire()
            other.on("websocket", beside.watch)
            visit(other, app, f"see_results?comparison={name}")
            for number in ("first", "again"):
                begin = time.perf_counter()
                with page.expect_download(timeout=900_000) as got:
                    page.get_by_role("button", name="Everything as one zip").click()
                    if number == "first":
                        measures = [choose(other, "Measure", n) for n in (1, 2, 0)]
                        reruns(other, beside, "results in another tab while the zip is made", measures)
                size = Path(got.value.path()).stat().st_size / 1e6
                took = time.perf_counter() - begin
                print(f"zip of {samples:,} samples, {number}: {took:.1f} s, {size:.0f} MB (bar 2 s)")
            print(f"memory at the end: {memory(app)[0]:.0f} MB, at most {memory(app)[1]:.0f} MB")
            browser.close()
        app.stop()


if __name__ == "__main__":
    main()
