"""The page of document sets: build, check, read, override, import and export, and what damaged or hostile sets do."""

import json
import os
import shutil
import threading
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from approved_set import approved
from dashboard import errands
from dashboard.charts.panel import panel_chart
from dashboard.document_sets import document_at, places, quality, set_rows, standing
from dashboard.set_building import armed, build
from facts.catalog import load
from facts.documents.gates import Panel, Row
from facts.documents.phrase import TIERS
from facts.documents.set_plan import Carried, SetPlan
from facts.errors import BrokenFile, FactError
from facts.salience import Dose, Polarity, Salience

APP = str(Path(__file__).parent.parent / "dashboard" / "app.py")
PLAN = SetPlan(count=12, seed="0", carried=(Carried(
    dose=Dose(fact="objections_read", level=Salience.REPEATED, polarity=Polarity.AFFIRMED), carriers=6),))  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    ticks = []
    made = list(build(armed(PLAN, ("neutral", "affirmed")), load(root / "facts"), root / "documents", TIERS,
                      lambda doing, done: ticks.append((doing, done))))  # fmt: skip
    assert any("gate" in doing for doing, _ in ticks)
    return root, [folder for folder, _ in made]


@pytest.fixture
def own(built, tmp_path):
    shutil.copytree(built[0], tmp_path / "ws")
    return tmp_path / "ws"


def visit(root, **query):
    os.environ["SALIENCE_WORKSPACE"] = str(root)
    test = AppTest.from_file(APP, default_timeout=30)
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    test.switch_page("app_pages/read_documents.py").run()
    assert not test.exception
    return test


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    monkeypatch.setenv("SALIENCE_WORKSPACE", "")


def finished(root):
    for thread in threading.enumerate():
        if thread.name.startswith("errand-"):
            thread.join(30)
    return errands.last(str(root))


def test_an_empty_workspace_offers_to_build_and_building_gives_a_set_an_arm(tmp_path):
    test = visit(tmp_path / "ws")
    assert "There is no set yet" in test.info[0].value
    test.number_input("d_b_count").set_value(8).run()
    test.button("d_b_build").click().run()
    errand = finished((tmp_path / "ws").resolve())
    assert errand
    assert not errand.error
    assert len(errand.says) == 3
    test.run()
    assert len(set_rows(tmp_path / "ws" / "documents")) == 3
    assert not test.exception
    assert [tab.label for tab in test.tabs] == ["Quality", "Documents", "Export"]


def test_the_list_says_what_each_set_says_and_how_its_gates_stand(built):
    rows = set_rows(built[0] / "documents")
    assert [row.says for row in rows] == ["neutral: no fact", "objections_read affirmed 4 in 6"]
    assert all(row.documents == 12 and row.standing.startswith("passes") for row in rows)
    assert {name for name, _ in quality(rows[1].folder)} == set(rows[1].gates)


def test_documents_are_found_one_by_one_without_reading_the_rest(built):
    folder = built[1][1]
    every = places(folder)
    assert sum(place.carries for place in every) == 6
    lines = (folder / "documents.jsonl").read_bytes().splitlines()
    assert [document_at(folder, place) for place in every] == [json.loads(line) for line in lines]


def test_the_reader_marks_what_says_the_fact_and_turns_the_page(built):
    folder = built[1][1]
    test = visit(built[0], d_set=folder.name, d_tab="Documents", d_carries="Says the fact")
    assert test.number_input("d_doc").label == "Document, of 6"
    assert "<mark" in test.get("html")[0].proto.body
    test.button("d_next").click().run()
    assert test.number_input("d_doc").value == 2


def test_a_set_that_fails_is_used_only_for_a_reason_which_is_then_shown(own):
    folder = approved(own / "documents" / set_rows(own / "documents")[1].set_id, fail=True)
    test = visit(own, d_set=folder.name)
    assert "fails" in test.error[0].value
    test.text_input("d_reason").set_value("only a pilot").run()
    test.button("d_override").click().run()
    assert not test.error
    assert "only a pilot" in test.warning[0].value
    assert standing(folder).overridden


