"""A comparison reads from TOML and writes back to the same; a broken file names file, line and field."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.condition import Channel, Reasoning
from facts.errors import BrokenFile, FactError
from facts.salience import Polarity
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml, parse_comparison, read_comparison

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
GOOD = """
name = "x"
setting = "value_conflict"
models = ["embedded"]
queries = 4
[design]
kind = "ladder"
facts = ["objections_read"]
"""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_reads_and_writes_back_to_itself(path):
    comparison = read_comparison(path)
    assert parse_comparison("again", comparison_toml(comparison)) == comparison
    assert comparison.name == path.stem.replace("_", "-")


@given(
    st.builds(
        Comparison,
        name=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True),
        setting=st.just("value_conflict"),
        models=st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=3, unique=True).map(tuple),
        facts=st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=3).map(tuple),
        levels=st.lists(st.integers(0, 5), min_size=1, max_size=4).map(tuple),
        polarities=st.lists(st.sampled_from(Polarity), min_size=1, max_size=3).map(tuple),
        channel=st.sampled_from(Channel),
        reasoning=st.lists(st.sampled_from(Reasoning), min_size=1, max_size=2, unique=True).map(tuple),
        replicates=st.integers(1, 99),
        temperature=st.floats(0, 2),
        max_usd=st.none() | st.floats(0.01, 100),
        max_calls=st.none() | st.integers(1, 10**6),
        seed=st.integers(-5, 5),
        note=st.text(max_size=10).filter(lambda text: "\x00" not in text),
    )
)
def test_any_comparison_survives_writing_and_reading(comparison):
    assert parse_comparison("again", comparison_toml(comparison)) == comparison


def test_model_is_short_for_one_of_models():
    assert parse_comparison("x", GOOD.replace('models = ["embedded"]', 'model = "embedded"')).models == ("embedded",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("queries = 4", "queries = "), r"not valid TOML.*line 5"),
        (("queries = 4", "queries = -4"), r"line 5: field queries"),
        (("queries = 4", "querys = 4"), r"line 5: field querys: there is no such field"),
        (("queries = 4", "temperature = nan"), r"line 5: field temperature"),
        (("queries = 4", 'replicates = "3"'), r"line 5: field replicates"),
        (('kind = "ladder"', 'kind = "ladders"'), r"line 7: field design.kind"),
        (('facts = ["objections_read"]', ""), r"field design.facts: this field is missing"),
        (('models = ["embedded"]', ""), r"name the models"),
        (('name = "x"', 'name = "../x"'), r"use lower-case letters"),
        (('kind = "ladder"', 'kind = "ladder"\nlevels = [0, 9]'), r"field design.levels"),
    ],
)
def test_a_broken_file_names_file_line_and_field(tmp_path, change, message):
    path = tmp_path / "broken.toml"
    path.write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(BrokenFile, match=message) as caught:
        read_comparison(path)
    assert "broken.toml" in str(caught.value)


def test_a_file_that_is_not_there_or_not_text_says_so(tmp_path):
    with pytest.raises(BrokenFile, match="there is no such file"):
        read_comparison(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xff\xfe"')
    with pytest.raises(BrokenFile, match="not UTF-8"):
        read_comparison(tmp_path / "latin.toml")
    (tmp_path / "huge.toml").write_bytes(b"#" * 6_000_000)
    with pytest.raises(BrokenFile, match="is this the right file"):
        read_comparison(tmp_path / "huge.toml")


@pytest.mark.parametrize(
    "changes",
    [{"replicates": 0}, {"temperature": float("nan")}, {"max_usd": float("inf")}, {"facts": ()}, {"levels": (7,)}],
)
def test_a_comparison_refuses_nonsense_when_it_is_made(changes):
    with pytest.raises(FactError):
        replace(parse_comparison("x", GOOD), **changes)
