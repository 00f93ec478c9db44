"""A page shows the comparison that it says it shows, or why not, whatever lies in the workspace or the address."""

import json
import os
import shutil
import sqlite3
from dataclasses import replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cache.errors import StoreError, UnsafeRow
from cache.store import Store
from dashboard import jobs
from dashboard.commands.plan import find_comparison
from dashboard.comparisons import comparison_files, free_name, in_the_way, replaces, saved_comparison
from dashboard.document_sets import set_rows
from dashboard.launch import save_comparison
from dashboard.results import load_results
from dashboard.stamps import stamp
from dashboard.workspace import Workspace
from facts.condition import Channel
from facts.errors import BrokenFile, FactError
from filled_workspace import fill
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml

SMALL = Comparison(name="small", setting="value_conflict", models=("organism-paper-like",), facts=("objections_read",))


def own(root):
    return Workspace(root=root)


# --- comparisons on disk ---------------------------------------------------------------------------------------------


def test_a_file_that_bears_another_name_inside_is_reported_and_never_read_as_the_other(tmp_path):
    workspace = own(tmp_path)
    save_comparison(workspace, SMALL)
    lies = workspace.comparisons / "lies.toml"
    lies.write_text(comparison_toml(replace(SMALL, replicates=9)), encoding="utf-8")
    found = saved_comparison(workspace, "lies")
    assert isinstance(found, FactError)
    assert "rename the file to small.toml" in str(found)
    with pytest.raises(BrokenFile, match=r"rename the file to small\.toml"):
        find_comparison("lies", workspace)
    with pytest.raises(BrokenFile, match=r"rename the file to small\.toml"):
        find_comparison(str(lies), workspace)
    elsewhere = lies.rename(tmp_path / "lies.toml")
    assert find_comparison(str(elsewhere), workspace).replicates == 9  # a file elsewhere may bear any name
    assert saved_comparison(workspace, "small") == SMALL


def test_every_shipped_comparison_can_be_read_by_its_name(tmp_path):
    for name in comparison_files(own(tmp_path)):
        found = saved_comparison(own(tmp_path), name)
        assert isinstance(found, Comparison)
        assert found.name == name


def test_a_shipped_name_with_other_content_is_a_replacement_and_a_free_name_is_found(tmp_path):
    workspace = own(tmp_path)
    assert not replaces(workspace, SMALL)
    assert replaces(workspace, replace(SMALL, name="embedded-ladder"))
    save_comparison(workspace, SMALL)
    assert not replaces(workspace, SMALL)
    assert replaces(workspace, replace(SMALL, replicates=9))
    assert in_the_way(workspace, replace(SMALL, replicates=9)) == ""  # it was never run: saving is editing it
    (workspace.root / "runs" / "small-2").mkdir(parents=True)  # its samples are remembered under that name
    assert free_name(workspace, "small") == "small-3"
    run = workspace.run_folder("small")
    run.mkdir()
    (run / "progress.json").write_text("{}", encoding="utf-8")
    assert "has been run" in in_the_way(workspace, replace(SMALL, replicates=9))
    assert in_the_way(workspace, replace(SMALL, name="embedded-ladder")) == "a shipped example"
    assert free_name(workspace, "other") == "other"
    assert len(free_name(workspace, "embedded-ladder")) < 80


# --- the store -------------------------------------------------------------------------------------------------------


def test_a_store_that_is_removed_while_in_use_says_so_to_a_new_thread(tmp_path):
    store = Store(tmp_path / "store")
    store.close()  # as for a thread that has no connection yet
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(StoreError, match="Put the folder back"):
        store.count()


def test_one_bad_row_hides_itself_only(tmp_path):
    with Store(tmp_path) as store:
        store.add("v1:good", b"kept").result(10)
    with sqlite3.connect(tmp_path / "cache.db") as connection:
        connection.execute("INSERT INTO Cache (key, raw, mode, value, store_time) VALUES ('v1:bad', 1, 1, 'text', 0)")
    connection.close()
    with Store(tmp_path) as store:
        assert store.get_many(["v1:good", "v1:bad"]) == {"v1:good": b"kept"}
        with pytest.raises(UnsafeRow):
            store.get("v1:bad")


# --- document sets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [10**30, -1])
def test_a_set_with_an_impossible_count_is_a_row_that_cannot_be_read(tmp_path, count):
    (tmp_path / "abc").mkdir()
    (tmp_path / "abc" / "set.json").write_text(json.dumps({"generator": "template", "count": count}), encoding="utf-8")
    (row,) = set_rows(tmp_path)
    assert row.standing == "cannot be read"
    assert row.documents == 0


# --- what results rest on --------------------------------------------------------------------------------------------


