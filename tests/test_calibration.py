"""A short form of `make calibrate`: simulated comparisons through the real pipeline, beside truths that are known."""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from organism_maker import truth_file

sys.path.append(str(Path(__file__).parent.parent))  # benchmarks/ is no package that is installed

from benchmarks.calibration import kept, page, tally, words
from benchmarks.calibration.covered import FIELDS, Covered, cells_of, cover
from benchmarks.calibration.grid import ALONE, WORLDS, World, world
from benchmarks.calibration.run import block, tasks
from benchmarks.calibration.simulate import simulate
from cache.store import Store
from dashboard import measured
from dashboard.launch import launch
from dashboard.results import load_results
from dashboard.workspace import Workspace
from facts.catalog import shipped
from facts.condition import Tier

BLOCKS = 4  # of 20 comparisons each
BLUR = 3  # standard errors that a bar is lowered by: 80 comparisons are few
NULL = World(name="short-null", organism="null", setting="helpful_only_prefix", measures=("noncompliance",),
             sizes=((14, 3),), levels=(0, 5))  # fmt: skip


def simulated(world, blocks=BLOCKS):
    parts = [block(world, number, 20, seed=3) for number in range(blocks)]
    found = {name: [part[name] for part in parts] for name in parts[0]}
    joined = {name: replace(many[0], value_SRF=np.concatenate([one.value_SRF for one in many]))
              for name, many in found.items()}  # fmt: skip
    return {line.quantity: line for line in tally.lines({world.name: joined})}


def short(name, **changes):
    return replace(world(name), polarities=ALONE, tiers=(Tier.MONITORED,), levels=(0, 5), **changes)


@pytest.fixture(scope="module")
def null():
    return simulated(NULL)


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """Queries that differ much and are asked often: where taking samples for independent goes wrong."""
    path = truth_file(tmp_path_factory.mktemp("truth"), query=2.0, facts="objections_read = { monitored = 0.3 }\n")
    return simulated(World(name="short-uneven", organism=path, setting="value_conflict", measures=("noncompliance",),
                           sizes=((12, 8),), levels=(0, 5), polarities=ALONE))  # fmt: skip


@pytest.mark.parametrize("quantity", ["rate", "difference", "gap", "gap_change"])
@pytest.mark.parametrize("world", ["null", "uneven"])
def test_intervals_hold_the_truth_as_often_as_they_say(world, quantity, request):
    line = request.getfixturevalue(world)[quantity]
    assert line.simulations == 20 * BLOCKS
    assert line.coverage.value >= tally.AVERAGE - BLUR * line.coverage.se
    assert line.degenerate == 0


def test_the_same_check_fails_for_intervals_that_take_samples_for_independent(uneven):
    rate = uneven["rate"]
    assert rate.naive.value < tally.EACH - 2 * rate.naive.se
    assert rate.naive.value < tally.AVERAGE - BLUR * rate.naive.se


def test_the_sign_flip_test_rarely_claims_what_is_not_there(null):
    for quantity in ("difference", "gap_change", "level_shift"):
        line = null[quantity]
        assert line.false.cases > 0
        assert line.false.value <= tally.TYPE_ONE + BLUR * max(line.false.se, 0.01)
        assert line.any_false.value <= tally.TYPE_ONE + BLUR * max(line.any_false.se, 0.02)


def test_a_judge_that_a_fact_misleads_is_corrected_by_labels_and_not_by_its_own_interval():
    found = simulated(short("judged-misled", sizes=((12, 4),)), blocks=2)
    raw, corrected = found["raw difference"], found["corrected difference"]
    assert raw.coverage.value < 0.7
    assert raw.bias > 0.05
    assert abs(corrected.bias) < 0.03
    for quantity in ("corrected rate", "corrected difference"):
        assert found[quantity].coverage.value >= tally.AVERAGE - BLUR * max(found[quantity].coverage.se, 0.02)


def test_loss_that_depends_on_the_outcome_breaks_the_plain_interval_and_not_the_limits_at_the_bounds():
    found = simulated(short("lossy-choice", sizes=((50, 3),)), blocks=2)
    plain, limits = found["rate, plain"], found["rate, limits at the bounds"]
    assert plain.bias < -0.03
    assert plain.coverage.value < 0.85
    assert limits.coverage.value >= tally.BOUNDED
    assert limits.width > plain.width
    # Among the replies that can be read nothing is broken.
    assert found["rate"].coverage.value >= tally.AVERAGE - BLUR * max(found["rate"].coverage.se, 0.02)


def test_estimates_are_right_on_average(null, uneven):
    for lines in (null, uneven):
        for line in lines.values():
            assert abs(line.bias) < 0.03


