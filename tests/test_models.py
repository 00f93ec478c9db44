"""Models are found by label, group or spec, in the shipped file overlaid by the user's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from facts.errors import BrokenFile, UnknownName
from runners.model import Model
from runners.models import find_model, find_models, read_models


def own(folder: Path, text: str) -> Path:
    path = folder / "models.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_model_is_priced_and_dated_or_free() -> None:
    models = read_models()
    assert {"embedded", "organism-paper-like", "organism-null", "claude-haiku-5-5"} <= set(models.by_label)
    for label, model in models.by_label.items():
        assert model.label == label
        assert model.usd_per_mtok_in is not None
        assert model.usd_per_mtok_out is not None
        if model.provider in ("embedded", "organism"):
            assert model.usd_per_mtok_in == model.usd_per_mtok_out == 0
        else:
            assert 0 < model.usd_per_mtok_in < model.usd_per_mtok_out
            assert re.search(r"Prices checked 20\d\d-\d\d \(.+\)", model.note)
            assert model.context


def test_every_member_of_a_shipped_group_is_found() -> None:
    models = read_models()
    for name in models.groups:
        assert models.expand([name])


def test_a_group_and_its_members_give_each_model_once_in_order() -> None:
    labels = [model.label for model in find_models(["organism-null", "simulated", "embedded"])]
    assert labels == ["organism-null", "organism-paper-like", "embedded"]


@pytest.mark.parametrize(
    ("spec", "provider", "name", "url", "price"),
    [
        ("anthropic/claude-new-9", "anthropic", "claude-new-9", None, None),
        ("openai/gpt-new-9", "openai", "gpt-new-9", None, None),
        (
            "openai_compatible/Qwen/Qwen3-8B@http://127.0.0.1:8000/v1",
            "openai_compatible", "Qwen/Qwen3-8B", "http://127.0.0.1:8000/v1", None,
        ),
        ("anthropic/x@http://127.0.0.1:8080", "anthropic", "x", "http://127.0.0.1:8080", None),
        ("embedded", "embedded", "SmolLM2-135M-Instruct", None, 0.0),
        ("embedded/models/a@b.gguf", "embedded", "models/a@b.gguf", None, 0.0),
        ("embedded//abs/path.gguf", "embedded", "/abs/path.gguf", None, 0.0),
        ("organism/paper_like", "organism", "paper_like", None, 0.0),
    ],
)  # fmt: skip
def test_a_model_can_be_written_in_place(
    spec: str, provider: str, name: str, url: str | None, price: float | None
) -> None:
    model = find_model(spec)
    assert (model.label, model.provider, model.name, model.base_url) == (spec, provider, name, url)
    assert model.usd_per_mtok_in == model.usd_per_mtok_out == price


def test_a_spec_of_a_known_model_has_its_prices_but_not_at_another_address() -> None:
    known = find_model("claude-haiku-5-5")
    assert find_model("anthropic/claude-haiku-5-5").usd_per_mtok_in == known.usd_per_mtok_in
    assert not find_model("anthropic/claude-haiku-5-5").takes_temperature
    assert find_model("anthropic/claude-haiku-5-5@http://127.0.0.1:1").usd_per_mtok_in is None


@pytest.mark.parametrize(
    ("label", "says"),
    [
        ("claude-haiku-55", "did you mean 'claude-haiku-5-5'"),
        ("antropic/claude-x", "did you mean 'anthropic'"),
        ("gpt", "'gpt' is a group"),
        ("zzz", "or write one in place: anthropic/NAME"),
        ("openai_compatible/x", "write openai_compatible/x@http://127.0.0.1:8000/v1"),
        ("openai/", "has no name"),
        ("openai_compatible/@http://h/v1", "has no name"),
    ],
)
def test_a_wrong_label_says_what_to_write(label: str, says: str) -> None:
    with pytest.raises((UnknownName, BrokenFile), match=re.escape(says)):
        find_model(label)


def test_a_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    mine = own(tmp_path, '[models.x]\nprovider = "openai"\nname = "n"\nbase_url = "http://me:hunter2@h/v1"\n')
    for find in (lambda: find_model("x", mine), lambda: find_model("openai_compatible/n@http://me:hunter2@h/v1")):
        with pytest.raises(BrokenFile, match="key_env") as raised:
            find()
        assert "hunter2" not in str(raised.value)


def test_the_users_file_replaces_whole_entries_and_adds_its_own(tmp_path: Path) -> None:
    mine = own(
        tmp_path,
        '[models.claude-haiku-5-5]\nprovider = "anthropic"\nname = "claude-haiku-5-5"\n'
        '[models."my.local"]\nprovider = "openai_compatible"\nname = "q"\nbase_url = "http://127.0.0.1:8000/v1"\n'
        'key_env = "MY_KEY"\nusd_per_mtok_in = 1\n[groups]\nmine = ["my.local", "embedded", "organism/null"]\n',
    )
    assert find_model("claude-haiku-5-5", mine).usd_per_mtok_in is None, "unknown, not the shipped price"
    assert find_model("claude-haiku-5-5").usd_per_mtok_in == 0.1
    assert find_model("my.local", mine) == Model(
        label="my.local", provider="openai_compatible", name="q", base_url="http://127.0.0.1:8000/v1",
        key_env="MY_KEY", usd_per_mtok_in=1.0,
    )  # fmt: skip
    assert [model.label for model in find_models(["mine"], mine)] == ["my.local", "embedded", "organism/null"]


def test_a_users_file_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    assert read_models(tmp_path / "models.toml") == read_models()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[models.x]\nprovider = "openai"\n', "line 1: field models.x.name: this field is missing"),
        ('[models.x]\nprovider = "openai"\nname = "n"\nprise = 1\n', "line 4: field models.x.prise"),
        ('[models.x]\nprovider = "openai"\nname = "n"\nusd_per_mtok_in = nan\n', "line 4: field models.x.usd_per"),
        ('[models.x]\nprovider = "openai"\nname = "n"\nusd_per_mtok_in = -1\n', "line 4: field models.x.usd_per"),
        ('[models.x]\nprovider = "openai"\nname = "n"\ncontext = "1M"\n', "line 4: field models.x.context"),
        ('[models.x]\nprovider = "openia"\nname = "n"\n', "did you mean 'openai'"),
        ('[models.x]\nprovider = "openai"\nname = "n"\nkey_env = "sk-abc def"\n', "line 4: field models.x.key_env"),
        ('[groups]\ng = ["claude-haiku-55"]\n', "group 'g': no model 'claude-haiku-55'; did you mean"),
        ('[groups]\nembedded = ["organism-null"]\n', "both a model and a group"),
        ("[models", "not valid TOML"),
    ],
)
def test_a_broken_file_names_file_line_and_field(text: str, says: str, tmp_path: Path) -> None:
    mine = own(tmp_path, text)
    with pytest.raises(BrokenFile, match=re.escape(says)) as raised:
        read_models(mine)
    assert str(mine) in str(raised.value)