def test_what_cannot_be_read_is_named_and_the_rest_is_still_there(own):
    first, second = (row.folder for row in set_rows(own / "documents"))
    (first / "set.json").write_text("{", encoding="utf-8")
    lines = (second / "documents.jsonl").read_text(encoding="utf-8")
    (second / "documents.jsonl").write_text(lines[: len(lines) // 2], encoding="utf-8")
    rows = set_rows(own / "documents")
    assert [bool(row.broken) for row in rows] == [False, True]
    with pytest.raises(BrokenFile, match="cannot be read"):
        places(second)
    test = visit(own, d_set=first.name)
    assert "cannot be read" in test.error[0].value
    test = visit(own, d_set=second.name, d_tab="Documents")
    assert any("not what the gates read" in box.value for box in test.error)


def test_names_and_texts_of_a_set_are_never_markdown(own):
    folder = set_rows(own / "documents")[1].folder
    said = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    said["carried"][0]["fact"] = "![x](http://evil.example/?q)"
    said["generator"] = "<img src=x onerror=alert(1)>"
    (folder / "set.json").write_text(json.dumps(said), encoding="utf-8")
    found = json.loads((folder / "quality.json").read_text(encoding="utf-8"))
    found["gates"]["presence"]["says"] = "![y](http://evil.example/?y)"
    (folder / "quality.json").write_text(json.dumps(found), encoding="utf-8")
    for tab in ("Quality", "Documents", "Export"):
        test = visit(own, d_set=folder.name, d_tab=tab)
        live = [box.value for kind in (test.markdown, test.caption, test.header, test.error, test.warning)
                for box in kind]  # fmt: skip
        assert not [text for text in live if "![" in text.replace("\\!", "").replace("!\\[", "")]
        assert not [text for text in live if "<img" in text.replace("\\<", "")]


def test_a_table_is_imported_once_its_columns_are_confirmed(tmp_path):
    test = visit(tmp_path / "ws")
    test.session_state["d_import"] = True
    test.run()
    table = b"body,kind\nOne text.,memo\nOther.,memo\n"
    test.file_uploader("d_i_file").set_value(("mine.csv", table, "text/csv")).run()
    assert not test.exception
    test.selectbox("d_i_column_text").set_value("body").run()
    test.button("d_i_import").click().run()
    assert not test.exception
    row = set_rows(tmp_path / "ws" / "documents")[0]
    assert (row.documents, row.imported, row.standing) == (2, True, "not checked yet")


def test_an_export_is_written_in_the_background_and_can_be_taken(own):
    row = set_rows(own / "documents")[1]
    test = visit(own, d_set=row.set_id, d_tab="Export")
    test.button("d_e_write").click().run()
    errand = finished(own.resolve())
    assert errand
    assert not errand.error
    test.run()
    assert any("train.jsonl" in text.value for text in test.text)


def test_one_errand_at_a_time_and_a_stopped_one_says_so():
    begun, going_on = threading.Event(), threading.Event()

    def work(tick):
        begun.set()
        assert going_on.wait(30)
        tick("next step", 1)
        return ("never reached",)

    assert errands.start("here", "long", work)
    assert begun.wait(30)
    assert not errands.start("here", "another", lambda tick: ())
    errands.last("here").stop()
    going_on.set()
    errand = finished("here")
    assert "stopped" in errand.error
    assert errand.says == ()
    assert errands.start("here", "another", lambda tick: ("done",))
    assert finished("here").says == ("done",)


def test_arms_are_named_once_each_and_of_a_plan_that_carries_something():
    for arms in ((), ("neutral", "neutral"), ("loud",)):
        with pytest.raises(FactError, match="each arm once"):
            armed(PLAN, arms)
    with pytest.raises(FactError, match="name a fact"):
        armed(SetPlan(count=3, seed="0"), ("neutral",))


def test_panels_are_drawn_with_every_measured_value_and_none_that_was_not():
    rows = (Row(arm="fact", bin="memo", value=0.5), Row(arm="twin", bin="memo", value=None),
            Row(arm="twin", bin="diary", value=0.25))  # fmt: skip
    chart = panel_chart(Panel(name="p", title="T", unit="fraction of documents", rows=rows), simulated=True)
    assert chart is not None
    spec = chart.to_dict()
    (drawn,) = spec["datasets"].values()
    assert [(r["arm"], r["value"]) for r in drawn] == [("fact", 0.5), ("twin", 0.25)]
    assert spec["title"]["text"].startswith("SIMULATED")
    assert panel_chart(Panel(name="p", title="T", unit="u", rows=rows[1:2])) is None
