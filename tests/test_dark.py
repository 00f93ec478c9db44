"""Charts on a dark ground: the same but for colours, every one of which can be seen there."""

import json
import re

import pytest

from dashboard.charts.dark import GROUND, in_dark
from dashboard.figure import Figure, View
from dashboard.findings import Findings
from dashboard.gallery import figures_of_comparison, figures_of_measure
from dashboard.serve import OPTIONS
from filled_workspace import fill


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> list[Figure]:
    filled = fill(tmp_path_factory.mktemp("dark"))
    findings = Findings(filled.results(), filled.library)
    return [*figures_of_measure(findings, "noncompliance", View()), *figures_of_comparison(findings, View())]


def colours(spec) -> set[str]:
    if isinstance(spec, dict):
        return set().union(*(colours(v) for k, v in spec.items() if k not in {"data", "datasets", "text"}), set())
    if isinstance(spec, list):
        return set().union(*map(colours, spec), set())
    return {spec} if isinstance(spec, str) and re.fullmatch(r"#[0-9A-Fa-f]{6}", spec) else set()


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_colour_of_a_figure_stands_out_from_the_dark_ground(drawn):
    faint = {"#2C353F", GROUND, "#0B0F14"}  # grid lines are meant to be faint; the darkest stand on bright segments
    seen = set().union(*(colours(figure.drawn(dark=True)) for figure in drawn)) - faint
    assert {figure.name for figure in drawn} >= {"rates", "outcomes", "ladder", "effects", "shift", "queries"}
    assert len(seen) >= 7
    assert {colour: contrast(colour, GROUND) for colour in seen if contrast(colour, GROUND) < 4.5} == {}


def test_nothing_but_colours_differs(drawn):
    for figure in drawn:
        light, dark = (re.sub(r'"(#[0-9A-Fa-f]{6}|white)"', '"."', figure.spec_in(dark=d)) for d in (False, True))
        assert light == dark
        assert figure.spec_in(dark=True) != figure.spec


def test_words_that_read_like_colours_are_left_alone():
    spec = {"data": {"values": [{"fact": "#000000"}]}, "title": {"text": "white", "color": "#000000"},
            "scale": {"domain": ["white"], "range": ["#0072B2"]}}  # fmt: skip
    assert json.dumps(in_dark(spec)) == json.dumps(
        {"data": {"values": [{"fact": "#000000"}]}, "title": {"text": "white", "color": "#FFFFFF"},
         "scale": {"domain": ["white"], "range": ["#56B4E9"]}}
    )  # fmt: skip


def test_charts_and_pages_stand_on_the_same_ground():
    assert str(OPTIONS["theme.dark.backgroundColor"]).lower() == GROUND.lower()