def test_a_stamp_changes_with_facts_models_queries_and_document_sets_and_with_nothing_else(tmp_path):
    workspace = own(tmp_path)
    comparison = replace(
        SMALL, channel=Channel.DOCUMENTS, document_sets=("a-set",), query_file=str(tmp_path / "mine.jsonl")
    )
    stamps = [stamp(workspace, comparison)]
    for name in ("facts/x.toml", "models.toml", "mine.jsonl", "documents/a-set/set.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1", encoding="utf-8")
        stamps.append(stamp(workspace, comparison))
        times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
        path.write_text("12", encoding="utf-8")
        os.utime(path, ns=times)  # a copy may keep its time
        stamps.append(stamp(workspace, comparison))
    assert len(set(stamps)) == len(stamps)
    (tmp_path / "documents" / "another").mkdir()
    (tmp_path / "documents" / "another" / "set.json").write_text("1", encoding="utf-8")
    assert stamp(workspace, comparison) == stamps[-1]


def test_results_follow_an_edited_query_file(tmp_path):
    filled = fill(tmp_path, queries=2)
    path = tmp_path / "mine.jsonl"
    path.write_text('{"id": "a", "text": "One thing?"}\n{"id": "b", "text": "Another thing?"}\n', encoding="utf-8")
    comparison = replace(filled.comparison, setting="helpful_only_prefix", metrics=(), query_file=str(path))
    with filled.open_store() as store:

        def keys(*, derived):
            found = load_results(comparison, filled.library, filled.workspace, store, derived=derived)
            return [row.key for model in found.models for row in model.rows]

        before = keys(derived=True)
        path.write_text('{"id": "a", "text": "One thing!"}\n{"id": "b", "text": "Another thing?"}\n', encoding="utf-8")
        after = keys(derived=True)
        assert after == keys(derived=False)
        assert after != before


# --- pages -----------------------------------------------------------------------------------------------------------

APP = "../dashboard/app.py"
RESULTS, RUN, FACTS = (f"app_pages/{name}.py" for name in ("see_results", "run_comparison", "choose_facts"))
OF_RESULTS = ["see_results", "read_samples", "label_samples", "export_results"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("state"), queries=2)


@pytest.fixture
def fresh(monkeypatch):
    """The pages of a workspace, with nothing cached of another."""

    def at(root, page=None, **params):
        monkeypatch.setenv("SALIENCE_WORKSPACE", str(root))
        st.cache_data.clear()
        st.cache_resource.clear()
        app = AppTest.from_file(APP, default_timeout=30)
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        return app.switch_page(page).run() if page else app

    yield at
    jobs.cancel_all()


def errors(app):
    assert not app.exception
    return "\n".join(error.value.replace("\\", "") for error in app.error)


def test_the_address_names_the_first_comparison_too_and_a_bare_one_means_the_one_shown_last(filled, fresh):
    app = fresh(filled.workspace.root, RUN)
    assert app.query_params["comparison"] == "embedded-ladder"
    app.selectbox(key="comparison").set_value("small").run()
    assert app.query_params["comparison"] == "small"
    app.query_params.clear()  # as the navigation and going back leave it
    app.switch_page(RESULTS).run()
    assert errors(app) == ""
    assert app.selectbox(key="comparison").value == "small"
    assert app.query_params["comparison"] == "small"
    app.query_params["comparison"] = "embedded-ladder"  # going back to where another one was shown
    app.run()
    assert app.selectbox(key="comparison").value == "embedded-ladder"


@pytest.mark.parametrize("page", [*OF_RESULTS, "run_comparison"])
def test_an_address_that_names_no_comparison_there_is_shows_none(filled, fresh, page):
    app = fresh(filled.workspace.root, f"app_pages/{page}.py", comparison="zzz")
    assert "no comparison 'zzz'" in errors(app)
    assert app.selectbox(key="comparison").value is None
    assert not app.metric
    assert not app.dataframe
    app.selectbox(key="comparison").set_value("small").run()
    assert errors(app) == ""
    assert app.query_params["comparison"] == "small"


@pytest.mark.parametrize(
    ("page", "name", "value"),
    [("choose_facts", "p_replicate", "9" * 400), ("choose_facts", "p_replicate", "inf"),
     ("label_samples", "l_per", "9" * 400), ("read_samples", "r_page", "9" * 400), ("read_samples", "r_page", "nan"),
     ("see_results", "s_tab", ""), ("see_results", "s_measure", "x" * 5000)],
)  # fmt: skip
def test_garbage_in_the_address_is_dropped(filled, fresh, page, name, value):
    app = fresh(filled.workspace.root, f"app_pages/{page}.py", comparison="small", **{name: value})
    assert errors(app) == ""
    assert app.query_params.get(name, "") == ""


