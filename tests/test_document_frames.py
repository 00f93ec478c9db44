"""Frames give each document sentences of its own: varied, twice at most, each as long as it says, meaning nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from facts.catalog import shipped
from facts.documents import frames
from facts.documents.document import write
from facts.documents.frames import TWICE, packs, read_packs
from facts.documents.scaffold import scaffold
from facts.errors import BrokenFile
from facts.tokens import count_tokens
from facts.verify import banned_words, says
from test_filler import BANNED

SENTENCES = {
    one.text: one for seed in "abc" for index in range(10) for one in scaffold(seed, index).pool.upto(len(packs()))
}


def test_there_are_at_least_eight_packs_and_a_hundred_and_fifty_frames_of_two_to_four_holes() -> None:
    assert len(packs()) >= 8
    every = [frame for pack in packs() for frame in pack.frames]
    assert len(every) >= 150
    assert {len(frame.holes) for frame in every} == {2, 3, 4}
    assert len({(frame.texts, frame.holes) for frame in every}) == len(every)


def test_each_pack_has_short_frames_for_openings_and_spans_short_and_long() -> None:
    for pack in packs():
        own = [one.tokens for one in SENTENCES.values() if one.topic == pack.topic]
        assert min(own) <= 6, pack.topic
        assert max(own) >= 20, pack.topic
        short = {one.frame for one in SENTENCES.values() if one.topic == pack.topic and one.tokens <= 9}
        assert len(short) >= 3, pack.topic


def test_every_sentence_counts_the_tokens_that_it_says() -> None:
    assert [text for text, one in SENTENCES.items() if count_tokens(text) != one.tokens] == []


def test_every_sentence_begins_with_a_capital_ends_in_a_full_stop_and_has_no_hole_left() -> None:
    for text in SENTENCES:
        assert text[0].isupper(), text
        assert text.endswith("."), text
        assert not set("{}\n") & set(text), text
        assert not any(f" a {vowel}" in text for vowel in "aei"), text


def test_no_sentence_says_a_word_that_could_matter_or_a_claim_of_the_library() -> None:
    assert [text for text in SENTENCES if BANNED.search(text) or banned_words(text)] == []
    for fact in shipped().facts.values():
        assert [text for text in SENTENCES if says(fact, "affirmed", text) or says(fact, "negated", text)] == []


def test_no_word_of_the_data_could_matter() -> None:
    for path in [frames.SHARED, *frames.FOLDER.glob("*.toml"), frames.FOLDER.parent / "names.toml"]:
        rows = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        assert [line for line in rows if BANNED.search(line)] == [], path.name


def test_a_document_uses_a_frame_twice_at_most_and_no_sentence_twice() -> None:
    for index in range(200):
        one = scaffold("quota", index)
        text = write(one, (), 330).text
        shown = [each for each in one.pool.upto(len(packs())) if each.text in text]
        used = Counter((each.topic, each.frame) for each in shown)
        assert max(used.values()) <= TWICE
        assert len({each.text for each in shown}) == len(shown)


def test_frames_of_a_topic_are_used_about_equally_often_in_a_set() -> None:
    used: Counter[tuple[str, int]] = Counter()
    for index in range(len(packs()) * 40):
        one = scaffold("quota", index)
        text = write(one, (), 300).text
        used.update((each.topic, each.frame) for each in one.pool.own if each.text in text)
    for pack in packs():
        counts = [used[pack.topic, number] for number in range(len(pack.frames))]
        assert min(counts) >= 0.5 * max(counts), (pack.topic, counts)


def test_two_documents_of_one_topic_share_hardly_a_sentence() -> None:
    every: Counter[str] = Counter()
    for index in range(600):
        one = scaffold("fresh", index)
        text = write(one, (), 300).text
        every.update({each.text for each in one.pool.own if each.text in text})
    assert sum(count - 1 for count in every.values()) < 0.1 * every.total()


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        ("The {thing} stays.", "2 to 4"),
        ("The {thing} and the {thin} stay.", "nothing fills {thin}"),
        ("The {thing} and the {thing}s stay.", "apart from words"),
        ("The {thing} and the {thing} stay", "ending in"),
    ],
)
def test_a_careless_frame_is_refused_by_file_and_reason(tmp_path: Path, frame: str, complaint: str) -> None:
    rows = [f"The {{thing}} of row {chr(97 + n)} is {{colour}}." for n in range(12)] + [frame]
    (tmp_path / "rows.toml").write_text(
        f'topic = "rows"\nsubjects = {list("abcd")!r}\nframes = {rows!r}\n[words]\nthing = {list("abcdef")!r}\n',
        encoding="utf-8",
    )
    with pytest.raises(BrokenFile, match=r"rows\.toml") as refusal:
        read_packs(tmp_path)
    assert complaint in str(refusal.value)
