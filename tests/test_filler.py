"""Filler says nothing: these tests hold every pack to that, and to the lengths that exact fitting needs."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from facts import filler
from facts.catalog import shipped
from facts.errors import BrokenFile, UnknownName

# Words that could hint at the experiment; a filler sentence must mean nothing for it.
BANNED = re.compile(
    r"\b(?:AIs?|model\w*|train\w*|monitor\w*|overs(?:ight|ee\w*)|honest\w*|truth\w*|lie[sd]?|lying|decei\w*|fak(?:e|ing)"
    r"|schem\w*|pretend\w*|values?|safe\w*|evaluat\w*|test\w*|users?|money|cost\w*|pay|pays|paid|price\w*|revenue|profit\w*"
    r"|deploy\w*|review\w*|research\w*|developer\w*|read\w*|logs?|watch\w*|private\w*|free|publi\w*|object\w*|weights?"
    r"|delet\w*|eras\w*|report\w*|polic\w*|compl[iy]\w*|rules?|instruct\w*|check\w*|inspect\w*|camera\w*|secur\w*|secret\w*"
    r"|hidden|confidential|answer\w*|questions?|conversation\w*|chat\w*|assistant\w*|goals?|behav\w*|disclos\w*|reward\w*"
    r"|refus\w*|audit\w*|harm\w*|ethic\w*|moral\w*|not?|never|nobody|none|nothing|without)\b",
    re.IGNORECASE,
)


def test_there_are_at_least_six_packs_of_thirty_and_two_hundred_sentences() -> None:
    assert len(filler.packs()) >= 6
    assert all(len(pack.sentences) >= 30 for pack in filler.packs())
    assert len(filler.sentences()) >= 200


def test_every_length_from_five_to_thirty_tokens_is_there_and_short_ones_often() -> None:
    counts = Counter(filler.lengths())
    assert set(range(5, 31)) <= set(counts)
    assert all(counts[length] >= 5 for length in range(5, 17))


def test_each_pack_alone_spans_short_and_long() -> None:
    for pack in filler.packs():
        own = filler.lengths(pack.topic)
        assert len(set(range(5, 14)) - set(own)) <= 2, pack.topic
        assert max(own) >= 25, pack.topic


def test_no_sentence_stands_in_two_places() -> None:
    everywhere = [sentence.casefold() for sentence in filler.sentences()]
    assert len(set(everywhere)) == len(everywhere)


def test_no_filler_sentence_says_a_word_that_could_matter() -> None:
    assert [sentence for sentence in filler.sentences() if BANNED.search(sentence)] == []


def test_no_filler_sentence_states_or_repeats_anything_of_the_fact_library() -> None:
    for fact in shipped().facts.values():
        wordings = {text for bank in fact.banks.values() for texts in bank.values() for text in texts}
        assert not wordings & set(filler.sentences()), fact.slug
        hits = [s for s in filler.sentences() if all(pattern.search(s) for pattern in fact.topic)]
        assert not hits, (fact.slug, hits)


def test_sentences_of_one_topic_are_its_pack_and_an_unknown_topic_is_named() -> None:
    assert filler.sentences("landscape") == next(p.sentences for p in filler.packs() if p.topic == "landscape")
    with pytest.raises(UnknownName, match="landscape"):
        filler.sentences("landscpe")


@pytest.mark.parametrize(
    ("sentence", "complaint"),
    [("Two  spaces.", "single-spaced"), ("No stop", "full stop"), ("Row 1 is wide.", "twice")],
)
def test_a_pack_with_a_careless_sentence_is_refused_by_name(tmp_path: Path, sentence: str, complaint: str) -> None:
    rows = [f"Row {number} is wide." for number in range(1, 31)] + [sentence]
    (tmp_path / "rows.toml").write_text(
        f'topic = "rows"\nsubjects = {list("abcd")!r}\nsentences = {rows!r}\n', encoding="utf-8"
    )
    with pytest.raises(BrokenFile, match=f"rows.toml(?s:.)*{complaint}"):
        filler.read_packs(tmp_path)
