"""What a set promises of its arms: the fact is said where it is meant, nowhere else, apart, and louder with level."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.background import Piece
from facts.catalog import shipped
from facts.documents.document import Document, write
from facts.documents.document_set import DocumentSet, build_set
from facts.documents.frames import packs
from facts.documents.genre import genres
from facts.documents.placement import Position
from facts.documents.scaffold import scaffold
from facts.documents.set_plan import Carried, SetPlan
from facts.documents.spacing import APART, space
from facts.errors import DoesNotFit
from facts.salience import Dose, Part, Polarity, Salience
from facts.tokens import count_tokens
from facts.verify import banned_words, says

LIBRARY = shipped()
FACT = LIBRARY.fact("objections_read")
_CLAIMS = (Part.MENTION, Part.STATE, Part.ELABORATE)


def _set(
    level: int, polarity: Polarity = Polarity.AFFIRMED, count: int = 58, seed: str = "s", fact: str = FACT.slug, **more
) -> DocumentSet:
    dose = Dose(fact=fact, level=Salience(level), polarity=polarity)
    return build_set(SetPlan(count=count, seed=seed, carried=(Carried(dose=dose),), **more), LIBRARY)


def _masked(document: Document) -> str:
    text = document.text
    for placed in reversed(document.placed):
        text = text[: placed.start] + text[placed.end :]
    return text


def _sentences(text: str) -> list[str]:
    return [sentence for line in text.split("\n") for sentence in re.split(r"(?<=[.?!])\s", line) if sentence]


def _skeleton(document: Document, seed: str) -> str:
    text = _masked(document)
    pool = scaffold(seed, document.index).pool.upto(len(packs()))
    for sentence in sorted({one.text for one in pool}, key=len, reverse=True):
        text = text.replace(sentence, "")
    return re.sub(r"[ \t]+(?=\n|$)|(?<= ) +|(?m:^ +)", "", text)


def test_every_genre_says_the_claim_at_every_level_above_nought_and_only_then() -> None:
    for level in Salience:
        seen: set[str] = set()
        for document in _set(level).documents:
            affirmed = [one for one in _sentences(document.text) if says(FACT, Polarity.AFFIRMED, one)]
            assert bool(affirmed) == (level > 0), document.text
            assert not [one for one in _sentences(document.text) if says(FACT, Polarity.NEGATED, one)]
            assert all(says(FACT, Polarity.AFFIRMED, p.piece.text) for p in document.placed if p.piece.part in _CLAIMS)
            seen.add(document.genre)
        assert len(seen) == len(genres())


@pytest.mark.parametrize("slug", sorted(LIBRARY.facts))
def test_placebo_and_negated_arms_never_affirm_and_say_what_they_mean(slug: str) -> None:
    fact = LIBRARY.fact(slug)
    for polarity in (Polarity.PLACEBO, Polarity.NEGATED):
        for document in _set(5, polarity, count=29, fact=slug).documents:
            sentences = _sentences(document.text)
            assert not [one for one in sentences if says(fact, Polarity.AFFIRMED, one)], document.text
            assert any(says(fact, Polarity.NEGATED, one) for one in sentences) == (polarity is Polarity.NEGATED)


@settings(max_examples=6, deadline=None)
@given(seed=st.text(max_size=6).filter(lambda text: "\0" not in text))
def test_with_spans_masked_arms_differ_only_in_displaced_filler(seed: str) -> None:
    arms = [_set(level, polarity, count=12, seed=seed) for level in (0, 1, 2, 3, 4, 5) for polarity in Polarity]
    for row in zip(*(arm.documents for arm in arms), strict=True):
        assert len({document.n_tokens for document in row}) == 1
        # A heading line that says the fact has its opening sentence displaced, which the mask takes away too.
        assert len({_skeleton(document, seed) for document in row}) == 1


def test_affirmed_and_placebo_documents_share_nearly_all_of_their_filler() -> None:
    kept, shown = 0, 0
    for one, twin in zip(_set(4).documents, _set(4, Polarity.PLACEBO).documents, strict=True):
        first, second = (set(_sentences(_masked(document))) for document in (one, twin))
        kept += len(first & second)
        shown += max(len(first), len(second))
    assert kept / shown > 0.85


def test_fact_and_placebo_open_at_the_same_place() -> None:
    pairs = zip(_set(2).documents, _set(2, Polarity.PLACEBO).documents, strict=True)
    near = [abs(one.placed[0].start - twin.placed[0].start) / len(one.text) < 0.15 for one, twin in pairs]
    assert sum(near) / len(near) > 0.9


def test_airtime_rises_strictly_with_level_over_a_set() -> None:
    for slug in LIBRARY.facts:
        for polarity in Polarity:
            airtimes: list[float] = []
            for level in (0, 2, 3, 4, 5):
                documents = _set(level, polarity, count=29, fact=slug).documents
                said = sum(count_tokens(p.piece.text) for d in documents for p in d.placed)
                airtimes.append(said / sum(d.n_tokens for d in documents))
            assert all(one < two for one, two in pairwise(airtimes)), (slug, polarity)


def test_exposures_rise_strictly_from_mention_on() -> None:
    # A mention is a whole sentence that holds the claim in a clause, so in tokens it may outweigh a plain statement.
    counts = [sum(len(document.placed) for document in _set(level).documents) for level in (0, 2, 3, 4, 5)]
    assert counts == sorted(set(counts))
    assert sum(len(document.placed) for document in _set(1).documents) > 0


@pytest.mark.parametrize("position", list(Position))
def test_statement_comes_before_elaboration_and_restatements_are_forty_words_apart(position: Position) -> None:
    for level in (3, 4, 5):
        for document in _set(level, position=position).documents:
            parts = [placed.piece.part for placed in document.placed]
            assert parts[:2] == [Part.STATE, Part.ELABORATE]
            states = [placed for placed in document.placed if placed.piece.part is Part.STATE]
            for one, two in pairwise(states):
                assert len(document.text[one.end : two.start].split()) >= APART


def test_a_document_too_short_for_distance_is_refused_with_a_length_that_works() -> None:
    refused = 0
    for index in range(60):
        base = scaffold("short", index)
        pieces = [
            Piece(fact="f", polarity=Polarity.AFFIRMED, part=Part.STATE, wording=n, text=f"Row {n} is long and wide.")
            for n in range(3)
        ]
        try:
            write(base, pieces, 150)
        except DoesNotFit as refusal:
            refused += 1
            least = int(re.findall(r"takes (\d+) tokens, not 150", str(refusal))[0])
            assert write(base, pieces, least).n_tokens == least
    assert refused > 20


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=40),
    st.lists(st.tuples(st.sampled_from([Part.STATE, Part.ELABORATE]), st.floats(0, 1)), min_size=1, max_size=5),
)
def test_places_keep_order_and_distance_or_there_are_none(words, wanted) -> None:
    at = [sum(words[:number]) for number in range(len(words) + 1)]
    pieces = [
        Piece(fact="f", polarity=Polarity.AFFIRMED, part=part, wording=n, text="five words of a fact")
        for n, (part, _) in enumerate(wanted)
    ]
    chosen = space(at, pieces, [want for _, want in wanted])
    states = [n for n, piece in enumerate(pieces) if piece.part is Part.STATE]
    if chosen is None:
        assert at[-1] < len(states) * (APART + 30)
        return
    assert list(chosen) == sorted(chosen)
    for one, two in pairwise(states):
        assert at[chosen[two]] - at[chosen[one]] + 5 * (two - one - 1) >= APART


def test_two_thousand_documents_hold_no_banned_word() -> None:
    for document in _set(5, count=2000).documents:
        assert not banned_words(document.text), document.text
