"""Results taken from derived tables are equal, field by field and row by row, to composing and reading all anew."""

from __future__ import annotations

import dataclasses
import errno
import io
import json
import random
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from approved_set import approved
from cache.store import Store
from dashboard import fingerprint as prints
from dashboard import kept_rows, table_names
from dashboard.cell_table import forget_tables
from dashboard.fingerprint import Unsure, fingerprint
from dashboard.latest import Latest
from dashboard.launch import launch, models_of
from dashboard.results import load_results
from dashboard.workspace import Workspace
from facts.catalog import load, shipped
from facts.condition import Channel, Tier
from facts.documents.document_set import build_set
from facts.documents.formats.set_folder import write_set
from facts.documents.set_plan import Carried, SetPlan
from facts.salience import Dose, Polarity
from filled_workspace import fill
from judged_workspace import JUDGED
from runners.comparison import Comparison
from runners.comparison_file import read_comparison
from runners.judging import NOBODY
from runners.keep import to_record
from runners.models import find_model
from runners.planning import trials
from runners.sample import Sample, Stop

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("simulated_*.toml"))
SMALL = {"queries": 2, "replicates": 1, "looks": 0, "votes": 2}


@pytest.fixture(autouse=True)
def from_disk():
    """Every test begins as a new process does."""
    forget_tables()
    yield
    forget_tables()


