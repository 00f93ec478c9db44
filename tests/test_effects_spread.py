"""Claims about paraphrases: a spread that is there is found, one that is chance is not, and nobody's is unknown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashboard.effects.cells import collapse
from dashboard.effects.effect import Against, Kind
from dashboard.effects.observation import Columns
from dashboard.effects.paraphrases import frame_spreads, wording_spreads
from dashboard.effects.planned import planned, weight_matrix
from dashboard.effects.spread import spreads
from dashboard.effects.table import effect_rows
from facts.condition import Condition, Tier
from facts.designs import one_at_a_time
from facts.salience import Dose, Polarity, Salience

READ = Dose(fact="read", level=Salience.STATED)


def counts(seed, *, queries=60, replicates=10, groups=8, tau=0.0, level=0.0, between=0.2):
    """Two arms: paraphrases move both by ``level``, the second alone by ``tau`` (SDs); queries by ``between``.

    Also the true variance of the eight movements of the second arm, that being what can be found.
    """
    random = np.random.default_rng(seed)
    group = random.integers(0, groups, (queries, replicates))
    moved, both, query = (
        random.normal(0, tau, groups),
        random.normal(0, level, groups),
        random.normal(size=(2, queries, 1)),
    )
    rates = [0.4 + between * query[0] + both[group], 0.45 + between * query[1] + both[group] + moved[group]]
    Y, N = np.zeros((2, queries, groups)), np.zeros((2, queries, groups))
    for arm, rate in enumerate(rates):
        yes = random.random(rate.shape) < np.clip(rate, 0, 1)
        np.add.at(Y[arm], (np.arange(queries)[:, None], group), yes)
        np.add.at(N[arm], (np.arange(queries)[:, None], group), 1)
    return Y, N, moved.var(ddof=1)


DIFFERENCE = np.array([[-1.0, 1.0]])


@pytest.mark.parametrize(
    "world",
    [
        {"tau": 0.0},
        {"tau": 0.1},
        {"tau": 0.0, "level": 0.1},
        {"tau": 0.15, "queries": 20, "replicates": 5, "groups": 5},
    ],
    ids=str,
)
def test_the_variance_between_paraphrases_is_recovered_whatever_queries_and_shared_movements_do(world):
    found = [(spreads(Y, N, DIFFERENCE).variance[0], true) for Y, N, true in (counts(s, **world) for s in range(200))]
    error = np.array([variance - true for variance, true in found])
    # Rates that are clipped at 0 and 1 move a little less than was drawn: 8 % of the variance.
    assert abs(error.mean()) < 3 * error.std() / np.sqrt(200) + 0.08 * world["tau"] ** 2


def test_chance_alone_gives_about_no_spread_though_single_paraphrases_differ_widely():
    found = [spreads(*counts(s)[:2], DIFFERENCE) for s in range(100)]
    assert np.median([f.sd[0] for f in found]) < 0.03
    assert np.mean([f.high[0] - f.low[0] for f in found]) > 0.15
    assert np.mean([f.variance[0] < 0 for f in found]) == pytest.approx(0.5, abs=0.2)


def test_the_written_out_least_squares_give_the_same_variance():
    """Henderson's method III with dummy variables and full matrices, one contrast, no tricks."""
    Y, N, _ = counts(3, queries=12, replicates=6, groups=4, tau=0.2)
    whole = (N > 0).all(axis=0)
    g, p = np.nonzero(whole)
    d = (Y[1] / np.maximum(N[1], 1) - Y[0] / np.maximum(N[0], 1))[whole]
    n = N[0][whole]  # both arms have the same trials, so a cell is worth that many
    each = Y.sum(axis=2) * (N.sum(axis=2) - Y.sum(axis=2)) / (N.sum(axis=2) * (N.sum(axis=2) - 1))
    chance = (each.sum(axis=0)[g]) / n
    W, Q, P = np.diag(n), np.eye(12)[g], np.eye(4)[p]
    M = W - W @ Q @ np.linalg.pinv(Q.T @ W @ Q) @ Q.T @ W
    A = P.T @ M @ P
    pinv = np.linalg.pinv(A)
    fitted = d @ M @ P @ pinv @ P.T @ M @ d
    expected = (fitted - np.trace(pinv @ P.T @ M @ np.diag(chance) @ M @ P)) / np.trace(A)
    found = spreads(Y, N, DIFFERENCE)
    assert found.variance[0] == pytest.approx(expected, abs=1e-7)
    effects = pinv @ P.T @ M @ d
    centred = effects - (n @ P @ effects) / n.sum() + (n @ d) / n.sum()
    assert (found.low[0], found.high[0]) == (
        pytest.approx(centred.min(), abs=1e-6),
        pytest.approx(centred.max(), abs=1e-6),
    )
    assert (found.paraphrases[0], found.trials[0]) == (4, 2 * n.sum())


