"""Planning again composes nothing: sizes come from a file that is derived, deletable, and never stale."""

from dataclasses import replace

import pytest

import runners.sizes
from cache.store import Store
from dashboard.launch import models_of
from dashboard.planned_sizes import planned_sizes
from dashboard.workspace import Workspace
from facts.catalog import load
from facts.salience import Polarity
from runners.comparison import Comparison
from runners.estimate import estimate
from runners.marks import Marks

COMPARISON = Comparison(
    name="many", setting="helpful_only", models=("organism/paper_like",), facts=("objections_read",), design="ladder",
    levels=(0, 2), polarities=(Polarity.AFFIRMED, Polarity.PLACEBO), queries=35, replicates=10,
    metrics=("compliance_rule",),
)  # fmt: skip


@pytest.fixture
def planned(tmp_path, monkeypatch):
    workspace = Workspace(root=tmp_path)
    library = load(workspace.facts, workspace.documents)
    composed = []
    real = runners.sizes.trials

    def counted(*args):
        for trial in real(*args):
            composed.append(trial.key)
            yield trial

    monkeypatch.setattr(runners.sizes, "trials", counted)

    def go(comparison=COMPARISON, library=library):
        composed.clear()
        models = models_of(comparison, workspace)
        with Store(workspace.store) as store:
            plan = estimate(comparison, library, models, store, planned_sizes(comparison, library, models, workspace))
        return plan, len(composed)

    go.library, go.files = library, lambda: list((tmp_path / "index" / "sizes").glob("*.bin"))
    return go


def test_planning_again_composes_nothing_and_says_the_same(planned):
    first, composed = planned()
    assert composed == 2_100
    assert planned() == (first, 0)
    assert planned(replace(COMPARISON, name="other", max_calls=5))[1] == 0


def test_what_a_plan_rests_on_makes_it_anew(planned):
    planned()
    assert planned(replace(COMPARISON, seed=1))[1] == 2_100
    assert planned(replace(COMPARISON, max_tokens=77))[1] == 2_100
    fact = planned.library.fact("objections_read")
    banks = {polarity: {part: tuple(f"{text} Indeed." for text in bank) for part, bank in parts.items()}
             for polarity, parts in fact.banks.items()}  # fmt: skip
    changed = replace(planned.library, facts={**planned.library.facts, fact.slug: replace(fact, banks=banks)})
    assert planned(library=changed)[1] == 2_100


@pytest.mark.parametrize("damage", ["delete", "cut", "flip", "empty", "longer"])
def test_a_file_that_is_gone_or_damaged_is_made_again(planned, damage):
    first, _ = planned()
    (path,) = planned.files()
    content = path.read_bytes()
    match damage:
        case "delete":
            path.unlink()
        case "cut":
            path.write_bytes(content[:-100])
        case "flip":
            path.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
        case "empty":
            path.write_bytes(b"")
        case _:
            path.write_bytes(content + b"x")
    assert planned() == (first, 2_100)
    assert planned() == (first, 0)


def test_a_plan_that_is_given_up_leaves_no_file(planned, monkeypatch):
    looked = iter((set(), set(), set()))
    monkeypatch.setattr(Store, "has_many", lambda *_: next(looked))  # fails on the way
    with pytest.raises(StopIteration):
        planned()
    assert not planned.files()


def test_small_plans_leave_no_file(planned, tmp_path):
    assert planned(replace(COMPARISON, replicates=1))[1] == 210
    assert not (tmp_path / "index" / "sizes").exists()


def test_marks_tell_keys_apart_and_know_them_again():
    marks = Marks()
    keys = [f"v1:{(number * 0x9E3779B97F4A7C15) % 2**64:064x}" for number in range(5_000)]
    assert all(marks.new(key) for key in keys)
    assert not any(marks.new(key) for key in keys)
    assert len(marks) == 5_000