def both(comparison, workspace, store, judge=None, library=None):
    """The results by tables, after they were compared with those without."""
    library = library or load(workspace.facts, workspace.documents)
    kept = load_results(comparison, library, workspace, store, judge)
    anew = load_results(comparison, library, workspace, store, judge, derived=False)
    assert kept == anew
    for model, other in zip(kept.models, anew.models, strict=True):
        assert model.kept == other.kept
        for field in dataclasses.fields(model.arrays):
            ours, theirs = getattr(model.arrays, field.name), getattr(other.arrays, field.name)
            assert (ours == theirs) if isinstance(ours, tuple) else np.array_equal(ours, theirs), field.name
    return kept


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A store with every sample and every verdict of a small judged comparison, also of a second judge."""
    workspace = Workspace(root=tmp_path_factory.mktemp("judged"))
    comparison = replace(JUDGED, queries=2, replicates=1, judges=("organism/paper_like", "organism/null"))
    with Store(workspace.store) as store:
        launch(comparison, shipped(), workspace, store, lambda _: None, lambda: False)
        return workspace, comparison, list(store.rows())


@pytest.fixture
def filled(tmp_path):
    made = fill(tmp_path / "filled", share=0.6, queries=4)
    with made.open_store() as store:
        yield made.workspace, made.comparison, store


# --- equal, whatever is kept -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_partial_and_whole_gives_equal_results(path, tmp_path):
    """Samples and verdicts come in any order, here in one that is drawn."""
    comparison = replace(read_comparison(path), **SMALL)
    whole, workspace = Workspace(root=tmp_path / "whole"), Workspace(root=tmp_path / "part")
    with Store(whole.store) as store:
        launch(comparison, shipped(), whole, store, lambda _: None, lambda: False)
        rows = list(store.rows())
    random.Random(0).shuffle(rows)
    with Store(workspace.store) as store:
        for part in range(3):
            for key, value in rows[part::3]:
                store.add(key, value).result()
            results = both(comparison, workspace, store)
            forget_tables()
    assert results.kept == results.planned > 0


def test_a_verdict_that_arrives_later_shows(judged, tmp_path):
    _, comparison, rows = judged
    workspace = Workspace(root=tmp_path)
    planned = {
        trial.key for model in models_of(comparison, workspace) for trial in trials(comparison, shipped(), model)
    }
    with Store(workspace.store) as store:
        for key, value in rows:
            if key in planned:
                store.add(key, value).result()
        before = both(comparison, workspace, store)
        assert None in {row.values["compliance"] for row in before.models[0].rows}
        later = [row for row in rows if row[0] not in planned]
        for number, (key, value) in enumerate(later):
            store.add(key, value).result()
            if number % 100 == 0:
                both(comparison, workspace, store)
        after = both(comparison, workspace, store)
    assert None not in {row.values["compliance"] for row in after.models[0].rows}


def test_another_judge_more_votes_and_other_rules_are_read_for_themselves(judged):
    workspace, comparison, _ = judged
    with Store(workspace.store) as store:
        first = both(comparison, workspace, store)
        second = both(comparison, workspace, store, judge=find_model("organism/null"))
        assert second.judge != first.judge
        for change in ({"votes": 5}, {"votes": 2}, {"threshold": 0.9}, {"audiences": ("unsaid",)},
                       {"interview": "after"}, {"judges": ()}):  # fmt: skip
            both(replace(comparison, **change), workspace, store)
        assert both(comparison, workspace, store) == first


def test_more_of_anything_is_added_to_what_there_is(filled):
    workspace, comparison, store = filled
    both(comparison, workspace, store)
    setting = shipped().setting(comparison.setting)
    for change in ({"queries": 6}, {"replicates": 3}, {"levels": (0, 1, 2, 5)}, {"metrics": ("option",)}, {"seed": 1},
                   {"metrics": ("option", "refusal", "uptake", "recall")}, {"max_tokens": 77}, {"temperature": 0.5},
                   {"facts": ("objections_read", "scratchpad_read"), "design": "one_at_a_time"},
                   {"models": (comparison.models[0], "organism/paper_like")}, {"variant": max(setting.variants)},
                   {"query_ids": (setting.queries[2].id,)}):  # fmt: skip
        both(replace(comparison, **change), workspace, store)
        both(comparison, workspace, store)


def test_document_sets_are_part_of_what_a_prompt_rests_on(tmp_path):
    """A set whose approval changes is read again, and its tables are others."""
    workspace = Workspace(root=tmp_path)
    library = load(None, workspace.documents)
    said = [Dose(fact="objections_read", level=4, polarity=each) for each in (Polarity.AFFIRMED, Polarity.PLACEBO)]
    doses = [None, *said]
    sets = []
    for dose in doses:
        carried = (Carried(dose=dose),) if dose else ()
        plan = SetPlan(count=6, seed="s", carried=carried, tokens=300)
        sets.append(write_set(build_set(plan, library), workspace.documents))
    comparison = Comparison(
        name="sets", setting="value_conflict", models=("organism/paper_like",), facts=("objections_read",),
        design="ladder", levels=(0, 4), channel=Channel.DOCUMENTS, documents=2, queries=2, replicates=1,
        document_sets=tuple(path.name for path in sets),
    )  # fmt: skip
    with Store(workspace.store) as store:
        before = both(comparison, workspace, store, library=library)
        (model,) = before.models
        for trial in trials(comparison, library, model.model):
            store.add(trial.key, _sample(trial, "value")).result()
        after = both(comparison, workspace, store, library=library)
        assert after.kept == before.planned
        names = table_names.ground(comparison, library, model.model, NOBODY).plans
        approved(sets[0])
        assert both(comparison, workspace, store, library=library).kept == before.planned
        assert not set(names) & set(table_names.ground(comparison, library, model.model, NOBODY).plans)


# --- nothing is stale ------------------------------------------------------------------------------------------------


def _sample(trial, role):
    return to_record(trial.request, Sample(text=trial.prompt.reading[role], stop=Stop.END, model="another-model"))


def test_a_record_that_was_set_aside_is_gone_and_the_one_bought_in_its_place_shows(filled):
    workspace, comparison, store = filled
    before = both(comparison, workspace, store)
    model = before.models[0].model
    place, trial = next((n, t) for n, t in enumerate(trials(comparison, shipped(), model)))
    assert before.models[0].rows[place].values["option"] == "unparseable"
    store.set_aside(trial.key)
    both(comparison, workspace, store)
    assert both(comparison, workspace, store).models[0].rows[place].stop is None
    store.add(trial.key, _sample(trial, "value")).result()
    row = both(comparison, workspace, store).models[0].rows[place]
    assert (row.values["option"], row.reply_model) == ("chose_value", "another-model")


def test_a_verdict_that_was_set_aside_is_gone_until_it_is_bought_again(judged, tmp_path):
    workspace, comparison, rows = judged
    shutil.copytree(workspace.root, tmp_path / "copy")
    copy = Workspace(root=tmp_path / "copy")
    with Store(copy.store) as store:
        before = both(comparison, copy, store)
        planned = {row.key for row in before.models[0].rows}
        aside = [row for row in rows if row[0] not in planned][::40]
        for key, _ in aside:
            store.set_aside(key)
        assert both(comparison, copy, store) != before
        for key, value in aside:
            store.add(key, value).result()
        assert both(comparison, copy, store) == before


def test_another_store_in_the_place_of_the_one_that_was_read_is_read_itself(filled, tmp_path):
    workspace, comparison, store = filled
    before = both(comparison, workspace, store)
    with Store(tmp_path / "other") as other:
        for trial in trials(comparison, shipped(), before.models[0].model):
            other.add(trial.key, _sample(trial, "policy")).result()
        assert {row.values["option"] for row in both(comparison, workspace, other).models[0].rows} == {"complied"}
    assert both(comparison, workspace, store) == before


def test_a_fact_or_a_query_that_was_edited_is_composed_anew(tmp_path):
    made = fill(tmp_path, fact="mine", queries=2)
    with made.open_store() as store:
        before = both(made.comparison, made.workspace, store)
        file = made.workspace.facts / "mine.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("objections", "complaints"), encoding="utf-8")
        edited = both(made.comparison, made.workspace, store)
        assert edited.kept < before.kept  # prompts that were never sent
        file.write_text(text, encoding="utf-8")
        assert both(made.comparison, made.workspace, store) == before
        own = tmp_path / "queries.jsonl"
        asked = replace(made.comparison, queries=1, query_file=str(own))
        fields = dict(made.library.setting(asked.setting).queries[0].fields)
        keys = set()
        for question in ("What now?", "What then?"):
            own.write_text(json.dumps({"id": "one", "text": question, "fields": fields}), encoding="utf-8")
            keys.add(both(asked, made.workspace, store).models[0].rows[0].key)
        assert len(keys) == 2


def test_every_field_of_a_comparison_is_in_the_name_or_is_kept_from_composing(filled):
    """A field that is added later is in the name until somebody says that it does not matter."""
    workspace, comparison, _ = filled
    model = models_of(comparison, workspace)[0]
    base = table_names.ground(comparison, shipped(), model, NOBODY)
    names = {field.name for field in dataclasses.fields(comparison)}
    assert set(table_names._CELLS) < names
    blank = table_names._APART
    for name in table_names._CELLS:
        if name != "metrics":
            assert getattr(base.comparison, name) == getattr(blank, name), name
    others = {"setting": "helpful_only", "facts": ("scratchpad_read",), "channel": None, "labels": "a", "variant": "b",
              "indicator": None, "temperature": 0.1, "max_tokens": 9, "background_tokens": 99, "documents": 9,
              "document_sets": ("x",), "seed": 9}  # fmt: skip
    assert names - set(table_names._CELLS) == set(others)
    for name in ("facts", "temperature", "max_tokens", "background_tokens", "documents", "seed"):
        changed = replace(comparison, **{name: others[name]})
        assert not set(table_names.ground(changed, shipped(), model, NOBODY).plans) & set(base.plans), name
    assert set(base.library.facts) == set(comparison.facts)


def test_code_that_is_edited_while_it_runs_is_neither_read_from_tables_nor_written_to_them(filled, monkeypatch):
    workspace, comparison, store = filled
    monkeypatch.setattr(prints, "_BEGAN", 0.0)
    with pytest.raises(Unsure, match="start again"):
        prints.code()
    both(comparison, workspace, store)
    assert not (workspace.root / "index").exists()


# --- the files are derived -------------------------------------------------------------------------------------------


def _tables(workspace):
    return sorted((workspace.root / "index" / "rows").iterdir())


def test_tables_may_be_deleted_damaged_or_planted_at_any_time(filled):
    workspace, comparison, store = filled
    before = both(comparison, workspace, store)
    files = _tables(workspace)
    assert len(files) == 2 * len(before.conditions)
    whole = {path: path.read_bytes() for path in files}

    def flipped(data):
        return data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]

    def planted(data):
        return next(other for other in whole.values() if len(other) != len(data))

    for harm in (flipped, lambda data: data[:-9], lambda data: data[:5], lambda _: b"", lambda _: b"{}", planted):
        for path in files:
            path.write_bytes(harm(whole[path]))
        forget_tables()
        assert both(comparison, workspace, store) == before
        forget_tables()
        assert both(comparison, workspace, store) == before
    for path in files[::2]:
        path.unlink()
    forget_tables()
    assert both(comparison, workspace, store) == before
    shutil.rmtree(workspace.root / "index")
    forget_tables()
    assert both(comparison, workspace, store) == before
    assert _tables(workspace) == files


def test_a_planted_table_that_is_well_formed_but_makes_no_sense_is_begun_again(filled):
    workspace, comparison, store = filled
    before = both(comparison, workspace, store)
    whole = {path: path.read_bytes() for path in _tables(workspace)}
    for part, change in (("words", [[1]]), ("words", [["end", "m", 5]]), ("words", []), ("queries", []),
                         ("seen", [1, 2]), ("seen", [10**9, "", []]), ("name", "x")):  # fmt: skip
        for path, data in whole.items():
            with np.load(io.BytesIO(data)) as file:
                parts = {name: file[name] for name in file.files}
            head = {**json.loads(parts["head"].tobytes()), part: change}
            parts["head"] = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
            with path.open("wb") as file:
                np.savez(file, **parts)
        forget_tables()
        assert both(comparison, workspace, store) == before


@pytest.mark.parametrize("what", ["write_bytes", "mkdir", "replace"])
def test_a_disk_that_is_full_or_read_only_costs_time_alone(filled, monkeypatch, what):
    workspace, comparison, store = filled
    real = getattr(Path, what)

    def full(path, *arguments, **more):
        if "rows" in path.parts:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, *arguments, **more)

    monkeypatch.setattr(Path, what, full)
    both(comparison, workspace, store)
    both(comparison, workspace, store)
    monkeypatch.undo()
    assert not list((workspace.root / "index").rglob("*.npz*"))


def test_two_processes_that_write_in_turn_never_mislead_each_other(filled):
    """Each has its own memory; whoever writes last may have seen less of the store."""
    workspace, comparison, store = filled
    early = both(comparison, workspace, store)
    old = {path: path.read_bytes() for path in _tables(workspace)}
    (model,) = early.models
    planned = zip(trials(comparison, shipped(), model.model), model.rows, strict=True)
    for trial in [trial for trial, row in planned if row.stop is None][:9]:
        store.add(trial.key, _sample(trial, "value")).result()
    late = both(comparison, workspace, store)
    for path, data in old.items():  # the other one comes to an end only now
        path.write_bytes(data)
    both(comparison, workspace, store)
    forget_tables()
    assert both(comparison, workspace, store) == late
    assert late.kept == early.kept + 9


# --- and only what is new is done ------------------------------------------------------------------------------------


def test_opening_again_composes_and_reads_nothing_and_new_samples_cost_themselves_alone(filled, monkeypatch):
    workspace, comparison, store = filled
    library = shipped()
    before = load_results(comparison, library, workspace, store)
    planned = list(trials(comparison, library, before.models[0].model))
    forget_tables()
    composed, read = [], []

    def block(*arguments):
        for trial in real_block(*arguments):
            composed.append(trial.key)
            yield trial

    def kept(store, keys):
        read.extend(keys)
        return real_kept(store, keys)

    real_block, real_kept = kept_rows.block, kept_rows.kept
    monkeypatch.setattr(kept_rows, "block", block)
    monkeypatch.setattr(kept_rows, "kept", kept)
    assert load_results(comparison, library, workspace, store) == before
    assert not composed
    assert not read
    missing = [trial for trial, row in zip(planned, before.models[0].rows, strict=True) if row.stop is None][:5]
    for trial in missing:
        store.add(trial.key, _sample(trial, "value")).result()
    assert load_results(comparison, library, workspace, store).kept == before.kept + 5
    assert composed == read == [trial.key for trial in missing]
    composed.clear()
    more = load_results(replace(comparison, replicates=3), library, workspace, store)
    assert len(composed) == more.planned - before.planned  # the new replicates


def test_rows_are_a_sequence_like_any_other(filled):
    workspace, comparison, store = filled
    rows = load_results(comparison, shipped(), workspace, store).models[0].rows
    assert rows[3] == tuple(rows)[3] == rows[3:5][0]
    assert rows[-1] == list(rows)[-1]
    assert rows == tuple(rows)
    assert rows != tuple(rows)[1:]
    assert len(rows) == len(tuple(rows))
    with pytest.raises(IndexError):
        load_results(comparison, shipped(), workspace, store).models[0].rows[len(rows)]


@pytest.mark.parametrize(
    "pair",
    [(1, True), (1, "1"), (("a", "b"), ("a,b",)), (("a",), "a"), ({"a": 1}, {"a": 1.5}), (Tier.MONITORED, "monitored"),
     (re.compile("a" * 300), re.compile("a" * 299 + "b")), (re.compile("a"), re.compile("a", re.IGNORECASE)),
     (frozenset({"a"}), ("a",)), (None, "None"), (Stop.END, Stop.OTHER), ("\ud800", "?")],
)  # fmt: skip
def test_values_that_differ_have_other_fingerprints(pair):
    assert fingerprint(pair[0]) != fingerprint(pair[1])
    assert fingerprint(pair[0]) == fingerprint(pair[0])


def test_order_counts_where_it_means_something_and_what_is_unknown_has_no_fingerprint():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint(("a", "b")) != fingerprint(("b", "a"))
    with pytest.raises(Unsure):
        fingerprint(object())


# --- what they stand on ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("few", [10_000, 0])
def test_the_store_says_what_came_after_a_row_and_what_was_set_aside(tmp_path, monkeypatch, few):
    """A short way back is read off the rows, a long one off the index: the same keys."""
    monkeypatch.setattr("cache.store._FEW", few)
    with Store(tmp_path) as store:
        assert (store.version(), store.kept_at(0), store.aside()) == (0, "", frozenset())
        for number in range(5):
            store.add(f"key-{number}", b"{}").result()
        assert sorted(store.keys_after(2, 4)) == ["key-2", "key-3"]
        assert store.keys_after(5, 5) == []
        assert store.kept_at(1) != store.kept_at(5) != ""
        store.set_aside("key-1")
        assert store.aside() == {"key-1:damaged-2"}


def test_one_version_of_results_is_held_and_a_failure_is_not(filled):
    workspace, comparison, store = filled
    found, latest = load_results(comparison, shipped(), workspace, store), Latest()
    assert latest.at(1, lambda: found) is found
    assert latest.at(1, lambda: pytest.fail("made again")) is found
    with pytest.raises(ZeroDivisionError):
        latest.at(2, lambda: 1 // 0)  # type: ignore[arg-type,return-value]
    other = replace(found, metrics=("option",))
    assert latest.at(2, lambda: other) is other