def test_with_one_sample_a_query_paraphrases_and_queries_cannot_be_told_apart():
    Y, N, _ = counts(0, replicates=1)
    found = spreads(Y, N, DIFFERENCE)
    assert np.isnan([found.sd[0], found.low[0], found.high[0]]).all()
    assert found.paraphrases[0] == 0


def test_a_cell_that_misses_an_arm_is_left_out_and_numbers_do_not_depend_on_the_block():
    Y, N, _ = counts(1, tau=0.1)
    N[0, :, 3] = Y[0, :, 3] = 0
    found = spreads(Y, N, np.repeat(DIFFERENCE, 900, axis=0))
    assert set(found.paraphrases.tolist()) == {7}
    np.testing.assert_allclose(found.sd, spreads(Y, N, DIFFERENCE).sd[0], rtol=1e-9)
    without = spreads(np.delete(Y, 3, 2), np.delete(N, 3, 2), DIFFERENCE)
    assert found.sd[0] == pytest.approx(without.sd[0], rel=0.02)  # the other arm's rate still knows of those samples
    assert found.trials[0] == without.trials[0]


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(ValueError, match="one weight per condition"):
        spreads(np.zeros((2, 3, 4)), np.zeros((2, 3, 4)), [[1.0]])
    with pytest.raises(ValueError, match="successes ≤ trials"):
        spreads(np.ones((1, 3, 4)), np.zeros((1, 3, 4)), [[1.0]])
    assert spreads(np.ones((1, 3, 4)), np.ones((1, 3, 4)), np.empty((0, 1))).sd.shape == (0,)


def trials(*, arms, queries=40, replicates=12, frames=6, wordings=5, frame_tau=0.0, wording_tau=0.0, seed=0) -> Columns:
    """Rows in which a fact's wording (drawn per query and replicate) and the frame move what the fact does."""
    random = np.random.default_rng(seed)
    conditions = tuple(Condition(setting="s", doses=arm, tier=tier) for arm in arms for tier in Tier)
    c, g, r = (a.ravel() for a in np.meshgrid(range(len(conditions)), range(queries), range(replicates), indexing="ij"))
    frame, wording = (
        random.integers(0, frames, (queries, replicates)),
        random.integers(0, wordings, (queries, replicates)),
    )
    by_frame, by_wording = random.normal(0, frame_tau, frames), random.normal(0, wording_tau, wordings)
    by_frame, by_wording = by_frame - by_frame.mean(), by_wording - by_wording.mean()
    says = np.array([any(d.polarity is Polarity.AFFIRMED for d in x.doses) for x in conditions])[c]
    shows = np.array([bool(x.doses) for x in conditions])[c]
    rate = 0.4 + says * (0.1 + by_frame[frame[g, r]] + by_wording[wording[g, r]])
    return Columns(
        models=("m",), conditions=conditions, queries=tuple(f"q{i:02}" for i in range(queries)), measures=("refused",),
        model_R=np.zeros(len(c), dtype=np.int64), condition_R=c, query_R=g, replicate_R=r,
        value_MR=(random.random(len(c)) < rate).astype(np.int8)[None], failed_R=np.zeros(len(c), dtype=bool),
        refused_R=np.zeros(len(c), dtype=bool), frames=tuple(f"frame {i}" for i in range(frames)), frame_R=frame[g, r],
        facts=("read",), wording_FR=np.where(shows, wording[g, r], -1)[None],
    )  # fmt: skip


ARMS = one_at_a_time(["read"], [0, 2], [Polarity.AFFIRMED, Polarity.PLACEBO])


def about(effects, against=Against.ABSENCE):
    (found,) = (e for e in effects if e.kind is Kind.LEVEL_SHIFT and e.doses == (READ,) and e.against is against)
    return found


