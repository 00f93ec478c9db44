"""The report stands alone: it fetches nothing, runs nothing, and says first what is doubtful about it."""

import json
import re
from html.parser import HTMLParser

import pytest

from dashboard.__main__ import main
from dashboard.commands.report import write_report
from dashboard.launch import models_of
from filled_workspace import HOSTILE, SIMULATED, TITLE, fill


class Tags(HTMLParser):
    """Collects every tag with its attributes, as a browser would read them."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def written(filled):
    with filled.open_store() as store:
        models = models_of(filled.comparison, filled.workspace)
        path = write_report(filled.comparison, filled.library, models, store, filled.workspace)
    return path, path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("report"), fact="own_fact")


@pytest.fixture(scope="module")
def page(filled):
    return written(filled)[1]


def test_the_report_goes_to_the_exports_of_the_workspace(filled):
    assert written(filled)[0] == filled.workspace.exports / "small" / "report.html"


def test_nothing_in_the_report_is_fetched_or_run(page):
    parser = Tags()
    parser.feed(page)
    assert {tag for tag, _ in parser.found} & {"svg", "figure", "table"} == {"svg", "figure", "table"}
    assert not {tag for tag, _ in parser.found} & {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "image",
        "base",
    }
    for tag, attributes in parser.found:
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("src", "href", "xlink:href", "action", "srcset", "data"):
            assert not re.match(r"\s*(https?:|//|javascript:)", attributes.get(name) or "", re.IGNORECASE), tag
    assert "default-src 'none'" in page
    assert "@import" not in page
    assert not re.search(r"url\(\s*['\"]?https?:", page)


def test_hostile_text_is_shown_and_never_live(page):
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page
    assert HOSTILE not in page
    assert TITLE not in page


def test_figures_in_one_page_share_no_ids(page):
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_report_shows_planned_kept_rates_methods_and_transcripts(page):
    for words in ("Planned and kept", "Table of rates and gaps", "Table of effects", "Methods", "Transcripts 1–10",
                  "test-model-2026", "Facts are marked", "<mark"):  # fmt: skip
        assert words in page, words
    assert "SIMULATED" not in page


def test_the_contents_lead_to_every_section_and_further_figures_are_folded(page):
    links = re.findall(r'<a href="#([^"]+)"', page)
    assert links == re.findall(r'<h2 id="([^"]+)"', page)
    assert {"size", "measure-1", "methods", "transcripts"} <= set(links)
    assert page.index("<summary>Further figures") > page.index("<figure")


def test_the_same_samples_give_the_same_report(filled, page):
    assert written(filled)[1] == page


def test_a_simulated_interim_report_says_both_first(tmp_path):
    _, text = written(fill(tmp_path, model=SIMULATED, share=0.4))
    first = text.index("<h2")
    assert "SIMULATED" in text[text.index("<h1>") : first]
    assert "Interim, not a test" in text[:first]
    labels = re.findall(r'<figure role="group" aria-label="([^"]*)"', text)
    assert labels
    assert all(label.startswith("SIMULATED") for label in labels)
    assert len(re.findall(r"<text[^>]*>(?:<tspan[^>]*>)?SIMULATED", text)) == len(labels)
    captions = re.findall(r"<figcaption><strong>([^<]*)", text)
    assert captions
    assert all(said.startswith("SIMULATED") and "nterim" in said for said in captions)


def test_the_summary_on_a_terminal_lists_rates_with_their_counts(filled, capsys):
    assert main(["--workspace", str(filled.workspace.root), "report", "small", "--measure", "noncompliance"]) == 0
    out = capsys.readouterr().out
    assert "baseline" in out
    assert re.search(r"n \d+, unscored \d+, failed or missing \d+", out)
    assert "Comparisons:" in out


def test_json_carries_every_point(filled, capsys):
    assert main(["--workspace", str(filled.workspace.root), "report", "small", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["kept"] == data["planned"]
    assert {m["measure"] for m in data["measures"]} == {"noncompliance", "refusal"}
    assert len(data["measures"][0]["rates"]) == 10


def test_an_unknown_measure_is_named_with_those_there_are(filled, capsys):
    assert main(["--workspace", str(filled.workspace.root), "report", "small", "--measure", "x"]) == 1
    assert "noncompliance, refusal" in capsys.readouterr().err


def test_an_empty_comparison_says_how_to_run_it(tmp_path, capsys):
    empty = fill(tmp_path, share=0.0)
    assert main(["--workspace", str(empty.workspace.root), "report", "small"]) == 0
    assert "salience run small" in capsys.readouterr().out
