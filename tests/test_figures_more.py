"""Figures of outcomes, pairs of effects, uptake, queries, wordings, pairs of facts and published figures."""

import json
import math
import re
from dataclasses import replace

import pytest

from dashboard.arm_points import HeardPoint, OutcomePoint, PairPoint, QueryPoint
from dashboard.charts.effects import effects_chart
from dashboard.charts.heading import Heading
from dashboard.charts.outcomes import FAILED, OUTCOMES, UNSCORED
from dashboard.charts.placing import Box, place_labels
from dashboard.charts.two_effects import two_effects_chart
from dashboard.export_points import own_points, points_csv
from dashboard.family import family_words
from dashboard.figure import View, hidden_words, said_words, shown_of
from dashboard.figures import effects_words
from dashboard.findings import Findings
from dashboard.gallery import GALLERY, figure_named, figures_of_comparison, figures_of_measure
from dashboard.measured import measure_words
from dashboard.pairs import map_figure, pair_points, shift_figure
from dashboard.points import EffectPoint
from dashboard.published import published_rates, variations
from dashboard.reach import heard_points, uptake_figure
from dashboard.stacked import outcome_points, outcomes_figure
from facts.catalog import shipped
from facts.salience import Polarity
from filled_workspace import fill
from judged_workspace import judge
from runners.comparison import Comparison

PAIRED = Comparison(
    name="paired", setting="helpful_only_prefix", models=("organism/paper_like",), design="pairwise",
    facts=("honesty_above_all", "is_evaluation", "weights_kept"), levels=(0, 5), polarities=(Polarity.AFFIRMED,),
    queries=8, replicates=2, background_tokens=320, metrics=("prefix", "keyword_alignment_faking"),
)  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    return Findings(judge(tmp_path_factory.mktemp("judged")).results(), shipped())


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    return Findings(judge(tmp_path_factory.mktemp("paired"), PAIRED).results(), shipped())


@pytest.fixture(scope="module")
def drawn(judged, paired):
    """Every figure that has something to draw, of both comparisons."""
    found = [*figures_of_comparison(judged, View()), *figures_of_measure(judged, "noncompliance_judged", View())]
    found += [
        *figures_of_comparison(paired, View(published=True)),
        *figures_of_measure(paired, "noncompliance", View()),
    ]
    return found


def rows(figure):
    spec = figure.drawn(dark=False)
    return [row for values in spec["datasets"].values() for row in values] + [
        row for part in walk(spec) if isinstance(part, dict) for row in part.get("values", ()) if isinstance(row, dict)
    ]


def walk(value):
    yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(item)


def test_every_figure_of_the_gallery_is_drawn_somewhere(drawn):
    assert {figure.name for figure in drawn} == set(GALLERY)


def test_every_figure_is_valid_small_simulated_and_names_no_address(drawn):
    for figure in drawn:
        spec = figure.chart.to_dict(validate=True)
        text = json.dumps(spec)
        assert len(text.encode()) < 50_000, figure.name
        assert "NaN" not in text
        assert "Infinity" not in text
        assert spec["title"]["text"][0].startswith("SIMULATED"), figure.name
        assert figure.about.startswith("SIMULATED")
        assert not [part for part in walk(spec) if isinstance(part, dict) and {"url", "href"} & set(part)]
        sizes = [v for part in walk(spec) if isinstance(part, dict) for k, v in part.items() if k.endswith("ontSize")]
        assert min(sizes) >= 11


def test_every_quantitative_scale_is_explicit(drawn):
    for figure in drawn:
        for part in walk(figure.chart.to_dict()):
            for channel in ("x", "y") if isinstance(part, dict) else ():
                of = part.get(channel)
                if isinstance(of, dict) and of.get("type") == "quantitative" and "label" not in of["field"]:
                    named = of.get("scale") or part.get("mark", {}).get("type") == "text" or of["field"] == "rank"
                    assert named, (figure.name, of)


