"""Documents stand on the same scaffolds in every arm, keep their length, and show each fact exactly where they say."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts import compose
from facts.background import Background
from facts.catalog import shipped
from facts.channels import documents as channel
from facts.condition import Channel, Condition, Tier
from facts.documents.frames import packs
from facts.documents.genre import genres
from facts.documents.scaffold import scaffold
from facts.errors import DoesNotFit
from facts.salience import Dose, Part, Polarity, Salience
from facts.tokens import count_tokens
from test_filler import BANNED

FACT = shipped().fact("objections_read")
LABELS = {Tier.MONITORED: "monitored", Tier.UNMONITORED: "unmonitored"}
ARMS = [(level, polarity) for level in Salience for polarity in Polarity]
DOCUMENTS = 8


def _block(
    level: int, polarity: Polarity = Polarity.AFFIRMED, seed: str = "s", *, tokens: int = 640, documents: int = 4
) -> Background:
    dose = Dose(fact=FACT.slug, level=Salience(level), polarity=polarity)
    condition = Condition(
        setting="any", doses=(dose,), channel=Channel.DOCUMENTS, background_tokens=tokens, documents=documents
    )
    return channel.background(condition, compose.pieces(FACT, dose, LABELS, seed), seed)


def _without_facts(block: Background) -> str:
    text = block.text
    for placed in reversed(block.placed):
        text = text[: placed.start] + text[placed.end :]
    return text


def _sentences(seed: str) -> list[str]:
    """All filler that the first few documents of a seed may show, longest first."""
    pools = (scaffold(seed, index).pool.upto(len(packs())) for index in range(DOCUMENTS))
    return sorted({one.text for pool in pools for one in pool}, key=len, reverse=True)


def _skeleton(block: Background, seed: str) -> str:
    text = _without_facts(block)
    for sentence in _sentences(seed):
        text = text.replace(sentence, "")
    return re.sub(r"[ \t]+(?=\n)|(?<= ) +", "", text)


def _filler_of(document: str, seed: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for sentence in _sentences(seed):
        found[sentence] = document.count(sentence)
        document = document.replace(sentence, "")
    return +found


def _airtime(block: Background) -> float:
    return sum(count_tokens(placed.piece.text) for placed in block.placed) / count_tokens(block.text)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_block() -> None:
    first = _block(4).text
    scaffold.cache_clear()
    assert _block(4).text == first
    assert _block(4, seed="t").text != first


@pytest.mark.parametrize(("level", "polarity"), ARMS)
def test_every_arm_is_exactly_as_long_as_the_condition_says(level: Salience, polarity: Polarity) -> None:
    for seed in "abcde":
        assert count_tokens(_block(level, polarity, seed).text) == 640


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=8), st.sampled_from(ARMS), st.integers(1, 12), st.integers(0, 200))
def test_length_spans_and_reading_order_hold_for_any_seed(seed, arm, number, extra) -> None:
    tokens = 240 + 110 * number + extra
    block = _block(*arm, seed=seed, tokens=tokens, documents=number)
    assert count_tokens(block.text) == tokens
    assert all(block.text[p.start : p.end] == p.piece.text for p in block.placed)
    assert all(one.end < two.start for one, two in pairwise(block.placed))
    dose = Dose(fact=FACT.slug, level=arm[0], polarity=arm[1])
    assert tuple(p.piece for p in block.placed) == compose.pieces(FACT, dose, LABELS, seed)


def test_with_facts_and_filler_masked_all_arms_are_one_text() -> None:
    for seed in "abc":
        assert len({_skeleton(_block(level, polarity, seed), seed) for level, polarity in ARMS}) == 1


def test_a_louder_arm_shows_the_filler_of_the_quieter_one_but_for_what_it_displaces() -> None:
    for seed in "abcdef":
        quiet, loud = (_without_facts(_block(level, seed=seed)).split("</document>") for level in (0, 5))
        for before, after in zip(quiet, loud, strict=True):
            assert (_filler_of(after, seed) - _filler_of(before, seed)).total() <= 3


def test_a_placebo_stands_in_the_documents_where_the_fact_stands() -> None:
    for seed in "abcdef":
        homes = {
            tuple(block.text[: p.start].count("</document>") for p in block.placed)
            for block in (_block(4, polarity, seed) for polarity in Polarity)
        }
        assert len(homes) == 1


def test_restatements_fall_in_different_documents() -> None:
    for seed in "abcdef":
        block = _block(4, seed=seed)
        assert len({block.text[: p.start].count("</document>") for p in block.placed}) == 4


def test_filler_is_not_repeated_within_a_block() -> None:
    for seed in "abcdef":
        assert set(_filler_of(_block(0, seed=seed, tokens=1600, documents=8).text, seed).values()) == {1}


def test_level_five_ends_the_last_document_with_its_late_pieces() -> None:
    for seed in "abcdef":
        block = _block(5, seed=seed)
        late = [p for p in block.placed if p.piece.late]
        assert [p.piece.part for p in late] == [Part.STATE, Part.IMPLICATION]
        assert block.text.endswith(f"{late[0].piece.text} {late[1].piece.text}\n</document>")


def test_a_louder_dose_has_more_airtime() -> None:
    # A mention is a whole sentence with the claim in a clause, so it is compared with absence only.
    for polarity in Polarity:
        for seed in "abcdef":
            airtimes = [_airtime(_block(level, polarity, seed)) for level in (0, 2, 3, 4, 5)]
            assert airtimes == sorted(set(airtimes)), (polarity, seed)
            assert _airtime(_block(1, polarity, seed)) > 0


def test_a_first_few_documents_are_of_different_genres_topics_authors_and_dates() -> None:
    few = [scaffold("few", index) for index in range(8)]
    for trait in ("genre", "topic", "author", "date"):
        assert len({getattr(one, trait) for one in few}) == 8, trait


def test_genres_come_equally_often_and_names_late_again() -> None:
    many = [scaffold("many", index) for index in range(20 * len(genres()))]
    assert set(Counter(one.genre for one in many).values()) == {20}
    assert len({one.author for one in many}) == len(many)


def test_no_scaffold_says_a_word_that_could_matter_or_a_claim_of_the_library() -> None:
    for index in range(120):
        one = scaffold("words", index)
        text = "\n".join(one.fixed)
        assert not BANNED.search(text), text
        for fact in shipped().facts.values():
            assert not all(pattern.search(text) for pattern in fact.topic), (fact.slug, text)


def test_too_small_a_background_is_refused_with_a_number_that_works_for_every_seed() -> None:
    for documents in (1, 2, 4):
        advised: set[int] = set()
        for seed in range(30):
            with pytest.raises(DoesNotFit, match=r"set it to \d+ or more") as refusal:
                _block(5, seed=str(seed), tokens=60, documents=documents)
            advised.add(int(re.findall(r"set it to (\d+)", str(refusal.value))[0]))
        for seed in range(30):
            tokens = min(advised)
            assert count_tokens(_block(5, seed=str(seed), tokens=tokens, documents=documents).text) == tokens


def test_no_documents_at_all_is_refused() -> None:
    with pytest.raises(DoesNotFit, match="set documents to 1 or more"):
        _block(1, documents=0)


def test_a_block_longer_than_all_filler_is_still_exact() -> None:
    assert count_tokens(_block(3, tokens=9_000, documents=1).text) == 9_000


@given(st.lists(st.integers(20, 200), min_size=1, max_size=12), st.integers(0, 900))
def test_shares_add_up_meet_every_need_and_are_equal_where_they_can_be(needs, spare) -> None:
    tokens = sum(needs) + spare
    given_ = channel.shares(needs, tokens)
    assert sum(given_) == tokens
    assert all(share >= least for share, least in zip(given_, needs, strict=True))
    if max(needs) <= tokens // len(needs):
        assert max(given_) - min(given_) <= 1