def test_rows_show_the_spread_between_frames_and_between_the_facts_own_wordings_apart():
    by_frame = [trials(arms=ARMS, frame_tau=0.15, seed=s) for s in range(5)]
    by_wording = [trials(arms=ARMS, wording_tau=0.15, seed=s) for s in range(5)]
    sides = (Against.ABSENCE, Against.PLACEBO)
    frame, wording = (
        [about(effect_rows(collapse(rows), rows=rows), side) for rows in world for side in sides]
        for world in (by_frame, by_wording)
    )
    assert np.mean([e.frame_sd for e in frame]) == pytest.approx(0.15, abs=0.06)
    assert np.mean([e.wording_sd for e in frame]) < 0.04
    assert np.mean([e.wording_sd for e in wording]) == pytest.approx(0.15, abs=0.06)
    assert np.mean([e.frame_sd for e in wording]) < 0.04
    assert {(e.frames, e.wordings) for e in frame + wording} == {(6, 5)}
    assert all(e.frame_low < e.estimate < e.frame_high for e in frame)


def test_the_baseline_shares_the_wording_that_its_query_and_replicate_would_have_shown():
    rows = trials(arms=ARMS, wording_tau=0.2, seed=2)
    (cells,) = collapse(rows)
    contrasts = [item for item in planned(cells.conditions) if item.world.doses == (READ,)]
    c_KC = weight_matrix(tuple(contrasts), len(cells.conditions))
    found = wording_spreads(rows, cells, READ, c_KC)
    assert found.trials.tolist() == [480 * np.count_nonzero(row) for row in c_KC]  # none is left out


def test_a_gap_without_facts_has_frames_and_no_wordings():
    rows = trials(arms=ARMS)
    (gap,) = (e for e in effect_rows(collapse(rows), rows=rows) if e.kind is Kind.GAP and not e.doses)
    assert (gap.frames, gap.wordings, gap.wording_sd) == (6, None, None)


def test_without_names_of_paraphrases_nothing_is_known_and_nothing_else_changes():
    rows = trials(arms=ARMS)
    bare = replace(rows, frames=(), frame_R=None, facts=(), wording_FR=None)
    named, unnamed, without = (effect_rows(collapse(bare), rows=given) for given in (rows, bare, None))
    assert unnamed == without
    assert {(e.frame_sd, e.wording_sd, e.frames, e.wordings) for e in without} == {(None,) * 4}
    assert [(e.estimate, e.p_adjusted) for e in named] == [(e.estimate, e.p_adjusted) for e in without]


def test_lost_rows_and_rows_without_a_known_frame_are_left_out():
    rows = trials(arms=ARMS)
    frame, value, failed = rows.frame_R.copy(), rows.value_MR.copy(), rows.failed_R.copy()
    frame[:100], value[0, 100:200], failed[200:300] = -1, -1, True
    rows = replace(rows, frame_R=frame, value_MR=value, failed_R=failed)
    (cells,) = collapse(rows)
    found = frame_spreads(rows, cells, np.eye(len(cells.conditions))[:1])
    assert found.trials[0] == np.count_nonzero(rows.condition_R == 0) - 300


def test_each_model_is_read_from_its_own_rows():
    one, two = trials(arms=ARMS, seed=1), trials(arms=ARMS, seed=2)
    joined = {
        name: np.concatenate([getattr(one, name), getattr(two, name)], axis=-1)
        for name in ("condition_R", "query_R", "replicate_R", "value_MR", "failed_R", "refused_R", "frame_R",
                     "wording_FR")
    }  # fmt: skip
    both = replace(one, models=("m", "n"), model_R=np.repeat([0, 1], len(one.model_R)), **joined)
    for cells, alone in zip(collapse(both), (one, two), strict=True):
        c_KC = weight_matrix(planned(cells.conditions), len(cells.conditions))
        (own,) = collapse(alone)
        np.testing.assert_array_equal(frame_spreads(both, cells, c_KC).sd, frame_spreads(alone, own, c_KC).sd)


def test_rows_that_the_cells_do_not_come_from_are_refused():
    rows = trials(arms=ARMS)
    (cells,) = collapse(rows)
    with pytest.raises(ValueError, match="pass those the cells come from"):
        frame_spreads(rows, replace(cells, measure="faking"), np.eye(len(cells.conditions)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"frame_R": np.full(2880, 6)}, "codes into frames"), ({"frame_R": np.full(3, 0)}, "codes into frames"),
     ({"wording_FR": np.full((1, 2880), -2)}, "facts × rows"), ({"wording_FR": np.full((2, 4), 0)}, "facts × rows")],
)  # fmt: skip
def test_codes_that_point_nowhere_are_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        replace(trials(arms=ARMS), **fields)