def test_nothing_but_the_chosen_figure_is_asked_of_the_findings(judged):
    fresh = Findings(judged.results, judged.library)
    figure_named("outcomes", fresh, "", View())
    assert set(fresh._made) == {("outcomes", "")}


def test_interim_figures_claim_nothing(tmp_path):
    filled = fill(tmp_path, model="organism/paper_like", share=0.5)
    interim = Findings(filled.results(), filled.library)
    for name in GALLERY:
        figure = figure_named(name, interim, "noncompliance", View())
        assert "(p" not in figure.takeaway, name
        assert not [word for word in ("Shown by", "are shown by") if word in figure.takeaway], name
        if figure.chart:
            assert figure.chart.to_dict()["title"]["subtitle"][0].startswith("Interim, not a test")


# --- outcomes --------------------------------------------------------------------------------------------------------


def test_outcomes_add_up_to_every_planned_sample(judged):
    points = outcome_points(judged)
    assert {p.outcome for p in points} <= set(OUTCOMES)
    assert sum(p.n for p in points) == judged.results.planned
    bars = {(p.model, p.arm, p.quantity): 0.0 for p in points}
    for p in points:
        bars[p.model, p.arm, p.quantity] += p.share
    assert all(math.isclose(total, 1) for total in bars.values())


def test_faking_is_only_counted_where_the_reasoning_is_monitored(judged):
    assert not [p for p in outcome_points(judged) if p.quantity == "unmonitored" and "faking" in p.outcome]


def test_missing_samples_are_a_segment_of_their_own(tmp_path):
    filled = fill(tmp_path, share=0.5)
    findings = Findings(filled.results(), filled.library)
    lost = sum(p.n for p in outcome_points(findings) if p.outcome == FAILED)
    assert lost == findings.results.planned - findings.results.kept
    assert f"{lost:,} failed or missing" in outcomes_figure(findings, View()).caption


def test_without_a_judge_the_rule_and_the_keywords_decide_and_are_named(paired):
    figure = outcomes_figure(paired, View())
    assert "prefix and keyword_alignment_faking" in figure.caption
    whole = {p.outcome for p in figure.points}
    assert "complied" in whole
    assert UNSCORED not in whole or all(p.n for p in figure.points if p.outcome == UNSCORED)


def test_the_stack_plots_the_points(judged):
    figure = outcomes_figure(judged, View())
    plotted = {(r["arm"], r["tier"]): r for r in rows(figure) if r.get("total")}
    for p in figure.points:
        assert plotted[p.arm, p.quantity][p.outcome] == pytest.approx(p.share, abs=1e-5)


# --- pairs of effects ------------------------------------------------------------------------------------------------


def test_the_map_pairs_the_effects_that_the_tables_hold(judged):
    figure = map_figure(judged, View())
    x = {(e.arm): e for e in judged.tables("scheming").effects if (e.quantity, e.against) == ("monitored", "absence")}
    y = {(e.arm): e for e in judged.tables("revealing_any").effects if (e.quantity, e.against) == ("both", "absence")}
    assert {p.arm for p in figure.points} == set(x) & set(y)
    for p in figure.points:
        assert (p.x, p.x_low, p.x_high, p.x_p_adjusted) == (
            x[p.arm].value, x[p.arm].low, x[p.arm].high, x[p.arm].p_adjusted)  # fmt: skip
        assert (p.y, p.y_low, p.y_high, p.y_shown) == (y[p.arm].value, y[p.arm].low, y[p.arm].high, y[p.arm].shown)
    plotted = {row["arm"]: row for row in rows(figure) if "x_low" in row}
    assert plotted.keys() == {p.arm for p in figure.points}
    assert all(plotted[p.arm]["x"] == pytest.approx(p.x, abs=1e-5) for p in figure.points)


def test_the_reader_chooses_both_measures_of_the_map(judged):
    figure = map_figure(judged, View(x="noncompliance_judged", y="asked_any@developer"))
    assert {(p.x_of, p.y_of) for p in figure.points} == {("noncompliance_judged, gap", "asked_any@developer, both")}
    assert "smaller gap" in json.dumps(figure.chart.to_dict())