def test_simulations_differ_and_repeat_with_their_number():
    one = simulate(NULL, [5, 6], seed=1)
    assert (one.value_MST[:, 0] != one.value_MST[:, 1]).any()
    assert (one.value_MST == simulate(NULL, [5, 6], seed=1).value_MST).all()
    assert (one.value_MST[:, 1] == simulate(NULL, [6], seed=1).value_MST[:, 0]).all()


def test_the_short_way_counts_what_the_store_and_the_results_page_count(tmp_path):
    both = ("noncompliance", "alignment_faking_keywords")
    world = replace(NULL, organism="paper_like", measures=both, sizes=((6, 2),))
    short = simulate(world, [0], seed=4)
    comparison = replace(world.comparison(4), models=("organism/paper_like#0",))
    workspace = Workspace(root=tmp_path)
    with Store(workspace.store) as store:
        launch(comparison, shipped(), workspace, store, lambda _: None, lambda: False)
        results = load_results(comparison, shipped(), workspace, store)
    for measure in world.measures:
        (long,) = measured.cells_of(results, measure)
        mine = cells_of(short, 0, (6, 2), measure)
        assert mine.conditions == long.conditions
        assert mine.queries == long.queries
        for name in ("Y_CG", "N_CG", "unscored_CG", "refused_CG"):
            assert (getattr(mine, name) == getattr(long, name)).all(), (measure, name)


def test_a_smaller_size_is_the_beginning_of_the_same_data():
    found = simulate(NULL, [0], seed=2)
    small, large = cells_of(found, 0, (5, 2), "noncompliance"), cells_of(found, 0, (14, 3), "noncompliance")
    place = [large.queries.index(query) for query in small.queries]
    assert len(place) == 5
    assert (large.Y_CG[:, place] >= small.Y_CG).all()
    assert (small.N_CG + small.lost_CG == 2).all()


def test_partial_results_come_back_as_they_were_kept(tmp_path):
    found = simulate(NULL, [0, 1], seed=2)
    part = cover(NULL, found, (14, 3), "noncompliance", seed=0)
    kept.save(tmp_path / "part.npz", {"noncompliance/14x3": part}, 2.5)
    back = kept.load(tmp_path / "part.npz")["noncompliance/14x3"]
    assert (back.kinds, back.labels) == (part.kinds, part.labels)
    assert np.allclose(back.value_SRF, part.value_SRF, atol=1e-6, equal_nan=True)
    assert kept.seconds(tmp_path / "part.npz") == 2.5


def made_up(coverage, rows=2, times=1000):
    """Rows of rates whose intervals hold the truth 0.5 this often."""
    value = np.full((times, rows, len(FIELDS)), np.nan)
    value[..., FIELDS.index("estimate")] = 0.5
    value[..., FIELDS.index("low")], value[..., FIELDS.index("high")] = 0.4, 0.6
    value[: round((1 - coverage) * times), :, FIELDS.index("low")] = 0.55
    return Covered(kinds=("rate",) * rows, labels=tuple("ab"[:rows]), truth_R=np.full(rows, 0.5), value_SRF=value)


def test_the_error_of_a_share_counts_comparisons_not_rows():
    (one,), (two,) = (tally.lines({"w": {"m/8x1": made_up(0.9, rows)}}) for rows in (1, 2))
    assert one.coverage.value == two.coverage.value == pytest.approx(0.9)
    # Two rows that always agree say no more than one.
    assert one.coverage.se == two.coverage.se == pytest.approx(math.sqrt(0.09 / 1000), rel=0.01)


@pytest.mark.parametrize(("coverage", "fails"), [(0.95, False), (0.91, True), (0.85, True)])
def test_the_page_says_plainly_what_fails(tmp_path, coverage, fails):
    found = {WORLDS[0].name: {"noncompliance/8x1": made_up(coverage)}}
    page.write(found, simulations=1000, seed=1, sources={WORLDS[0].name: "d"}, seconds=1.0, docs=tmp_path)
    text = (tmp_path / "calibration.md").read_text(encoding="utf-8")
    assert ("misses its bar" in text) is not fails
    assert ("The mean coverage of rates is" in text) is fails
    assert ("below 0.9 by more than chance explains" in text) is (coverage < 0.9)
    assert "**not run**" in text  # the worlds that were not
    numbers = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    assert numbers["lines"][0]["coverage"]["value"] == pytest.approx(coverage)
    assert (tmp_path / "images" / "calibration.svg").read_bytes().startswith(b"<svg")


def test_every_block_of_the_grid_has_its_own_file_and_numbers():
    every = tasks(WORLDS, 50, 7, "test")
    assert len({task.path for task in every}) == len(every) == 3 * len(WORLDS)
    assert sum(task.simulations for task in every) == 50 * len(WORLDS)
    for each in WORLDS:
        assert all(words.measure(measure) != measure or measure == "scheming" for measure in each.measures)
