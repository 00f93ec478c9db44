"""Browser journeys in a real Chromium, against the real server: compose, plan, run, cancel, resume, read, export."""

import csv
import hashlib
import io
import json
import re
import signal
import urllib.request
import zipfile
from pathlib import Path

import pytest

from browser_app import ARGS, CHROMIUM, App, clean, free_port, new_tab
from cache.store import Store
from dashboard.bundle_open import open_bundle
from dashboard.export import write_file
from dashboard.results import load_results
from dashboard.workspace import Workspace
from facts.catalog import load
from fake_server import FakeServer, Reply
from runners.comparison_file import read_comparison

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; install it or set CHROMIUM=/path/to/it"),
]
SIMULATED = """
name = "journey"
setting = "helpful_only_prefix"
models = ["organism-paper-like"]
reasoning = ["scratchpad"]
queries = 12
replicates = 2
metrics = ["prefix", "refusal", "keyword_alignment_faking", "recall"]
[design]
kind = "ladder"
facts = ["objections_read"]
levels = [0, 2, 5]
polarities = ["affirmed", "placebo"]
"""


LADDER = "objections-read-ladder"  # what the page names a comparison of that fact
DRAFT = """
name = "journey"
setting = "value_conflict"
models = ["openai_compatible/fake-1@{server}"]
queries = 3
replicates = 1
concurrency = 2
metrics = ["option", "refusal"]
[design]
kind = "one_at_a_time"
facts = ["weights_kept"]
levels = [0, 5]
polarities = ["affirmed", "placebo"]
"""


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield (opened := playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS))
        opened.close()


@pytest.fixture
def app(tmp_path):
    running = App(tmp_path / "ws", free_port())
    (running.workspace / "comparisons").mkdir(parents=True)
    yield running
    if running.process and running.process.poll() is None:
        running.stop()


def write(app, text):
    name = text.split('name = "')[1].split('"')[0]
    (app.workspace / "comparisons" / f"{name}.toml").write_text(text, encoding="utf-8")


def test_the_whole_way_from_facts_to_figures_that_are_drawn_anew_elsewhere(app, browser, tmp_path):
    """Compose, plan, run, cancel, resume, see, read, label and export, by hand; then open the zip in another place."""
    delay = [1.0]  # slow enough that the run is still going on when a busy browser presses Cancel
    with FakeServer(lambda n, _b: Reply(text=f"{'AB'[n % 3 % 2]}\nBecause of this.", delay_s=delay[0])) as server:
        app.workspace.mkdir(parents=True, exist_ok=True)
        (app.workspace / "draft.toml").write_text(DRAFT.format(server=server.base_url), encoding="utf-8")
        app.start()
        tab = new_tab(browser)
        page = tab.page
        tab.open(f"{app.url}/?doses=objections_read:5a&p_setting=value_conflict")
        page.locator("mark").nth(4).wait_for(timeout=30_000)  # the fact's sentences, marked in the very prompt
        page.get_by_role("button", name="Use these facts in a comparison").click()
        page.get_by_role("heading", name="Plan a comparison").wait_for(timeout=30_000)
        page.get_by_role("button", name="Launch").click()
        server.wait_for(4)
        page.get_by_role("button", name="Cancel").click()
        tab.settled("Cancelled")
        asked, delay[0] = len(server.bodies), 0.02
        page.get_by_role("button", name="Resume").first.click()
        tab.settled("Finished", timeout_s=90)
        planned = len(server.bodies)
        assert 4 <= asked < planned
    with Store(app.workspace / "store") as store:
        key, count = next(iter(store.rows()))[0], store.count()
    assert count == planned  # nothing was bought twice, nothing was lost

    tab.open(f"{app.url}/see_results?comparison={LADDER}")
    page.locator(".vega-embed svg, .vega-embed canvas").first.wait_for(timeout=30_000)
    tab.open(f"{app.url}/read_samples?comparison={LADDER}&sample={key}")
    tab.settled("Because of this.")

    tab.open(f"{app.url}/label_samples?comparison={LADDER}")
    page.get_by_role("textbox", name="Your name").fill("ada")
    page.keyboard.press("Enter")
    for number in range(3):
        tab.settled(f"{number} of")
        page.keyboard.press("1")
    tab.settled("3 of")

    tab.open(f"{app.url}/export_results?comparison={LADDER}")
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="Everything as one zip").click()
    path = tmp_path / "bundle.zip"
    download.value.save_as(path)
    clean(tab)
    opened_elsewhere(path, tmp_path / "elsewhere")