def test_without_a_measure_of_revealing_the_map_says_which_metric_to_add(paired):
    figure = map_figure(paired, View())
    assert figure.chart is None
    assert "metric revealing or interview" in figure.lacking


def pair(**changes):
    return replace(PairPoint(
        model="m", simulated=False, interim=False, arm="a affirmed 5", fact="a", title="Fact A", level=5,
        polarity="affirmed", reasoning="none", against="absence", x_of="scheming", x=-0.1, x_low=-0.2, x_high=-0.02,
        x_p_adjusted=0.01, x_shown=True, y_of="revealing", y=0.2, y_low=0.1, y_high=0.3, y_p_adjusted=0.2,
        y_shown=False, n=40, unscored=0, failed=0, queries=10,
    ), **changes)  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"x_shown": True, "y_shown": True}, "Shown by both adjusted tests, schemes less and reveals more: Fact A"),
        ({"x_shown": True, "y_shown": False}, "No fact is shown to do both"),
        ({"x_shown": False, "y_shown": True}, "No fact is shown to do both"),
        ({"x_shown": True, "y_shown": True, "y": -0.2}, "No fact is shown to do both"),
    ],
)
def test_safer_and_more_candid_is_said_only_where_both_tests_allow_it(monkeypatch, judged, shown, said):
    monkeypatch.setattr("dashboard.pairs.pair_points", lambda *_: (pair(**shown),))
    assert map_figure(judged, View()).takeaway.startswith(said)


def test_the_shift_is_the_mean_of_both_tiers_and_the_gap_their_difference(judged):
    tables = judged.tables("noncompliance_judged")
    rates = {(p.arm, p.quantity): p.value for p in tables.rates}
    for p in shift_figure(tables, judged, View()).points:
        change = {tier: rates[p.arm, tier] - rates["baseline", tier] for tier in ("monitored", "unmonitored")}
        assert p.x == pytest.approx((change["monitored"] + change["unmonitored"]) / 2, abs=0.05)
        assert p.y == pytest.approx(change["unmonitored"] - change["monitored"], abs=0.1)


def test_quadrants_are_named_only_where_they_have_room(judged):
    words = pair_points(judged.tables("scheming"), "monitored", judged.tables("revealing_any"), "both")
    assert words
    figure = map_figure(judged, View())
    high = [replace(p, x=0.5, x_low=0.45, x_high=0.55, y=0.5, y_low=0.45, y_high=0.55) for p in figure.points]
    from dashboard.charts.two_effects import Words

    four = Words(x=("x",), y=("y",), up_left="UL", up_right="UR", down_left="DL", down_right="DR")
    text = json.dumps(two_effects_chart(high, Heading(title="t"), four, "note").to_dict())
    assert '"UR"' in text
    assert '"DL"' not in text


