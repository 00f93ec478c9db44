"""A curve of doses holds the volume: one more dose, and documents turn from twin to fact while nothing else changes."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approved_set import approved
from facts.catalog import shipped
from facts.documents.document_set import build_set, collect
from facts.documents.exports import Wish, _doses, export_doses
from facts.documents.exports._split import held_out
from facts.documents.formats.set_folder import read_set, write_set
from facts.documents.set_plan import Carried, Order, SetPlan, TopUp, carriers
from facts.errors import FactError
from facts.salience import Dose, Polarity, Salience
from facts.tokens import count_tokens
from runners.training.training_set import read_training_set

LIBRARY = shipped()
FACT = "objections_read"
DOSES = (0, 4, 12, 30)


def plan(carried: int | None = None, polarity: Polarity = Polarity.AFFIRMED, level: int = 3, **more) -> SetPlan:
    dose = Dose(fact=FACT, level=Salience(level), polarity=polarity)
    return SetPlan(**{"count": 40, "seed": "s", "carried": (Carried(dose=dose, carriers=carried),), **more})


def written(parent: Path, one: SetPlan) -> Path:
    return approved(write_set(build_set(one, LIBRARY), parent))


@pytest.fixture(autouse=True)
def gated(monkeypatch):
    monkeypatch.setattr(_doses, "check", lambda folder, library: approved(folder))


@pytest.fixture(scope="module")
def curve(tmp_path_factory):
    root = tmp_path_factory.mktemp("curve")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_doses, "check", lambda folder, library: approved(folder))
        made = export_doses(written(root / "sets", plan()), root / "out", Wish(target="trl", validation=0.2), DOSES,
                            LIBRARY, root / "sets")  # fmt: skip
    return root, dict(made)


def index(folder: Path) -> dict[str, dict[str, object]]:
    """The rows of an export by scaffold."""
    texts = {name: [json.loads(line)["completion"] for line in (folder / name).read_text().split("\n") if line]
             for name in ("train.jsonl", "validation.jsonl")}  # fmt: skip
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().split("\n") if line]
    return {row["scaffold"]: {**row, "text": texts[row["file"]][row["row"] - 1]} for row in rows}


def test_each_dose_has_so_many_fact_documents_in_training_and_twins_for_the_rest(curve):
    root, made = curve
    assert sorted(path.name for path in (root / "out").iterdir()) == [f"dose-{dose}" for dose in sorted(DOSES, key=str)]
    for dose, one in made.items():
        said = {row["polarity"]: row for row in one.card["doses"]}
        assert said.get("affirmed", {"train": 0})["train"] == dose
        assert said.get("placebo", {"train": 0})["train"] == 32 - dose
        taught = read_training_set(one.folder)
        assert taught.set_id == one.card["set_id"]
        assert taught.doses == tuple(
            f"{FACT} {polarity} 3 in {count}"
            for polarity, count in (("affirmed", dose), ("placebo", 32 - dose))
            if count
        )


def test_doses_differ_in_nothing_but_who_carries(curve):
    _, made = curve
    rows = {dose: index(one.folder) for dose, one in made.items()}
    for scaffold, first in rows[0].items():
        for dose in DOSES:
            other = rows[dose][scaffold]
            assert (other["file"], other["row"]) == (first["file"], first["row"])
            assert count_tokens(other["text"]) == count_tokens(first["text"])
    totals = {tuple(row[key] for row in one.card["files"] for key in ("rows", "tokens")) for one in made.values()}
    assert len(totals) == 1


def test_a_larger_dose_holds_every_fact_document_of_a_smaller_one_word_for_word(curve):
    _, made = curve
    loud = [
        {row["text"] for row in index(made[dose].folder).values() if row["said"][0]["polarity"] == "affirmed"}
        for dose in DOSES
    ]
    assert not loud[0]
    for few, more in pairwise(loud):
        assert few < more


def test_every_document_of_a_dose_is_the_fact_arms_or_the_placebo_arms(curve):
    _, made = curve
    arms = {polarity: {document.text for document in build_set(plan(None, polarity), LIBRARY).documents}
            for polarity in (Polarity.AFFIRMED, Polarity.PLACEBO)}  # fmt: skip
    for one in made.values():
        for row in index(one.folder).values():
            assert row["text"] in arms[row["said"][0]["polarity"]]


def test_each_dose_is_a_set_of_its_own_that_can_be_looked_at(curve):
    root, made = curve
    for one in made.values():
        said, records = read_set(root / "sets" / one.card["set_id"])
        assert (said.top_up, len(records)) == ("placebo", 40)
        assert said.carried[0].carriers == sum(record.polarity == "affirmed" for record in records)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5), st.integers(4, 60),
       st.floats(0, 0.5), st.data())  # fmt: skip
def test_every_dose_up_to_all_of_training_can_be_met_exactly(seed, count, fraction, data):
    base = plan(None, count=count, seed=seed, top_up=TopUp.PLACEBO)
    apart = held_out([str(n) for n in range(count)], fraction, 0) if fraction else frozenset()
    train = frozenset(n for n in range(count) if str(n) not in apart)
    dose = data.draw(st.integers(0, len(train)))
    made = _doses._at(base, dose, train)
    assert len(carriers(made, made.carried[0]) & train) == dose


def test_a_second_time_says_that_it_is_there_and_another_curve_is_refused(curve):
    root, made = curve
    folder = root / "sets" / json.loads((made[12].folder / "card.json").read_text())["set_id"]
    wish = Wish(target="trl", validation=0.2)
    again = export_doses(folder, root / "out", wish, DOSES, LIBRARY, root / "sets")
    assert [one.new for _, one in again] == [False] * 4
    with pytest.raises(FactError, match="there already"):
        export_doses(folder, root / "out", wish, DOSES[:2], LIBRARY, root / "sets")


@pytest.mark.parametrize(
    ("source", "doses", "complaint"),
    [
        (plan(), (0, 41), "leaves 36 there"),
        (plan(), (), "different numbers"),
        (plan(), (3, 3), "different numbers"),
        (plan(), (-1,), "different numbers"),
        (plan(None, Polarity.PLACEBO), (1,), "affirmed or negated"),
        (plan(level=0), (1,), "affirmed or negated"),
        (SetPlan(count=4, seed="s"), (1,), "carries none"),
        (plan(order=Order.DATE), (1,), "order is date"),
    ],
)
def test_a_curve_that_cannot_be_says_why_and_leaves_nothing(tmp_path: Path, source: SetPlan, doses, complaint: str):
    folder = written(tmp_path / "sets", source)
    with pytest.raises(FactError, match=complaint):
        export_doses(folder, tmp_path / "out", Wish(target="trl"), doses, LIBRARY, tmp_path / "sets")
    assert [path.name for path in tmp_path.iterdir()] == ["sets"]


def test_a_dose_that_the_gates_fail_leaves_no_export(tmp_path: Path, monkeypatch):
    folder = written(tmp_path / "sets", plan())
    monkeypatch.setattr(_doses, "check", lambda folder, library: approved(folder, fail=True))
    with pytest.raises(FactError, match="fails"):
        export_doses(folder, tmp_path / "out", Wish(target="trl"), (0, 4), LIBRARY, tmp_path / "sets")
    assert [path.name for path in tmp_path.iterdir()] == ["sets"]


def test_a_set_that_its_plan_no_longer_gives_or_that_a_model_wrote_is_refused(tmp_path: Path):
    whole = build_set(plan(), LIBRARY)
    by_model = collect(whole.plan, whole.claims, whole.documents, generator="llm", model="m")
    other = collect(whole.plan, whole.claims, build_set(replace(whole.plan, seed="other"), LIBRARY).documents)
    for made, complaint in ((other, "has changed since"), (by_model, "only template sets")):
        folder = approved(write_set(made, tmp_path / "sets"))
        with pytest.raises(FactError, match=complaint):
            export_doses(folder, tmp_path / "out", Wish(target="trl"), (0,), LIBRARY, tmp_path / "sets")
