"""Models and prices that cannot be are refused with file and line; one model in two spellings is one model."""

from dataclasses import replace

import pytest

from dashboard.launch import models_of
from dashboard.workspace import Workspace
from facts.catalog import load
from facts.errors import BrokenFile, FactError
from runners.comparison_file import parse_comparison
from runners.models import read_models
from runners.planning import check

COMPARISON = parse_comparison(
    "x",
    """
name = "x"
setting = "value_conflict"
models = ["claude-haiku-4-5"]
queries = 1
replicates = 1
[design]
kind = "ladder"
facts = ["objections_read"]
""",
)


@pytest.mark.parametrize(("field", "value"), [
    ("usd_per_mtok_in", "nan"), ("usd_per_mtok_in", "-1.0"), ("usd_per_mtok_out", "1e308"), ("usd_per_mtok_in", "inf"),
    ("context", "0xffffffffffffffffffff"), ("thinking_tokens", "0xffffffffffffffffffff"), ("name", '"x\\u0000"'),
    ("name", '"x\\u001b[31m"'), ("base_url", '"http://x\\n"'), ("key_env", '"sk-ant-planted"'),
])  # fmt: skip
def test_an_entry_that_cannot_be_is_refused_by_name(tmp_path, field, value):
    path = tmp_path / "models.toml"
    lines = {"provider": '"openai"', "name": '"m"', field: value}
    path.write_text("[models.mine]\n" + "\n".join(f"{k} = {v}" for k, v in lines.items()), encoding="utf-8")
    with pytest.raises(BrokenFile, match=rf"line \d+: field models\.mine\.{field}") as caught:
        read_models(path)
    assert "planted" not in str(caught.value)


def test_a_label_that_steers_the_terminal_is_refused(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text('[models."a\\u001b[2J"]\nprovider = "openai"\nname = "m"\n', encoding="utf-8")
    with pytest.raises(BrokenFile):
        read_models(path)


def test_one_model_in_two_spellings_is_refused_since_it_would_look_like_two_that_agree(tmp_path):
    twice = replace(COMPARISON, models=("claude-haiku-4-5", "anthropic/claude-haiku-4-5-20251001"))
    with pytest.raises(FactError, match="one model"):
        check(twice, load(), models_of(twice, Workspace(root=tmp_path)))


def test_a_group_stands_for_its_models(tmp_path):
    models = models_of(replace(COMPARISON, models=("simulated",)), Workspace(root=tmp_path))
    assert [model.label for model in models] == ["organism-paper-like", "organism-null"]