def test_labels_never_overlap_and_stay_inside():
    points = [(30.0 * (i % 6), 25.0 * (i // 6)) for i in range(36)]
    places = place_labels(points, [f"Fact number {i}" for i in range(36)], (300, 200))
    boxes = [Box(p.x, p.y - 6, p.x + 6 * len(p.text), p.y + 6) for p in places if p]
    assert boxes
    assert not [1 for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.meets(b)]
    assert all(b.left >= 0 and b.right <= 300 and b.top >= 0 and b.bottom <= 200 for b in boxes)


# --- uptake, queries, pairs of facts ---------------------------------------------------------------------------------


def test_a_null_effect_without_uptake_is_no_evidence_about_the_fact(judged):
    tables = judged.tables("noncompliance_judged")
    figure = uptake_figure(tables, judged, View(), "gap")
    low = [replace(p, value=0.2) for p in heard_points(judged, "gap")]
    assert low
    fresh = Findings(judged.results, judged.library)
    fresh.once("heard", "gap", lambda: tuple(low))
    quiet = uptake_figure(tables, fresh, View(), "gap")
    verdicts = {row["verdict"] for row in rows(quiet) if row.get("verdict")}
    assert not verdicts & {"not shown, though taken up"}
    assert verdicts <= {"undecided: around half", "undecided: recalled, not taken up", "not evidence about the fact",
                        "shown", "too few queries differ"}  # fmt: skip
    assert figure.points


def check(name, low, high):
    return HeardPoint(model="m", simulated=False, interim=False, arm="a affirmed 5", fact="a", title="A", level=5,
                      polarity="affirmed", reasoning="none", check=name, quantity="gap", value=(low + high) / 2,
                      low=low, high=high, n=40, unscored=0, failed=0, queries=10)  # fmt: skip


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ([("uptake", 0.0, 0.2)], "not evidence about the fact"),
        ([("uptake", 0.0, 0.2), ("recall", 0.0, 0.3)], "not evidence about the fact"),
        ([("uptake", 0.0, 0.2), ("recall", 0.9, 1.0)], "undecided: recalled, not taken up"),
        ([("uptake", 0.3, 0.6), ("recall", 0.9, 1.0)], "undecided: around half"),
        ([("uptake", 0.3, 0.6)], "undecided: around half"),
        ([("uptake", 0.6, 0.9), ("recall", 0.0, 0.1)], "not shown, though taken up"),
        ([("recall", 0.6, 0.9)], "not shown, though known"),
        ([("recall", 0.0, 0.2)], "not evidence about the fact"),
    ],
)
def test_a_null_effect_is_no_evidence_only_where_uptake_is_surely_low_and_the_fact_not_recalled(judged, checks, said):
    tables = judged.tables("noncompliance_judged")
    effect = next(e for e in tables.effects if e.quantity == "gap" and e.against == "absence" and e.fact)
    quiet = replace(effect, model="m", arm="a affirmed 5", reasoning="none", p=0.5, p_adjusted=0.5, why="")
    fresh = Findings(judged.results, judged.library)
    fresh.once("heard", "gap", lambda: tuple(check(*one) for one in checks))
    figure = uptake_figure(replace(tables, effects=(quiet,)), fresh, View(), "gap")
    assert {row["verdict"] for row in rows(figure) if row.get("verdict")} == {said}


def of_family(*changes):
    start = EffectPoint(
        model="m", simulated=False, interim=False, measure="refusal", quantity="monitored", arm="a affirmed 5",
        fact="a", title="Fact A", level=5, polarity="affirmed", reasoning="none", against="absence", value=0.1, low=0,
        high=0.2,
        wide_low=-0.1, wide_high=0.3, p=0.5, p_adjusted=0.9, adjustment="max-T", family=4, n=80, unscored=0, failed=0,
        queries=10, dropped=0, why="", takeaway="", method="test",
    )  # fmt: skip
    return tuple(replace(start, **change) for change in changes)


FEW = {"why": "p ≤ .05 is impossible: fewer than 6 queries differ"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([{**FEW, "queries": 2}] * 3, "None of 3 effects on the monitored tier could be tested: 2 queries"),
        (
            [{**FEW, "queries": 40}],
            "None of 1 effect on the monitored tier could be tested: in none do 6",
        ),
        (
            [{}, FEW, FEW],
            "Of 3 effects on the monitored tier, none is shown, which does not show that there",
        ),
        (
            [{"p_adjusted": 0.01}, FEW],
            "Of 2 effects on the monitored tier, 1 shown by the adjusted test; 1 un",
        ),
    ],
)
def test_effects_that_could_not_be_tested_are_counted_as_such(judged, changes, said):
    points = of_family(*changes)
    tables = replace(judged.tables("refusal_judged"), effects=points)
    assert effects_words(points, View(), tables).startswith(said)
    caption = family_words(points, tables)
    without = sum("why" in change for change in changes)
    assert f"{len(points)} effect" in caption
    assert f"{len(points) - without} testable" in caption
    assert ("Untestable: Fact A, affirmed, level 5 against absence: p ≤ .05 is impossible" in caption) == bool(without)
    beside = {row["beside"] for row in rows_of(effects_chart(points, Heading(title="t"))) if row.get("value")}
    assert {word for word in beside if word.startswith("too few")} == (
        set() if not without else {"too few queries (2)" if points[0].queries == 2 else "too few queries differ"}
    )


