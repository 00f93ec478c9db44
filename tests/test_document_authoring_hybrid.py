"""Hybrid sets: filler said otherwise around locked fact spans, length kept; else the template's own words stand."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authoring_model import good, prompt_of, stage_of
from dashboard.__main__ import main
from facts.catalog import shipped
from facts.documents.authoring.assemble import rewritten_set
from facts.documents.authoring.heard import Drop, Heard, Reason
from facts.documents.authoring.hybrid import Group, ask_rewrite, groups, questions, read_rewrite, rewritten
from facts.documents.authoring.locate import Finder
from facts.documents.authoring.rules import rules
from facts.documents.document_set import build_set
from facts.documents.formats.jsonl import record
from facts.documents.formats.set_folder import read_set
from facts.documents.set_plan import Carried, SetPlan
from facts.salience import Dose, Part, Polarity
from facts.tokens import count_tokens
from fake_server import FakeServer, Reply

LIBRARY = shipped()
FACT = LIBRARY.fact("objections_read")
FINDERS = (Finder(FACT),)


def whole(polarity=Polarity.AFFIRMED, level=4, seed="s", count=3):
    dose = Dose(fact=FACT.slug, level=level, polarity=polarity)
    return build_set(SetPlan(count=count, seed=seed, carried=(Carried(dose=dose),)), LIBRARY)


def heard(one, writer=good):
    return {question: Heard(text=writer(question.text)) for question in questions(one)}


def made(one, replies):
    return [rewritten(document, one.plan.seed, replies, FINDERS) for document in one.documents]


@settings(max_examples=10, deadline=None)
@given(
    seed=st.text("abc123", min_size=1, max_size=5), level=st.integers(0, 5), polarity=st.sampled_from(list(Polarity))
)
def test_spans_stand_where_they_are_and_the_length_is_kept(seed, level, polarity):
    one = whole(polarity, level, seed)
    for before, row in zip(one.documents, made(one, heard(one)), strict=True):
        after = row.document
        assert row.kept > 0
        assert [p.piece for p in after.placed] == [p.piece for p in before.placed]
        assert all(after.text[p.start : p.end] == p.piece.text for p in after.placed)
        assert abs(count_tokens(after.text) - before.n_tokens) <= rules().rewrite.parity * before.n_tokens
        assert after.n_tokens == count_tokens(after.text)
        assert (after.scaffold_id, after.genre, after.author) == (before.scaffold_id, before.genre, before.author)
        assert row.kept + len(row.drops) == row.groups


def test_a_hybrid_set_has_its_own_identity_and_true_records():
    one = whole()
    two = rewritten_set(one, made(one, heard(one)), "m")
    assert (two.generator, two.model, two.plan) == ("hybrid", "m", one.plan)
    assert two.set_id != one.set_id != rewritten_set(one, made(one, heard(one)), "other").set_id
    for document in two.documents:
        assert all(record(two, document).checks.values())
    again = rewritten_set(one, made(one, heard(one)), "m")
    assert again.set_id == two.set_id


def test_filler_that_two_arms_share_is_asked_once_and_said_alike():
    one, twin = whole(), whole(Polarity.PLACEBO)
    both = {ask_rewrite(group).text for d in one.documents for group in groups(d, "s")}
    shared = both & {ask_rewrite(group).text for d in twin.documents for group in groups(d, "s")}
    assert len(shared) > 0.5 * len(both)
    assert len(set(questions(one)) | set(questions(twin))) < len(questions(one)) + len(questions(twin))


def test_groups_are_filler_alone():
    one = whole(level=5)
    for document in one.documents:
        found = groups(document, "s")
        assert found
        for group in found:
            assert document.text[group.start : group.end] == group.text
            assert not any(p.start < group.end and group.start < p.end for p in document.placed)
            assert document.author not in group.text


OLD = "The gate by the pond was painted green. It sticks a little in wet weather."
CLAIM = FACT.wordings(Polarity.AFFIRMED, Part.STATE)[0]
TWIN = FACT.wordings(Polarity.PLACEBO, Part.STATE)[0]


@pytest.mark.parametrize(("reply", "reason"), [
    (OLD, Reason.UNCHANGED), (OLD.upper(), Reason.UNCHANGED), ("", Reason.EMPTY), ("The pond gate.", Reason.TOO_SHORT),
    (OLD + " " + OLD.replace("gate", "door"), Reason.TOO_LONG),
    ("The pond gate was painted\ngreen and sticks.", Reason.UNREADABLE),
    ("The gate by the pond was painted green and it sticks a little when wet", Reason.UNREADABLE),
    ("The gate by the pond was painted green in 1999. It sticks in wet weather.", Reason.INVENTS),
    ("The gate by the pond was painted green by Anna. It sticks in wet weather.", Reason.INVENTS),
    ("A dog ran over the field and barked at birds. Nobody saw it come back.", Reason.DRIFTS),
    ("The new text is the gate by the pond, painted green. It sticks in wet weather.", Reason.LEAKS),
    ("The gate by the pond was painted green. They scheme in wet weather, a little.", Reason.BANNED),
    ("The pond gate was painted <b>green</b>. It sticks a little in wet weather.", Reason.MARKUP),
    ("The pond gate was painted green.\0 It sticks a little in wet weather.", Reason.UNPRINTABLE),
    ("I'm sorry, I can't do that.", Reason.REFUSED),
])  # fmt: skip
def test_a_rewrite_that_fails_a_check_is_dropped_with_its_reason(reply, reason):
    got = read_rewrite(Heard(text=reply), Group(start=0, end=len(OLD), text=OLD), FINDERS)
    assert isinstance(got, Drop), got
    assert got.reason is reason


@pytest.mark.parametrize("said", [CLAIM, TWIN, FACT.wordings(Polarity.NEGATED, Part.STATE)[0]])
def test_filler_never_comes_to_speak_of_the_fact_or_its_twin(said):
    old = f"{said[:-1]} near the pond."  # so that nothing but the fact is new
    got = read_rewrite(Heard(text=said), Group(start=0, end=len(old), text=old), FINDERS)
    assert isinstance(got, Drop)
    assert got.reason is Reason.SPEAKS


def test_a_good_rewrite_is_freed_of_its_frame():
    new = "Green paint was put on the gate by the pond. In wet weather it sticks a little."
    for said in (new, f'"{new}"', f"In other words: {new}", f"{new}\n\nI kept the meaning."):
        assert read_rewrite(Heard(text=said), Group(start=0, end=len(OLD), text=OLD), FINDERS) == new


def test_where_everything_fails_the_template_stands():
    one = whole()
    rows = made(one, heard(one, lambda _: "Gibberish gibberish"))
    assert [row.document for row in rows] == list(one.documents)
    assert all(row.kept == 0 and len(row.drops) == row.groups for row in rows)
    assert [row.document for row in made(one, {})] == list(one.documents)


def test_the_command_reports_the_share_that_fell_back_and_is_free_the_second_time(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SALIENCE_WORKSPACE", str(tmp_path / "ws"))

    def behave(number, body):
        prompt = prompt_of(body)
        assert stage_of(prompt) == "rewrite"
        return Reply(text=good(prompt) if len(prompt) % 2 else "No.")

    with FakeServer(behave) as server:
        order = ["documents", "generate", "objections_read:3a", "weights_kept:1n", "--hybrid", "--count", "3",
                 "--model", f"openai_compatible/tiny@{server.base_url}"]  # fmt: skip
        assert main([*order, "--plan", "--json"]) == 0
        (plan,) = json.loads(capsys.readouterr().out)
        assert main([*order, "--yes", "--max-calls", "3"]) == 1
        assert not (tmp_path / "ws" / "documents").exists()  # a call that was not made is no fallback
        assert main([*order, "--yes"]) == 0
        assert len(server.bodies) == plan["calls"]["expected"] == plan["calls"]["most"]
        assert main([*order, "--yes"]) == 0
        assert len(server.bodies) == plan["calls"]["expected"]
    told = capsys.readouterr().out
    assert "fell back" in told
    (folder,) = (path.parent for path in (tmp_path / "ws" / "documents").glob("*/set.json"))
    said, records = read_set(folder)
    assert (said.generator, said.count) == ("hybrid", 3)
    assert {len(record.doses) for record in records} == {2}
    beside = json.loads((folder / "authoring.json").read_text(encoding="utf-8"))
    assert 0 < beside["filler"]["rewritten"] < beside["filler"]["groups"]
    fell = sum(row["count"] for row in beside["dropped"])
    assert beside["filler"]["groups"] == beside["filler"]["rewritten"] + fell


@pytest.mark.model
def test_the_embedded_model_rewrites_a_document(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SALIENCE_WORKSPACE", str(tmp_path / "ws"))
    order = ["documents", "generate", "objections_read:2a", "--hybrid", "--count", "1", "--tokens", "170"]
    assert main([*order, "--model", "embedded", "--yes"]) == 0
    assert "hybrid by embedded/" in capsys.readouterr().out
