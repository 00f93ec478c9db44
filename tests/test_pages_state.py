"""A page shows the comparison that it says it shows, or why not, whatever lies in the workspace or the address."""

import json
import shutil
import sqlite3
from dataclasses import replace

import pytest

from cache.errors import StoreError, UnsafeRow
from cache.store import Store
from dashboard.commands.plan import find_comparison
from dashboard.comparisons import comparison_files, free_name, replaces, saved_comparison
from dashboard.document_sets import set_rows
from dashboard.launch import save_comparison
from dashboard.results import load_results
from dashboard.workspace import Workspace
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
    assert find_comparison(str(lies), workspace).replicates == 9  # a file that is named as a file may bear any name
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
    (workspace.root / "runs" / "small-2").mkdir(parents=True)  # its samples are remembered under that name
    assert free_name(workspace, "small") == "small-3"
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