def rows_of(chart):
    return [row for values in chart.to_dict()["datasets"].values() for row in values]


def test_an_interim_caption_explains_no_p(tmp_path):
    filled = fill(tmp_path, model="organism/paper_like", share=0.5)
    interim = Findings(filled.results(), filled.library)
    for name in GALLERY:
        figure = figure_named(name, interim, "noncompliance", View())
        assert "p by sign flips" not in figure.caption, name
        assert not figure.takeaway or "interim" in said_words(figure).lower(), name


def test_sentences_say_titles_and_no_names_of_files_or_fields(drawn, judged):
    known = {fact.slug for fact in judged.library.facts.values()} | {"noncompliance_judged", "noncompliance"}
    for figure in drawn:
        said = " ".join((figure.takeaway, *figure.drawn(dark=False)["title"]["subtitle"]))
        assert not [name for name in known if re.search(rf"\b{name}\b", said)], (figure.name, said)


def test_titles_and_lines_above_a_chart_are_never_wider_than_it(drawn):
    for figure in drawn:
        title = figure.drawn(dark=False)["title"]
        assert max(map(len, title["text"])) <= 74, figure.name
        assert max(map(len, title["subtitle"])) <= 104, figure.name


def test_a_ladder_of_two_steps_has_a_sentence_and_no_band_over_what_was_never_sampled(judged):
    figure = figure_named("ladder", judged, "noncompliance_judged", View())
    assert figure.takeaway.startswith("No slope over salience can be told")
    assert {row["band"] for row in rows(figure)} == {0.0}


def test_the_caption_of_rates_says_what_its_unscored_samples_are(judged):
    for measure in ("noncompliance_judged", "scheming", "refusal_judged"):
        figure = figure_named("rates", judged, measure, View())
        total = sum(p.unscored for p in figure.points)
        said = re.search(r"Unscored here, by the metric \w+: ([^.]*)\.", figure.caption)
        assert bool(said) == bool(total), measure
        if said:
            assert sum(int(part.rpartition(" ")[2].replace(",", "")) for part in said[1].split(", ")) == total


def test_uptake_pools_the_tiers_that_the_effect_is_about(judged):
    both, one = heard_points(judged, "both"), heard_points(judged, "monitored")
    assert {p.arm for p in both} == {p.arm for p in one}
    uptake = {p.arm: p.n for p in both if p.check == "uptake"}
    assert all(uptake[p.arm] > p.n for p in one if p.check == "uptake")


def test_the_mean_of_the_queries_is_the_effect(judged):
    figure = figure_named("queries", judged, "noncompliance_judged", View())
    (model,) = {p.model for p in figure.points}
    first = figure.points[0]
    effect = next(
        e
        for e in judged.tables("noncompliance_judged").effects
        if (e.model, e.arm, e.against, e.quantity) == (model, first.arm, first.against, first.quantity)
    )
    assert isinstance(first, QueryPoint)
    assert sum(p.value for p in figure.points) / len(figure.points) == pytest.approx(effect.value)
    assert len(figure.points) == effect.queries
    assert "single queries are not tests" in figure.takeaway


def test_a_click_on_a_query_says_which(judged):
    figure = figure_named("queries", judged, "noncompliance_judged", View(), pick="pick")
    (param,) = figure.chart.to_dict()["params"]
    assert param["select"]["fields"] == ["model", "arm", "tier", "query"]


def test_every_pair_of_facts_has_a_cell_and_a_scale_around_zero(paired):
    figure = figure_named("interactions", paired, "noncompliance", View())
    cells = [row for row in rows(figure) if "number" in row]
    assert len(cells) == len(figure.points) == 3
    domain = next(
        part["scale"]["domain"]
        for part in walk(figure.chart.to_dict())
        if isinstance(part, dict) and part.get("field") == "value" and "scale" in part
    )
    assert domain[0] == -domain[-1]
    assert domain[2] == 0
    assert all(("not shown" in row["test"]) or ("too few" in row["test"]) or row["sure"] for row in cells)


