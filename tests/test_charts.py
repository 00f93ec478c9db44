"""Charts are pure functions of points: same points, same specification; nothing in a label is ever live."""

import contextlib
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.effects import effects_chart
from dashboard.charts.heading import Heading
from dashboard.charts.ladder import ladder_chart
from dashboard.charts.rates import rates_chart
from dashboard.charts.theme import MOST_MARKS, rounded_limits
from dashboard.points import EffectPoint, Point
from dashboard.render import RenderError, render

HEADING = Heading(title="Did not comply", axis="Did not comply", source="small · model", kept=10, planned=10)
HOSTILE = "</script><img src=x onerror=alert(1)> ![x](http://evil.example/) ${datum} \\u003c"
FACTS = (("a", "Fact A"), ("b", "Fact B"))


def point(quantity="monitored", fact="", title="No fact (baseline)", level=0, polarity="", **changes):
    start = Point(
        model="m", simulated=False, interim=False, measure="noncompliance", quantity=quantity,
        arm=f"{fact} {polarity} {level}" if fact else "baseline", fact=fact, title=title, level=level,
        polarity=polarity, reasoning="none", airtime=0.03 * level, value=0.25 + 0.05 * level, low=0.2, high=0.6, n=40,
        unscored=1, failed=2, queries=10, possible_low=0.1, possible_high=0.7, method="test",
    )  # fmt: skip
    return replace(start, **changes)


def points(*quantities, **changes):
    return [
        replace(point(quantity, fact, title, level, polarity), **changes)
        for quantity in quantities
        for fact, title, level, polarity in (
            ("", "No fact (baseline)", 0, ""),
            *((f, t, level, p) for f, t in FACTS for p in ("affirmed", "placebo") for level in (2, 5)),
        )
    ]


def effect(**changes):
    start = EffectPoint(
        model="m", simulated=False, interim=False, measure="noncompliance", quantity="gap", arm="a affirmed 5",
        fact="a", title="Fact A", level=5, polarity="affirmed", reasoning="none", against="absence", value=-0.1,
        low=-0.2, high=-0.01, wide_low=-0.3, wide_high=0.05, p=0.01, p_adjusted=0.04, adjustment="max-T", family=8,
        n=80, unscored=1, failed=2, queries=10, dropped=0, why="", takeaway="lower", method="test",
    )  # fmt: skip
    return replace(start, **changes)


def effects(**changes):
    return [effect(**changes), effect(**{"against": "placebo", "value": -0.05, **changes})]


CHARTS = {
    "rates": lambda heading, **c: rates_chart(points("monitored", "unmonitored", **c), heading),
    "ladder of rates": lambda heading, **c: ladder_chart(points("monitored", "unmonitored", **c), heading),
    "ladder of gaps": lambda heading, **c: ladder_chart(points("gap", **c), heading, across="airtime"),
    "effects": lambda heading, **c: effects_chart(effects(**c), heading),
}


@pytest.fixture(params=CHARTS, ids=str)
def chart(request):
    return CHARTS[request.param]


def texts(value):
    match value:
        case dict():
            for key, item in value.items():
                yield key, item
                yield from texts(item)
        case list():
            for item in value:
                yield from texts(item)


def rows(spec):
    (values,) = spec["datasets"].values()
    return values


def test_a_chart_is_valid_vega_lite_and_the_same_every_time(chart):
    assert chart(HEADING).to_dict(validate=True) == chart(HEADING).to_dict(validate=True)


def test_a_chart_holds_its_data_and_names_no_address(chart):
    spec = chart(HEADING).to_dict()
    assert rows(spec)
    assert not [item for key, item in texts(spec) if key in {"url", "href"}]
    assert re.findall(r"https?://[^\"]+", json.dumps(spec)) == [spec["$schema"]]


def test_a_simulated_chart_says_so_in_its_title(chart):
    title = chart(replace(HEADING, simulated=True)).to_dict()["title"]
    assert title["text"][0].startswith("SIMULATED")
    assert "SIMULATED" not in " ".join(chart(HEADING).to_dict()["title"]["text"])


def test_a_chart_with_missing_samples_says_interim_first(chart):
    title = chart(replace(HEADING, kept=4)).to_dict()["title"]
    assert title["subtitle"][0] == "Interim, not a test: 4 of 10 samples so far"


def test_an_interim_forest_shows_no_p_value():
    spec = effects_chart(effects(), replace(HEADING, kept=4)).to_dict()
    assert {row["beside"] for row in rows(spec) if row["value"] is not None} == {"interim"}
    assert not [line for line in spec["title"]["subtitle"] if line.startswith("p:")]


