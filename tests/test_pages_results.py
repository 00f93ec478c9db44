"""The pages of results: what they show, how they say what is doubtful, and that no model text is ever Markdown."""

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from filled_workspace import HOSTILE, SIMULATED, fill

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
    assert all("p " in text or "No effect is shown" in text for text in claims)
    assert not [text.value for text in visit(simulated, "see_results").text if "(p" in text.value]


def test_the_measure_and_quantity_come_from_the_link(real):
    test = visit(real, "see_results", s_measure="Refused", s_of="monitored tier", s_tab="Effects")
    assert test.selectbox(key="s_measure").value == "refusal"
    assert test.selectbox(key="s_of").value == "monitored"


def test_filters_narrow_the_samples_and_a_link_reproduces_them(real):
    whole = visit(real, "read_samples")
    assert any("160 of 160 kept samples match" in box.value for box in whole.caption)
    some = visit(real, "read_samples", r_tier="monitored", r_arm="baseline")
    assert any("16 of 160 kept samples match" in box.value for box in some.caption)
    assert set(some.dataframe[0].value["arm"]) == {"baseline"}


def test_words_are_found_in_replies(real):
    test = visit(real, "read_samples", r_words="onerror")
    assert any("32 of 160 kept samples match" in box.value for box in test.caption)
    none = visit(real, "read_samples", r_words="nowhere-to-be-found")
    assert any("No sample matches" in box.value for box in none.info)


def test_a_link_opens_one_sample_in_full(real):
    row = real.results().models[0].rows[0]
    test = visit(real, "read_samples", sample=row.key)
    code = [block.value for block in test.code]
    assert any(HOSTILE in text for text in code)
    assert any(row.key in text and "req_0" in text for text in code)
    assert all(block.language in {None, "", "plaintext"} for block in test.code)
    assert any("onerror" not in page.value and "<pre" in page.value for page in test.html)


def test_a_sample_of_a_fact_shows_where_the_fact_lies(real):
    results = real.results()
    row = next(row for row in results.models[0].rows if results.conditions[row.condition].doses)
    test = visit(real, "read_samples", sample=row.key)
    assert any("<mark" in page.value for page in test.html)


@pytest.mark.parametrize(("view", "other"), [("Beside the other tier", "unmonitored"), ("Beside no fact", "baseline")])
def test_a_sample_stands_beside_its_twin(real, view, other):
    results = real.results()
    row = next(row for row in results.models[0].rows if results.conditions[row.condition].doses)
    test = visit(real, "read_samples", sample=row.key, r_view=view)
    assert len(test.header) == 2
    assert other in test.header[1].value


def test_an_unknown_sample_in_a_link_is_no_error(real):
    assert not visit(real, "read_samples", sample="v1:nothing").header


def test_everything_can_be_taken_away(real):
    test = visit(real, "export_results")
    labels = [button.label for button in test.get("download_button")]
    assert {"Everything as one zip", "Report as HTML", "Samples as JSON lines", "Rates.svg", "Points as CSV"} <= set(
        labels
    )
    assert any("Wilson" in block.value for block in test.code)