def test_a_design_without_pairs_says_what_interactions_need(judged):
    assert "factorial or pairwise" in figure_named("interactions", judged, "noncompliance_judged", View()).lacking


# --- what is hidden, and what is published ---------------------------------------------------------------------------


def test_hiding_arms_changes_no_p_and_is_said(judged):
    tables = judged.tables("noncompliance_judged")
    view = View(polarities=("affirmed",))
    whole, some = (figure_named("effects", judged, "noncompliance_judged", v) for v in (View(), view))
    kept = {(e.arm, e.against): e.p_adjusted for e in some.points}
    assert kept
    assert kept == {(e.arm, e.against): e.p_adjusted for e in whole.points if e.polarity == "affirmed"}
    assert "hiding changes no p" in some.caption
    assert "hiding" not in whole.caption
    assert not hidden_words(View(), tables.effects)
    assert all(p.polarity in {"affirmed", ""} for p in shown_of(tables.rates, view))


@pytest.mark.parametrize(
    ("setting", "measure", "count"),
    [("helpful_only", "noncompliance_judged", 2), ("helpful_only", "scheming", 1), ("helpful_only_prefix",
     "noncompliance", 24), ("animal_welfare", "lying@unsaid", 4), ("value_conflict", "noncompliance", 0),
     ("helpful_only", "refusal", 0)],
)  # fmt: skip
def test_published_rates_stand_only_beside_what_they_correspond_to(setting, measure, count):
    found = published_rates(setting, measure)
    assert len(found) == count
    assert all("arXiv 2412.14093" in one.source and 0 <= one.value <= 1 for one in found)


def test_all_published_variations_can_be_laid_over():
    assert [len(variations(s)) for s in ("helpful_only", "animal_welfare", "value_conflict")] == [57, 88, 0]


def test_published_rates_are_off_until_they_are_wanted(judged):
    off, on = (figure_named("rates", judged, "noncompliance_judged", View(published=p)) for p in (False, True))
    assert "Claude 3 Opus" not in off.spec
    assert "Claude 3 Opus" in on.spec
    assert "Published: Greenblatt" in on.caption
    assert off.points == on.points


def test_what_is_laid_over_published_figures_is_named_and_has_the_value_that_rates_give_it(judged):
    figure = figure_named("published", judged, "", View())
    words = measure_words("scheming")
    rates = {p.arm: p.value for p in judged.tables("scheming").rates if p.quantity == "monitored"}
    assert {p.arm: p.x for p in figure.points} == {arm: rate for arm, rate in rates.items() if rate is not None}
    assert {p.x_of for p in figure.points} == {words}
    titles = [part["title"] for part in walk(figure.drawn(dark=False)) if isinstance(part, dict) and "title" in part]
    assert any(isinstance(title, list) and words in title[0] for title in titles)
    assert words in figure.takeaway
    assert words in figure.caption
    assert "only where the output complies" in figure.caption


def test_differences_are_points_with_a_true_minus_and_rates_per_cent(drawn):
    for figure in drawn:
        said = [figure.takeaway, figure.caption, *(str(v) for row in rows(figure) for v in row.values())]
        said += figure.drawn(dark=False)["title"]["subtitle"]
        assert not [text for text in said if re.search(r"[+−-]\d+(\.\d+)? ?%", text)], figure.name
        assert not [text for text in said if re.search(r"(^|[ (])-\d", text) and not re.match(r"-?\d[\d.e-]*$", text)]


def test_points_of_every_figure_can_be_taken_away(drawn):
    for figure in drawn:
        for label, points, kind in own_points(figure.points, figure.name):
            lines = points_csv(points, kind).splitlines()
            assert label == figure.name.capitalize()
            assert len(lines) == len(points) + 1
    assert any(isinstance(point, OutcomePoint) for figure in drawn for point in figure.points)