def test_hostile_labels_stay_data(chart):
    spec = chart(HEADING, title=HOSTILE, model=HOSTILE, arm=HOSTILE).to_dict()
    plain = chart(HEADING).to_dict()
    assert HOSTILE in json.dumps(rows(spec), ensure_ascii=False).replace("\\\\", "\\")
    spec.pop("datasets")
    spec.pop("data")
    for part in (spec.get("facet"), plain.get("facet")):
        if part:
            part.pop("sort")  # the order of panels is a list of their names: data as well
    outside = json.dumps({name: part for name, part in spec.items() if name != "title"})
    assert "onerror" not in outside
    assert [item for key, item in texts(spec) if key in {"labelExpr", "expr", "signal", "calculate"}] == [
        item for key, item in texts(plain) if key in {"labelExpr", "expr", "signal", "calculate"}
    ]


def test_tooltips_show_n_unscored_and_failed(chart):
    spec = json.dumps(chart(HEADING).to_dict())
    for name in ("Scored samples", "Unscored", "Failed or missing"):
        assert f'"title": "{name}"' in spec


def test_intervals_are_plotted_as_given(chart):
    found = {(row["low"], row["high"]) for row in rows(chart(HEADING).to_dict()) if row.get("low") is not None}
    assert found <= {(0.2, 0.6), (-0.2, -0.01)}
    assert "errorb" not in json.dumps(chart(HEADING).to_dict())


def test_many_arms_stay_below_the_limit_of_marks():
    many = [point(t, f"f{i}", f"Fact {i}", 2, "affirmed") for i in range(2000) for t in ("monitored", "unmonitored")]
    spec = rates_chart(many, HEADING).to_dict()
    assert len(rows(spec)) * 5 < MOST_MARKS * 2
    assert sum(row["rate"] is not None for row in rows(spec)) * 3 < MOST_MARKS


def test_every_font_is_at_least_11_pixels(chart):
    sizes = [item for key, item in texts(chart(HEADING).to_dict()) if key.endswith("ontSize")]
    assert sizes
    assert min(sizes) >= 11


def test_categories_differ_in_shape_as_well_as_colour(chart):
    channels = [item for key, item in texts(chart(HEADING).to_dict()) if key in {"shape", "color"}]
    for channel in [item for item in channels if isinstance(item, dict) and "field" in item]:
        domain, drawn = channel["scale"]["domain"], channel["scale"]["range"]
        assert len(set(drawn)) == len(domain)


def test_nothing_known_draws_nothing():
    empty = [replace(p, value=None, n=0) for p in points("monitored")]
    assert rates_chart(empty, HEADING) is None
    assert ladder_chart(empty, HEADING) is None
    assert effects_chart([effect(value=None)], HEADING) is None


def test_a_single_mark_says_where_it_comes_from_when_it_is_clicked():
    spec = rates_chart(points("monitored"), HEADING, pick="pick").to_dict()
    assert [p["name"] for p in spec["params"]] == ["pick"]
    assert spec["params"][0]["select"]["fields"] == ["model", "arm", "tier"]


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=9),
    st.sampled_from([(0.0, 1.0), (-1.0, 1.0), (-2.0, 2.0)]),
)
def test_scales_hold_every_interval_and_stay_inside_what_is_possible(pairs, span):
    lows = [max(min(pair), span[0]) for pair in pairs]
    highs = [max(*pair, span[0]) for pair in pairs]
    low, high = rounded_limits(lows, highs, span=span)
    assert span[0] <= low <= min(lows) + 1e-9
    assert max(highs) - 1e-9 <= high <= span[1]
    assert high - low >= 0.2 - 1e-9


def test_drawings_are_byte_stable_and_hold_no_live_label():
    spec = json.dumps(CHARTS["rates"](HEADING, title=HOSTILE).to_dict())
    first, second = (render.__wrapped__((spec,), ("svg", "png")) for _ in range(2))
    assert first == second
    svg = first[0]["svg"].decode()
    assert "<script" not in svg
    assert "<img" not in svg
    assert first[0]["png"].startswith(b"\x89PNG")


def test_a_specification_that_asks_for_an_address_gets_nothing_from_it(httpserver):
    httpserver.expect_request("/data.json").respond_with_json([{"secret": "fetched"}])
    encoding = {"text": {"field": "secret"}}
    spec = {"data": {"url": httpserver.url_for("/data.json")}, "mark": "text", "encoding": encoding}
    with contextlib.suppress(RenderError):
        assert b"fetched" not in render((json.dumps(spec),), ("svg",))[0]["svg"]
    assert not httpserver.log
