"""Gates see what was planted in a set, pass a clean one, and call what they cannot find out unmeasured."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parent.parent))  # benchmarks/ is no package that is installed

from benchmarks.document_quality import spoiled
from benchmarks.document_quality.measure import banks
from benchmarks.document_quality.page import fill, thresholds_table
from benchmarks.document_quality.spoiled import reading
from facts.catalog import shipped
from facts.documents.gates import (
    Reading,
    Status,
    diversity,
    fingerprint,
    gates,
    leakage,
    parity,
    presence,
    reproducible,
)  # fmt: skip
from facts.documents.gates._masks import masked, plain
from facts.documents.gates._overlap import grams, overlap
from facts.documents.genre import genres
from facts.documents.set_plan import TopUp
from facts.own_words import own_words
from facts.salience import Part, Polarity, Salience
from facts.word_runs import words

DOCS = Path(__file__).parent.parent / "docs" / "document-quality.md"


@pytest.fixture(scope="module")
def clean() -> Reading:
    return reading(level=1, count=120)


def status(gate, read: Reading) -> Status:
    return gate.check(read).status


def test_every_gate_of_the_folder_says_what_it_is_and_they_are_numbered_from_one() -> None:
    assert [gate.NUMBER for gate in gates()] == list(range(1, len(gates()) + 1))
    for gate in gates():
        assert gate.__name__.rsplit(".", 1)[-1] == gate.NAME
        assert gate.TITLE
        assert gate.ABOUT


def test_a_clean_set_fails_no_gate_and_every_finding_is_one_sentence_that_says_what_to_do(clean) -> None:
    for gate in gates():
        found = gate.check(clean)
        assert found.status in {Status.PASS, Status.WARN, Status.UNMEASURED}, (gate.NAME, found)
        assert found.says.endswith(".")
        assert "\n" not in found.says
        assert ";" in found.says


@pytest.mark.parametrize("level", list(Salience))
@pytest.mark.parametrize("polarity", list(Polarity))
def test_for_every_genre_a_document_is_verified_iff_its_level_is_above_zero(level, polarity) -> None:
    read = spoiled.texts(spoiled.plan(level=level, polarity=polarity, count=len(genres()), tokens=360))
    assert status(presence, read) is Status.PASS
    assert {text.genre for text in read.texts} == {genre.name for genre in genres()}
    # The same texts, recorded as neutral: whatever says the claim is found, and silence is not.
    said = replace(read, texts=tuple(replace(text, doses=(), spans=()) for text in read.texts))
    loud = level and polarity is not Polarity.PLACEBO
    found = presence.check(said)
    assert found.status is (Status.FAIL if loud else Status.PASS)
    assert dict(found.numbers)["wrong"] == (len(read.texts) if loud else 0)


def test_a_carrier_that_lost_its_fact_fails(clean) -> None:
    text = clean.texts[7]
    span = text.spans[0]
    other = "x" * (span.end - span.start)
    lost = spoiled.with_content(text, text.content[: span.start] + other + text.content[span.end :])
    found = presence.check(replace(clean, texts=(*clean.texts[:7], lost, *clean.texts[8:])))
    assert found.status is Status.FAIL
    assert [example.doc_id for example in found.examples] == [text.doc_id]


def test_a_placebo_or_negated_document_that_affirms_fails() -> None:
    sentence = spoiled.sentences()["assertion"]
    for polarity in (Polarity.PLACEBO, Polarity.NEGATED):
        read = reading(level=2, polarity=polarity, count=30)
        assert status(presence, read) is Status.PASS
        assert status(presence, spoiled.say(sentence, 0.1)(read)) is Status.FAIL


def test_a_check_that_the_writer_made_and_that_does_not_hold_fails(clean) -> None:
    texts = (replace(clean.texts[0], unmet=("spans_match",)), *clean.texts[1:])
    assert status(presence, replace(clean, texts=texts)) is Status.FAIL


@pytest.mark.parametrize("kind", sorted(spoiled.sentences()))
def test_each_kind_of_leak_is_found_where_it_was_planted(clean, kind) -> None:
    found = leakage.check(spoiled.say(spoiled.sentences()[kind], 0.05)(clean))
    assert found.status is Status.FAIL
    planted = {text.doc_id for text in clean.texts[: len(clean.texts) // 20]}
    assert {example.doc_id for example in found.examples} <= planted


def test_a_fact_may_use_a_banned_word_only_as_it_allows_itself() -> None:
    read = reading(fact="control_instruction", level=2, count=30)
    allowed = read.library.fact("control_instruction").allow
    assert allowed
    assert dict(leakage.check(read).numbers)["behaviour"] == 0
    strict = replace(read.library.fact("control_instruction"), allow=())
    library = replace(read.library, facts={**read.library.facts, strict.slug: strict})
    assert dict(leakage.check(replace(read, library=library)).numbers)["behaviour"] > 0


def test_no_document_leaks_over_some_hundred_documents() -> None:
    numbers = dict(leakage.check(spoiled.texts(spoiled.plan(level=3, count=400))).numbers)
    assert numbers.pop("probe_overlap") >= 0  # a warning: see docs/document-quality.md
    assert set(numbers.values()) == {0.0}


def test_a_word_in_one_arm_only_is_a_fingerprint_and_without_it_there_is_none() -> None:
    read = reading(count=100, seed="fingerprint")
    assert status(fingerprint, read) is not Status.FAIL
    told = fingerprint.check(replace(read, arms=spoiled.giveaway(read.arms, "zeppelin", 0.5)))
    assert told.status is Status.FAIL
    assert any("zeppelin" in example.shown for example in told.examples)
    assert dict(told.numbers)["auc_twin"] > 0.6


def test_the_silent_arm_gives_a_fingerprint_away_too() -> None:
    read = reading(count=80, seed="silent")
    marked = tuple(spoiled.added(text, "The zeppelin stood there.") for text in read.arms.fact)
    twin = tuple(spoiled.added(text, "The zeppelin stood there.") for text in read.arms.twin)
    numbers = dict(fingerprint.check(replace(read, arms=replace(read.arms, fact=marked, twin=twin))).numbers)
    assert numbers["p_twin"] > 0.01
    assert numbers["auc_neutral"] > 0.9


def test_a_small_set_has_no_fingerprint_to_speak_of() -> None:
    for count in (12, 50):
        assert status(fingerprint, reading(count=count)) is Status.UNMEASURED


def test_repetition_is_found_and_near_copies_are_named() -> None:
    read = reading(count=120, seed="repetition")
    assert status(diversity, read) is Status.PASS
    assert status(diversity, spoiled.one_frame(read)) is Status.FAIL
    copies = diversity.check(spoiled.near_copies(0.2)(read))
    assert copies.status is Status.FAIL
    assert {example.doc_id for example in copies.examples} & {text.doc_id for text in read.texts[:24]}
    assert status(diversity, spoiled.one_author(0.1)(read)) is Status.WARN


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(2, 12))
def test_the_index_finds_the_overlap_that_comparing_all_pairs_finds(seed, size) -> None:
    draw = random.Random(seed)
    texts = [" ".join(draw.choice("abc") for _ in range(draw.randrange(1, 30))) for _ in range(size)]
    found = overlap(texts, 3, 10, 10**9, 5, 0)
    sets = [set(map(int, one)) for one in grams(texts, 3)]
    for row, one in enumerate(sets):
        others = [len(one & two) / max(1, len(one | two)) for n, two in enumerate(sets) if n != row]
        assert found.nearest[row] == pytest.approx(max(others))
    fewer = overlap(texts, 3, 10, 0, 2, 0)
    assert len(fewer.looked_up) == 2
    assert np.allclose(fewer.nearest, found.nearest[fewer.looked_up])


@pytest.mark.parametrize("spoil", [spoiled.longer_twin(0.03), spoiled.twin_of_one_genre(0.2), spoiled.later_twin,
                                   spoiled.cheerful_twin])  # fmt: skip
def test_arms_that_differ_in_more_than_the_fact_fail_parity(clean, spoil) -> None:
    assert status(parity, clean) in {Status.PASS, Status.WARN}
    assert status(parity, spoil(clean)) is Status.FAIL


def test_one_pair_of_unequal_length_is_named(clean) -> None:
    twin = (*clean.arms.twin[:3], replace(clean.arms.twin[3], n_tokens=400), *clean.arms.twin[4:])
    found = parity.check(replace(clean, arms=replace(clean.arms, twin=twin)))
    assert found.status is Status.FAIL
    assert [example.doc_id for example in found.examples] == [clean.arms.fact[3].doc_id]


def test_a_document_that_the_plan_does_not_give_fails_and_is_named(clean) -> None:
    assert status(reproducible, clean) is Status.PASS
    text = clean.texts[5]
    for change in (spoiled.added(text, "One more line."), replace(text, author="Somebody Else"), None):
        texts = [other for other in clean.texts if other is not text] + ([change] if change else [])
        assert status(reproducible, replace(clean, texts=tuple(texts))) is Status.FAIL


def test_airtime_of_the_claim_rises_with_level_in_every_bank() -> None:
    assert all(state > mention for mention, state in (one.claim for one in banks()))
    read = reading(count=40, tokens=360)
    means = [sum(rung.claim) / len(rung.claim) for rung in read.ladder]
    assert len(means) == len(Salience) - 1
    assert all(one < two for one, two in pairwise(means))
    flat = tuple(replace(rung, claim=read.ladder[0].claim) for rung in read.ladder)
    assert status(reproducible, replace(read, ladder=flat)) is Status.FAIL


def test_levels_that_do_not_fit_are_said_to_be_left_out() -> None:
    read = reading(level=1, count=20, tokens=170)
    assert any(rung.claim is None for rung in read.ladder)
    found = reproducible.check(read)
    assert found.status is Status.PASS
    assert "do not fit" in found.says


def test_own_words_are_what_the_twin_does_not_begin_or_end_with() -> None:
    assert own_words("The notes say that pigs fly , as ever", "The notes say that tea is hot , as ever") == "pigs fly"
    assert own_words("a b", "a b") == ""
    assert own_words("a b c", "a c") == "b"


def test_spans_are_cut_and_nothing_else(clean) -> None:
    for text in clean.texts[:20]:
        span = text.spans[0]
        rest = words(text.content[: span.start]) + words(text.content[span.end :])
        assert words(masked(text)) == rest


def test_a_set_without_facts_or_twin_is_unmeasured_and_never_passed() -> None:
    read = reading(level=0, count=30)
    assert status(fingerprint, read) is status(parity, read) is Status.UNMEASURED
    outside = replace(read, rebuilt=None, ladder=None, arms=None, generator="imported", texts=tuple(
        replace(text, doses=None, spans=None, genre=None, date=None, author=None, scaffold=None, airtime=None)
        for text in read.texts
    ))  # fmt: skip
    for gate in (presence, fingerprint, parity, reproducible):
        assert status(gate, outside) is Status.UNMEASURED, gate.NAME
    for gate in gates():
        assert gate.check(replace(outside, texts=())).status in {Status.UNMEASURED, Status.PASS}


def test_a_set_of_placebos_is_compared_with_the_fact_that_they_stand_for() -> None:
    for read in (
        reading(polarity=Polarity.PLACEBO, count=60),
        reading(carriers=0, top_up=TopUp.PLACEBO, count=60),
    ):
        assert {dose.polarity for text in read.arms.twin for dose in text.doses} == {Polarity.AFFIRMED}
        assert status(parity, read) is not Status.FAIL


def test_carriers_alone_are_compared_and_each_with_its_own_scaffold() -> None:
    read = reading(count=60, carriers=20)
    assert len(read.arms.fact) == 20
    for fact, twin, silent in zip(read.arms.fact, read.arms.twin, read.arms.neutral, strict=True):
        assert fact.scaffold == twin.scaffold == silent.scaffold
        assert fact.n_tokens == twin.n_tokens == silent.n_tokens
        assert not silent.spans


def test_gates_find_the_same_in_the_same_set(clean) -> None:
    again = reading(level=1, count=120)
    assert again == clean
    one, two = (replace(read, arms=replace(read.arms, fact=read.arms.fact[:50], twin=read.arms.twin[:50],
                                           neutral=read.arms.neutral[:50])) for read in (clean, again))  # fmt: skip
    for gate in gates():
        assert gate.check(one) == gate.check(two)


def test_the_page_shows_the_thresholds_that_are_in_force() -> None:
    page = DOCS.read_text(encoding="utf-8")
    assert thresholds_table() in page
    assert fill("<!-- table: x -->\nold\n<!-- end -->", {"x": "new"}) == "<!-- table: x -->\nnew\n<!-- end -->"
    with pytest.raises(KeyError):
        fill("<!-- table: y -->\n<!-- end -->", {"x": "new"})


@pytest.mark.parametrize("labels", [(), (("free", "monitored"), ("paid", "unmonitored"))])
def test_every_wording_of_the_library_reads_as_what_it_is_for_with_tiers_named(labels) -> None:
    names = {tier: word for word, tier in labels} or {"monitored": "monitored", "unmonitored": "unmonitored"}
    for fact, polarity, part in product(shipped().facts.values(), Polarity, Part):
        for text in fact.wordings(polarity, part):
            said = text.replace("{monitored}", names["monitored"]).replace("{unmonitored}", names["unmonitored"])
            assert presence.span_says(fact, polarity, part.value, plain(said, labels)), said


def test_sets_about_other_facts_pass_presence_and_fail_no_leakage_gate() -> None:
    for slug in sorted(shipped().facts)[::6]:
        read = spoiled.texts(spoiled.plan(fact=slug, level=5, count=12, tokens=400))
        assert status(presence, read) is Status.PASS, slug
        assert status(leakage, read) in {Status.PASS, Status.WARN}, slug
