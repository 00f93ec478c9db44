"""Browser journeys in a real Chromium, against the real server: compose, plan, run, cancel, resume, read, export."""

import hashlib
import re
import signal
import urllib.request
import zipfile
from pathlib import Path

import pytest

from browser_app import ARGS, CHROMIUM, App, clean, free_port, new_tab
from cache.store import Store
from fake_server import FakeServer, Reply

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


def test_compose_plan_run_read_see_export(app, browser, tmp_path):
    """The whole main path by hand, on the simulated model."""
    write(app, SIMULATED)
    app.start()
    tab = new_tab(browser)
    page = tab.page
    tab.open(f"{app.url}/?doses=objections_read:5a")
    page.locator("mark").nth(4).wait_for(timeout=30_000)
    assert page.locator("mark").count() == 5  # the fact's sentences, marked in the very prompt

    tab.open(f"{app.url}/run_comparison?comparison=journey")
    tab.settled("SIMULATED")
    page.get_by_role("button", name="Launch").click()
    tab.settled("Finished", timeout_s=90)

    tab.open(f"{app.url}/see_results?comparison=journey")
    tab.settled("SIMULATED")
    page.locator(".vega-embed svg, .vega-embed canvas").first.wait_for(timeout=30_000)

    tab.open(f"{app.url}/read_samples?comparison=journey")
    tab.settled("SIMULATED")

    tab.open(f"{app.url}/export_results?comparison=journey")
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="zip").first.click()
    path = tmp_path / "bundle.zip"
    download.value.save_as(path)
    with zipfile.ZipFile(path) as bundle:
        sums = {name: digest for digest, name in (line.split(None, 1) for line in bundle.read(
            next(n for n in bundle.namelist() if n.endswith("SHA256SUMS"))).decode().splitlines())}  # fmt: skip
        for name, digest in sums.items():
            member = next(n for n in bundle.namelist() if n.endswith(name))
            assert hashlib.sha256(bundle.read(member)).hexdigest() == digest
        assert any(name.endswith(".svg") for name in sums)
        assert any(name.endswith("methods.md") for name in sums)
    clean(tab)


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