@pytest.mark.parametrize("page", OF_RESULTS)
def test_a_malformed_store_is_a_box_that_says_what_to_do(tmp_path, fresh, page):
    filled = fill(tmp_path, queries=1)
    with sqlite3.connect(filled.workspace.store / "cache.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    path = filled.workspace.store / "cache.db"
    path.write_bytes(path.read_bytes()[:8192] + b"\xff" * 200_000)
    app = fresh(tmp_path, f"app_pages/{page}.py", comparison="small")
    assert "salience store repair" in errors(app)


def test_a_workspace_that_is_removed_while_the_app_runs_is_a_box(tmp_path, fresh):
    fill(tmp_path / "ws", queries=1)
    app = fresh(tmp_path / "ws", RESULTS, comparison="small")
    assert errors(app) == ""
    shutil.rmtree(tmp_path / "ws")
    app.run()
    assert errors(app)


def test_a_kept_row_that_cannot_be_read_is_left_out_and_counted(tmp_path, fresh):
    filled = fill(tmp_path, queries=1)
    with sqlite3.connect(filled.workspace.store / "cache.db") as connection:
        connection.execute("UPDATE Cache SET value = 'text' WHERE rowid = 1")
    connection.close()
    app = fresh(tmp_path, "app_pages/read_samples.py", comparison="small")
    assert errors(app) == ""
    assert "1 kept samples cannot be read" in "\n".join(box.value for box in app.warning)


def test_a_plan_follows_an_edited_query_file(tmp_path, fresh):
    workspace = own(tmp_path)
    path = tmp_path / "mine.jsonl"
    path.write_text('{"id": "a", "text": "One thing?"}\n', encoding="utf-8")
    save_comparison(workspace, replace(SMALL, setting="helpful_only_prefix", query_file=str(path), queries=1))
    app = fresh(tmp_path, RUN, comparison="small")
    assert errors(app) == ""
    path.write_text('{"id": "a", "text": ""}\n', encoding="utf-8")
    app.run()
    assert "mine.jsonl" in errors(app)


def test_an_address_of_runs_that_names_no_comparison_there_is_shows_none(filled, fresh):
    app = fresh(filled.workspace.root, "app_pages/watch_runs.py", comparison="zzz")
    assert "no comparison 'zzz'" in errors(app)
    assert not app.dataframe
    app.query_params.clear()
    app.run()
    assert errors(app) == ""
    assert app.dataframe


def test_a_comparison_that_cannot_be_saved_stays_in_the_fields(tmp_path, fresh):
    (tmp_path / "comparisons").write_text("in the way", encoding="utf-8")
    app = fresh(tmp_path, RUN, comparison="embedded-ladder")
    app.text_input(key="edit_name").set_value("mine").run()
    app.button(key="save").click().run()
    assert "mine could not be saved" in errors(app)
    assert app.text_input(key="edit_name").value == "mine"


def test_facts_go_into_a_comparison_of_a_name_of_its_own(tmp_path, fresh):
    save_comparison(own(tmp_path), replace(SMALL, name="objections-read-ladder"))
    app = fresh(tmp_path, doses="objections_read:5a")
    app.button(key="use_facts").click().run()
    assert not app.exception
    app.switch_page(RUN).run()
    assert app.text_input(key="edit_name").value == "objections-read-ladder-2"
    app.query_params.clear()  # going back leads to a bare address
    app.switch_page(FACTS).run()
    assert app.text_input(key="doses").value == "objections_read:5a"
    assert app.query_params["doses"] == "objections_read:5a"
    app.button(key="clear").click().run()
    assert "doses" not in app.query_params


def label(app, key):
    return app.button(key=key).label.replace("\\", "")


def test_an_edited_shipped_example_is_launched_under_another_name_unless_told_otherwise(tmp_path, fresh):
    app = fresh(tmp_path, RUN, comparison="embedded-ladder")
    assert label(app, "launch") == "Launch"
    app.number_input(key="edit_replicates").set_value(1).run()
    assert label(app, "launch") == "Launch as embedded-ladder-2"
    assert label(app, "launch_replace") == "Replace embedded-ladder and launch"
    app.button(key="save").click().run()
    assert [path.name for path in own(tmp_path).comparisons.glob("*")] == ["embedded-ladder-2.toml"]
    assert app.selectbox(key="comparison").value == "embedded-ladder-2"
    assert label(app, "launch") == "Launch"


def test_results_of_a_run_that_has_just_begun_say_that_it_is_running(tmp_path, fresh, monkeypatch):
    save_comparison(own(tmp_path), replace(SMALL, queries=1))
    app = fresh(tmp_path, RESULTS, comparison="small")
    assert "Launch it" in app.info[0].value
    monkeypatch.setattr(jobs, "progress", lambda _workspace, _name: (None, True))
    app.run()
    assert "It is running" in app.info[0].value
