"""Claims about judges: what labels say of them, corrected rates whose intervals cover, and what is never assumed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.stats.inter_rater import cohens_kappa

from dashboard.effects.corrected import corrected_contrasts, corrected_rates, jeffreys_limits
from dashboard.effects.gold import gold
from dashboard.effects.judges import judge_quality, two_phase_contrasts
from dashboard.effects.rates import rate_intervals

DIFFERENCE = np.array([[-1.0, 1.0]])


def one_condition(yes, no, labelled, positive, queries=10):
    """Counts of one condition, verdicts and labels spread over queries as evenly as they go."""

    def spread(count):
        return np.array([count // queries + (g < count % queries) for g in range(queries)], dtype=float)

    verdicts = [spread(yes), spread(no)]
    labels = [spread(n) for n in labelled]
    hits = [np.minimum(spread(k), n) for k, n in zip(positive, labels, strict=True)]
    return gold(verdicts[0][None], (verdicts[0] + verdicts[1])[None], np.stack(labels)[None], np.stack(hits)[None])


def test_the_figures_are_those_worked_by_hand():
    """100 yes (40 labelled, 30 true) and 100 no (20 labelled, 2 true): 75 and 10 truly positive of 200."""
    (found,) = judge_quality(one_condition(100, 100, (40, 20), (30, 2)), seed=0)
    assert found.precision.value == pytest.approx(30 / 40)
    assert found.recall.value == pytest.approx(75 / 85)
    assert found.specificity.value == pytest.approx(90 / 115)
    assert found.raw == pytest.approx(0.5)
    assert found.corrected.value == pytest.approx(85 / 200)
    table = np.array([[75, 25], [10, 90]])  # judge × label, weighted back to all samples
    assert found.kappa.value == pytest.approx(float(cohens_kappa(table).kappa))
    assert (found.samples, found.labelled, found.positive) == ((100, 100), (40, 20), (30, 2))


def test_precision_has_jeffreys_interval():
    (found,) = judge_quality(one_condition(400, 400, (40, 20), (30, 2)), seed=0, draws=40_000)
    expected = stats.beta.ppf([0.025, 0.975], 30.5, 10.5)
    assert (found.precision.low, found.precision.high) == pytest.approx(tuple(expected), abs=0.005)
    low, high = jeffreys_limits(np.array([30.0, 0, 5]), np.array([40.0, 20, 5]))
    assert (low[0], high[0]) == pytest.approx(tuple(expected))
    assert (low[1], high[2]) == (0, 1)


def test_with_every_sample_labelled_the_corrected_rate_is_peoples_own_and_only_queries_make_it_uncertain():
    Y, N = np.array([[3, 1, 4, 0, 2, 2]]), np.full((1, 6), 5)
    positive = np.array([[[2, 1, 4, 0, 1, 2], [1, 0, 0, 1, 0, 0]]])
    counts = gold(Y, N, np.stack([Y, N - Y], axis=1), positive)
    (quality,) = judge_quality(counts, seed=0)
    assert quality.corrected.value == quality.corrected.low == quality.corrected.high == pytest.approx(12 / 30)
    found = corrected_rates(counts)
    assert found.rate[0] == pytest.approx(12 / 30)
    plain = rate_intervals(positive.sum(axis=1), N)
    assert found.high[0] - found.low[0] == pytest.approx(plain.high[0] - plain.low[0], rel=0.2)


def test_a_stratum_without_labels_is_flagged_and_never_taken_as_known():
    counts = one_condition(20, 180, (20, 0), (15, 0))
    (found,) = judge_quality(counts, seed=0)
    assert found.unlabelled == ("judge no",)
    assert found.precision.value == pytest.approx(0.75)  # what is labelled is still said
    assert found.recall.value is found.specificity.value is found.kappa.value is found.corrected.value is None
    assert "no label under judge no" in found.recall.reason
    assert found.corrected.high - found.corrected.low > 0.8
    population = corrected_rates(counts)
    assert np.isnan(population.rate[0])
    assert population.low[0] <= 15 / 200
    assert population.high[0] >= 0.97
    assert np.isnan(corrected_contrasts(counts, [[1.0]]).low[0])
    assert np.isnan(two_phase_contrasts(counts, [[1.0]], seed=0).low[0])


def test_with_no_label_at_all_nothing_but_the_raw_rate_is_said():
    counts = one_condition(60, 140, (0, 0), (0, 0))
    (found,) = judge_quality(counts, seed=0)
    assert found.raw == pytest.approx(0.3)
    assert found.unlabelled == ("judge yes", "judge no")
    assert found.precision.value is found.corrected.value is None
    population = corrected_rates(counts)
    assert np.isnan(population.rate[0])
    assert (population.low[0], population.high[0]) == (0, 1)


def test_a_stratum_without_samples_needs_no_labels():
    (found,) = judge_quality(one_condition(0, 200, (0, 30), (0, 3)), seed=0)
    assert found.unlabelled == ()
    assert found.corrected.value == pytest.approx(0.1)
    assert (found.precision.value, found.precision.reason) == (None, "the judge never says yes")
    assert found.recall.value == 0


def test_no_hit_among_the_labels_is_never_certainty():
    counts = one_condition(0, 200, (0, 20), (0, 0))
    (found,) = judge_quality(counts, seed=0)
    assert found.corrected.value == 0
    assert found.corrected.low == 0
    assert found.corrected.high > 0.05
    assert (found.recall.value, found.recall.reason) == (None, "no label is positive")
    assert (found.kappa.value, found.kappa.reason) == (None, "judge and labels use one and the same class only")
    population = corrected_rates(counts)
    assert (population.low[0], population.rate[0]) == (0, 0)
    assert population.high[0] > found.corrected.high


def test_all_ones_is_the_mirror_image_of_all_zeros():
    zeros, ones = one_condition(0, 200, (0, 20), (0, 0)), one_condition(200, 0, (20, 0), (20, 0))
    low, high = corrected_rates(zeros), corrected_rates(ones)
    assert (high.rate[0], high.high[0]) == (1, 1)
    assert high.low[0] == pytest.approx(1 - low.high[0])


def test_one_query_and_no_query_break_nothing():
    found = corrected_rates(one_condition(4, 6, (4, 3), (2, 1), queries=1))
    assert 0 <= found.low[0] < found.rate[0] < found.high[0] <= 1
    empty = corrected_rates(gold(np.zeros((1, 0)), np.zeros((1, 0)), np.zeros((1, 2, 0)), np.zeros((1, 2, 0))))
    assert np.isnan(empty.rate[0])
    assert (empty.low[0], empty.high[0]) == (0, 1)
    (quality,) = judge_quality(one_condition(0, 0, (0, 0), (0, 0)), seed=0)
    assert (quality.raw, quality.corrected.reason) == (None, "no sample has a verdict")


def test_queries_weigh_equally_however_many_samples_they_have():
    Y, N = np.array([[2.0, 20.0]]), np.array([[4.0, 80.0]])
    labelled, positive = np.stack([Y, N - Y], axis=1), np.array([[[2.0, 10.0], [0.0, 6.0]]])
    found = corrected_rates(gold(Y, N, labelled, positive))
    assert found.raw[0] == pytest.approx((2 / 4 + 20 / 80) / 2)
    assert found.rate[0] == pytest.approx((2 / 4 + 16 / 80) / 2)


@st.composite
def tables(draw):
    queries = draw(st.integers(1, 6))
    cell = st.lists(st.integers(0, 5), min_size=4 * queries, max_size=4 * queries)
    verdicts = np.array(draw(cell)).reshape(2, 2, queries)
    labelled = np.minimum(np.array(draw(cell)).reshape(verdicts.shape), verdicts)
    positive = np.minimum(np.array(draw(cell)).reshape(verdicts.shape), labelled)
    return gold(verdicts[:, 0], verdicts.sum(axis=1), labelled, positive)


@given(tables())
def test_limits_enclose_the_value_and_stay_between_0_and_1(counts):
    found = corrected_rates(counts)
    known = ~np.isnan(found.rate)
    assert ((found.low >= 0) & (found.high <= 1) & (found.low <= found.high)).all()
    assert ((found.low <= found.rate + 1e-9) & (found.rate <= found.high + 1e-9))[known].all()
    for quality in judge_quality(counts, seed=0, draws=50):
        for one in (quality.precision, quality.recall, quality.specificity, quality.kappa, quality.corrected):
            assert (one.value is None) == bool(one.reason)
            if one.value is not None:
                assert -1 - 1e-9 <= one.low <= one.value <= one.high <= 1 + 1e-9
    between = corrected_contrasts(counts, DIFFERENCE)
    two = two_phase_contrasts(counts, DIFFERENCE, seed=0, draws=50)
    if known.all():
        assert between.low[0] <= between.estimate[0] <= between.high[0]
        assert two.low[0] <= two.estimate[0] <= two.high[0]
        assert between.estimate[0] == pytest.approx(found.rate[1] - found.rate[0], abs=1e-9)


def test_the_seed_decides_the_draws():
    counts = one_condition(50, 150, (20, 20), (15, 1))
    assert judge_quality(counts, seed=1) == judge_quality(counts, seed=1)
    assert judge_quality(counts, seed=1) != judge_quality(counts, seed=2)


@pytest.mark.parametrize(
    ("labelled", "positive", "words"),
    [
        ([[[3], [0]]], [[[0], [0]]], "labels ≤ samples"),
        ([[[1], [0]]], [[[2], [0]]], "positive labels"),
        ([[[np.nan], [0]]], [[[0], [0]]], "finite"),
        ([[1]], [[1]], "conditions × 2 × queries"),
    ],
)
def test_counts_that_cannot_be_are_refused_in_words(labelled, positive, words):
    with pytest.raises(ValueError, match=words):
        gold([[2]], [[5]], labelled, positive)


def test_a_contrast_needs_a_weight_per_condition():
    counts = one_condition(50, 150, (20, 20), (15, 1))
    for work in (
        lambda: corrected_contrasts(counts, DIFFERENCE),
        lambda: two_phase_contrasts(counts, [[1, 2]], seed=0),
    ):
        with pytest.raises(ValueError, match="one finite weight per condition"):
            work()


# A short form of benchmarks/corrected_rates.py: rates, sensitivity and specificity of two conditions, queries,
# replicates, ICC, labels per verdict.
SETTINGS = [
    ((0.05, 0.05), (0.9, 0.9), (0.98, 0.85), 30, 5, 0.2, 20),
    ((0.20, 0.20), (0.6, 0.9), (0.97, 0.85), 20, 10, 0.3, 30),
    ((0.10, 0.30), (0.8, 0.6), (0.95, 0.90), 40, 5, 0.1, 15),
    ((0.10, 0.10), (0.6, 0.9), (0.90, 0.85), 20, 10, 0.3, 100),
]
TIMES = 250


def simulated(setting, seed):
    rates, sensitivity, specificity, queries, replicates, icc, labels = setting
    random, size = np.random.default_rng(seed), (1 - icc) / icc
    mixed = special.ndtr(
        np.sqrt(0.7) * random.normal(size=(1, queries)) + np.sqrt(0.3) * random.normal(size=(2, queries))
    )
    p, caught, cleared = (np.array(values)[:, None] for values in (rates, sensitivity, specificity))
    true = random.random((2, queries, replicates)) < special.betaincinv(p * size, (1 - p) * size, mixed)[..., None]
    yes = random.random(true.shape) < np.where(true, caught[..., None], 1 - cleared[..., None])
    labelled, positive = np.zeros((2, 2, 2, queries))
    for c in range(2):
        for v, stratum in enumerate((yes[c], ~yes[c])):
            g, r = np.nonzero(stratum)
            chosen = random.permutation(len(g))[:labels]
            np.add.at(labelled[c, v], g[chosen], 1)
            np.add.at(positive[c, v], g[chosen], true[c, g[chosen], r[chosen]])
    return gold(yes.sum(axis=2), np.full((2, queries), replicates), labelled, positive)


def test_corrected_rates_cover_the_population_where_raw_rates_do_not():
    covered, raw, change = [], [], []
    for number, setting in enumerate(SETTINGS):
        truth = np.array(setting[0])
        for time in range(TIMES):
            counts = simulated(setting, [5, number, time])
            one, between = corrected_rates(counts), corrected_contrasts(counts, DIFFERENCE)
            plain = rate_intervals(counts.verdict_CVG[:, 0], counts.scored_CG)
            covered.append((one.low <= truth) & (truth <= one.high))
            raw.append((plain.low <= truth) & (truth <= plain.high))
            change.append(between.low[0] <= truth[1] - truth[0] <= between.high[0])
    each = np.array(covered).reshape(len(SETTINGS), TIMES, 2).mean(axis=1)
    # The bar is .93; 250 draws blur a setting by .016, and this is two of them below it.
    assert each.mean() >= 0.93
    assert each.min() >= 0.93 - 0.032
    assert np.mean(change) >= 0.93
    assert np.mean(raw) < 0.6


def test_a_fact_that_changes_the_judge_alone_is_not_taken_for_an_effect():
    """The judge's specificity falls from .98 to .85 and nothing else does: raw rates differ, corrected do not."""
    raw, corrected = 0, 0
    for time in range(TIMES):
        counts = simulated(SETTINGS[0], [6, time])
        between = corrected_contrasts(counts, DIFFERENCE)
        plain = rate_intervals(counts.verdict_CVG[:, 0], counts.scored_CG)
        raw += plain.high[0] < plain.low[1]
        corrected += not between.low[0] <= 0 <= between.high[0]
    assert raw / TIMES > 0.3
    assert corrected / TIMES <= 0.06
