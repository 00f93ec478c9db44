"""Filler is fitted to the token, from the head of one order, so that arms differ only where facts displace it."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from facts import filler
from facts.fit import fit


def _shuffled(seed: int) -> list[int]:
    order = list(range(len(filler.lengths())))
    random.Random(seed).shuffle(order)
    return order


def test_ninety_nine_rooms_in_a_hundred_are_met_to_the_token() -> None:
    lengths = filler.lengths()
    rooms = [(seed, room) for seed in range(20) for room in range(30, 1201, 3)]
    missed = [room for seed, room in rooms if sum(lengths[i] for i in fit(lengths, _shuffled(seed), room)) != room]
    assert len(missed) <= len(rooms) // 100


@given(st.lists(st.integers(1, 40), max_size=40), st.integers(0, 400), st.randoms(use_true_random=False))
def test_any_fit_stays_within_the_room_and_uses_no_sentence_twice(lengths, room, rnd) -> None:
    order = list(range(len(lengths)))
    rnd.shuffle(order)
    chosen = fit(lengths, order, room)
    assert sum(lengths[i] for i in chosen) <= room
    assert len(set(chosen)) == len(chosen)
    assert fit(lengths, order, room) == chosen


@given(st.integers(0, 10_000), st.integers(30, 1_200), st.integers(30, 1_200))
def test_two_rooms_share_the_order_up_to_the_last_few_sentences_of_the_smaller(seed, one, other) -> None:
    lengths, order = filler.lengths(), _shuffled(seed)
    small, large = sorted((fit(lengths, order, one), fit(lengths, order, other)), key=len)
    shared = next((n for n, (a, b) in enumerate(zip(small, large, strict=False)) if a != b), len(small))
    assert shared >= len(small) - 8


@given(st.integers(0, 10_000), st.integers(4_000, 9_000))
def test_a_room_beyond_all_filler_takes_every_sentence_once(seed, room) -> None:
    assert sorted(fit(filler.lengths(), _shuffled(seed), room)) == list(range(len(filler.lengths())))
