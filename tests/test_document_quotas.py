"""Attributes are drawn by quota, so that small sets are diverse and large ones balanced; names come late again."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.documents.cast import cast
from facts.documents.genre import genres
from facts.documents.scaffold import Scaffold, scaffold
from facts.documents.turns import in_turn, latin_row

TRAITS = ("genre", "topic", "place", "perspective", "audience", "register", "formatting")


def _trait(one: Scaffold, trait: str) -> str:
    return getattr(one, trait) if hasattr(one, trait) else getattr(one.attributes, trait)


@settings(max_examples=10, deadline=None)
@given(seed=st.text(max_size=6))
@pytest.mark.parametrize("trait", TRAITS)
def test_each_value_of_an_attribute_comes_equally_often(trait: str, seed: str) -> None:
    counts = Counter(_trait(scaffold(seed, index), trait) for index in range(96))
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_set_of_twenty_four_has_twenty_four_genres_authors_places_and_dates() -> None:
    few = [scaffold("few", index) for index in range(24)]
    for trait in ("genre", "author", "date", "place"):
        assert len({getattr(one, trait) for one in few}) == 24, trait


def test_no_two_attributes_go_in_step() -> None:
    many = [scaffold("step", index) for index in range(960)]
    for one, other in combinations(TRAITS, 2):
        pairs = Counter((_trait(each, one), _trait(each, other)) for each in many)
        possible = len({a for a, _ in pairs}) * len({b for _, b in pairs})
        assert len(pairs) >= 0.4 * min(possible, 960), (one, other)


def test_every_genre_comes_in_every_layout_and_topic() -> None:
    many = [scaffold("layouts", index) for index in range(len(genres()) * 40)]
    for genre in genres():
        mine = [one for one in many if one.genre == genre.name]
        assert len({one.slots for one in mine}) == 2, genre.name
        assert len({one.topic for one in mine}) >= 7, genre.name


def test_no_full_name_comes_back_before_all_have_come() -> None:
    names = [dict(cast("names", str(index), index).holes) for index in range(8_000)]
    full = [holes[role] for holes in names for role in ("author", "second", "third")]
    assert len(set(full)) == len(full) == 24_000


def test_no_name_has_more_than_a_small_share() -> None:
    given_names = Counter(dict(cast("share", str(index), index).holes)["author_given"] for index in range(2_000))
    assert max(given_names.values()) / 2_000 < 0.02


@given(st.integers(1, 40), st.integers(0, 500), st.text(max_size=4))
def test_turns_are_rounds_and_rows_are_latin(length: int, start: int, name: str) -> None:
    first = start - start % length
    assert sorted(in_turn(range(length), first + n, name) for n in range(length)) == list(range(length))
    rows = [latin_row(length, first + n, name) for n in range(length)]
    assert all(sorted(line) == list(range(length)) for line in (*rows, *zip(*rows, strict=True)))