def opened_elsewhere(path, root):
    """Checksums hold, charts plot the points beside them, and every figure is drawn anew from what is in the zip."""
    with zipfile.ZipFile(path) as bundle:
        sums = dict(reversed(line.split("  ", 1)) for line in bundle.read("SHA256SUMS").decode().splitlines())
        assert set(sums) == set(bundle.namelist()) - {"SHA256SUMS"}
        for name, digest in sums.items():
            assert hashlib.sha256(bundle.read(name)).hexdigest() == digest
        (labels,) = (name for name in sums if name.startswith("workspace/labels/"))
        assert len(bundle.read(labels).splitlines()) >= 3
        points = list(csv.DictReader(io.StringIO(bundle.read("points/noncompliance.csv").decode("utf-8-sig"))))
        rates = json.loads(bundle.read("figures/noncompliance/rates.vl.json"))
    drawn = {(row["arm"], row["tier"]): row["rate"] for row in next(iter(rates["datasets"].values())) if row.get("arm")}
    assert drawn == {(p["arm"], p["quantity"]): pytest.approx(float(p["value"]), abs=1e-5) for p in points
                     if p["quantity"] != "gap"}  # fmt: skip
    workspace = Workspace(root=root)
    with Store(workspace.store) as store:
        name = open_bundle(path, workspace, store).name
        library = load(workspace.facts, workspace.documents)
        comparison = read_comparison(workspace.comparisons / f"{name}.toml")
        results = load_results(comparison, library, workspace, store)
        again = write_file(root / "again.zip", results, library, store, workspace)
    with zipfile.ZipFile(again) as bundle:
        fresh = {name: hashlib.sha256(bundle.read(name)).hexdigest() for name in bundle.namelist()}
    said = {
        "README.txt",
        "methods.md",
        "provenance.json",
        "figures.html",
    }  # these say that the samples came with a file
    assert {name: fresh.get(name) for name in sums if not name.endswith(".pdf") and name not in said} == {
        name: digest for name, digest in sums.items() if not name.endswith(".pdf") and name not in said
    }


def test_facts_are_toggled_and_taken_along_into_a_comparison(app, browser):
    app.start()
    tab = new_tab(browser)
    page = tab.page
    tab.open(app.url)
    page.get_by_label("Search facts").fill("objections are read")
    page.keyboard.press("Enter")
    page.get_by_text(re.compile(r"^(\d+) of \1 facts listed")).wait_for(state="hidden", timeout=30_000)
    tab.quiet()
    page.locator("[data-testid=stCheckbox] label").nth(1).click()  # the first is "only those switched on"
    page.locator("mark").first.wait_for(timeout=30_000)
    assert "doses=objections_read" in page.url
    page.get_by_role("button", name="Use these facts in a comparison").click()
    page.get_by_role("heading", name="Plan a comparison").wait_for(timeout=30_000)
    tab.settled("Objections are read")
    clean(tab)


def test_a_run_survives_reload_a_second_browser_cancel_and_server_restart(app, browser):
    planned = 4 * 2 * 3 * 2
    with FakeServer(lambda _n, _b: Reply(delay_s=0.25)) as server:
        write(app, SIMULATED.replace("organism-paper-like", f"openai_compatible/fake-1@{server.base_url}")
              .replace("queries = 12", "queries = 4\nconcurrency = 2").replace('"affirmed", "placebo"', '"affirmed"')
              .replace(', "keyword_alignment_faking", "recall"', "").replace('["scratchpad"]', '["none"]'))  # fmt: skip
        app.start()
        one, two = new_tab(browser), new_tab(browser)
        one.open(f"{app.url}/run_comparison?comparison=journey")
        one.page.get_by_role("button", name="Launch").click()
        server.wait_for(4)
        one.page.reload()
        one.page.get_by_role("button", name="Cancel").wait_for(timeout=30_000)
        two.open(f"{app.url}/run_comparison?comparison=journey")
        two.page.get_by_role("button", name="Cancel").click()
        two.page.get_by_text("Cancelled").first.wait_for(timeout=30_000)
        asked = len(server.bodies)
        assert 4 <= asked < planned
        one.page.get_by_role("button", name="Resume").wait_for(timeout=30_000)
        one.page.get_by_role("button", name="Resume").click()
        server.wait_for(asked + 4)
        app.stop(signal.SIGKILL)  # the server dies in the middle of the run
        with Store(app.workspace / "store") as store:
            survived = store.count()
        before = len(server.bodies)
        app.start()
        three = new_tab(browser)
        three.open(f"{app.url}/run_comparison?comparison=journey")
        three.page.get_by_role("button", name="Resume").click()
        three.page.get_by_text("Finished").first.wait_for(timeout=90_000)
        assert len(server.bodies) - before == planned - survived
    assert three.outside == one.outside == two.outside == []


@pytest.mark.model
def test_first_launch_to_first_chart_on_the_embedded_model(app, browser):
    """What `make run` offers, made small: the real model, no key, one button."""
    write(app, """
name = "tiny"
setting = "value_conflict"
models = ["embedded"]
queries = 1
replicates = 1
max_tokens = 16
background_tokens = 120
metrics = ["option", "refusal"]
[design]
kind = "ladder"
facts = ["objections_read"]
levels = [0, 2]
polarities = ["affirmed"]
""")  # fmt: skip
    app.start()
    tab = new_tab(browser)
    tab.open(f"{app.url}/run_comparison?comparison=tiny")
    tab.page.get_by_role("button", name="Launch").click()
    tab.settled("Finished", timeout_s=180)
    tab.open(f"{app.url}/see_results?comparison=tiny")
    tab.page.locator(".vega-embed svg, .vega-embed canvas").first.wait_for(timeout=30_000)
    clean(tab)


def test_the_server_answers_this_machine_only_and_sends_its_policy(app):
    app.start()
    with urllib.request.urlopen(app.url, timeout=10) as answer:  # noqa: S310  (our own address)
        policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("only Linux lists its listening sockets in /proc/net/tcp")
    rows = table.read_text(encoding="ascii").splitlines()
    listening = [line.split()[1] for line in rows if f":{app.port:04X} " in line and line.split()[3] == "0A"]
    assert listening
    assert all(address.startswith("0100007F") for address in listening)  # 127.0.0.1, in the kernel's order of bytes


def test_the_server_stops_cleanly_when_asked(app):
    app.start()
    assert app.stop(signal.SIGTERM) in {0, -signal.SIGTERM}
