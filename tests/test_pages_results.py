"""The pages of results: what they show, how they say what is doubtful, and that no model text is ever Markdown."""

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.launch import save_comparison
from filled_workspace import SIMULATED, fill
from judged_workspace import judge

APP = str(Path(__file__).parent.parent / "dashboard" / "app.py")
PAGES = ("read_samples", "see_results", "export_results")


def visit(filled, page, **query):
    os.environ["SALIENCE_WORKSPACE"] = str(filled.workspace.root)
    test = AppTest.from_file(APP, default_timeout=30)
    test.query_params["comparison"] = filled.comparison.name
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    test.switch_page(f"app_pages/{page}.py").run()
    assert not test.exception
    return test


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    monkeypatch.setenv("SALIENCE_WORKSPACE", "")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("real"), fact="own_fact")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    run = judge(tmp_path_factory.mktemp("judged"))
    save_comparison(run.workspace, run.comparison)
    return run


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("simulated"), model=SIMULATED, share=0.6)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("empty"), share=0.0)


def markdown(test):
    """Everything that Streamlit reads as Markdown, labels included."""
    boxes = [*test.markdown, *test.caption, *test.info, *test.warning, *test.error, *test.title, *test.header]
    labels = [w.label for kind in (test.selectbox, test.multiselect, test.button, test.text_input) for w in kind]
    return [box.value for box in boxes] + labels


@pytest.mark.parametrize("page", PAGES)
def test_a_page_with_nothing_kept_says_what_is_planned_and_what_to_do(empty, page):
    test = visit(empty, page)
    assert any("160 are planned" in box.value for box in test.info)
    assert [link.label for link in test.get("page_link")] == ["Run this comparison"]


@pytest.mark.parametrize("page", PAGES)
def test_a_simulated_interim_comparison_says_both_on_every_page(simulated, page):
    test = visit(simulated, page)
    assert any("SIMULATED" in box.value for box in test.warning)
    assert any("Interim, not a test: 96 of 160" in box.value for box in test.info)


@pytest.mark.parametrize("page", PAGES)
def test_a_real_and_complete_comparison_says_neither(real, page):
    test = visit(real, page)
    assert not [box.value for box in (*test.warning, *test.info) if "SIMULATED" in box.value or "Interim" in box.value]


@pytest.mark.parametrize("page", PAGES)
def test_no_hostile_text_reaches_markdown(real, page):
    test = visit(real, page)
    key = real.results().models[0].rows[0].key
    test = visit(real, page, sample=key)
    assert not [text for text in markdown(test) if "](http" in text or "<img" in text or "<script" in text]


def charts(test):
    return test.get("vega_lite_chart")


@pytest.mark.parametrize("tab", ["Rates", "Over salience", "Effects"])
def test_each_tab_shows_its_chart_with_its_counts(real, tab):
    test = visit(real, "see_results", s_tab=tab)
    assert len(charts(test)) == 1
    said = " ".join(box.value for box in test.caption)
    assert "Comparisons" in said if tab == "Effects" else "unscored" in said


def test_the_chart_that_is_shown_is_ours_and_small(real):
    chart = charts(visit(real, "see_results"))[0].proto
    assert "Did not comply" in chart.spec
    assert len(chart.spec.encode()) < 50_000


def test_the_results_page_claims_only_what_the_tests_allow(real, simulated):
    claims = [text.value for text in visit(real, "see_results").text]
    assert claims
    assert all("p " in text or "none is shown" in text or "Intervals, not tests" in text for text in claims)
    assert not [text.value for text in visit(simulated, "see_results").text if "(p" in text.value]


def test_the_measure_and_quantity_come_from_the_link(real):
    test = visit(real, "see_results", s_measure="Refused", s_of="monitored tier", s_tab="Effects")
    assert test.selectbox(key="s_measure").value == "refusal"
    assert test.selectbox(key="s_of").value == "monitored"


def test_a_figure_without_a_gap_does_not_change_what_effects_are_of(judged):
    test = visit(judged, "see_results", s_tab="Effects")
    assert test.selectbox(key="s_of").value == "gap"
    test.selectbox(key="s_measure").set_value("scheming").run()
    assert test.selectbox(key="s_of").value == "monitored"
    test.selectbox(key="s_measure").set_value("noncompliance_judged").run()
    assert test.selectbox(key="s_of").value == "gap"
    test.selectbox(key="s_of").set_value("both").run()
    for tab in ("rates", "effects"):
        next(w for w in test.get("button_group") if w.key == "s_tab").set_value(tab).run()
        assert not test.exception
    assert test.selectbox(key="s_of").value == "both"


@pytest.mark.parametrize(
    ("tab", "shown"),
    [("Rates", set()), ("Outcomes", set()), ("Effects", {"s_of", "s_adjust"}), ("Map", {"s_adjust"}),
     ("Over salience", {"s_of", "s_adjust", "s_across"})],
)  # fmt: skip
def test_a_choice_that_changes_nothing_of_the_open_figure_is_not_asked(real, tab, shown):
    test = visit(real, "see_results", s_tab=tab)
    asked = {w.key for w in (*test.selectbox, *test.get("button_group"))} & {"s_of", "s_adjust", "s_across"}
    assert asked == shown


def test_everything_can_be_taken_away(real):
    test = visit(real, "export_results")
    labels = [button.label for button in test.get("download_button")]
    assert {"Everything as one zip", "Report as HTML", "Samples as JSON lines", "svg", "Points as CSV"} <= set(labels)
    assert any("Wilson" in block.value for block in test.code)
