"""A model that came with somebody else's comparison is read and never called, and what it would send is said."""

import argparse
import json

import pytest

from dashboard.commands import models as models_command
from dashboard.model_table import model_rows
from dashboard.plan_text import plan_lines
from filled_workspace import fill
from runners import providers
from runners.estimate import estimate
from runners.keys import elsewhere
from runners.model import Model
from runners.models import find_model
from runners.trouble import Fatal

SENT = '[models.sent]\nprovider = "anthropic"\nname = "x"\nbase_url = "http://127.0.0.1:9"\nkey_env = "MY_KEY"\n'


@pytest.fixture
def sent(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "canary")
    path = tmp_path / "models.toml"
    path.write_text(f"{SENT}opened = true\n", encoding="utf-8")
    return find_model("sent", path), path


def test_it_cannot_be_called_and_says_what_would_be_sent_where_and_how_to_allow_it(sent):
    model, path = sent
    wrong = providers.problem(model)
    assert wrong is not None
    for part in ("http://127.0.0.1:9", "the key in MY_KEY", "remove `opened = true`", str(path)):
        assert part in wrong
    with pytest.raises(Fatal, match="not called"):
        providers.connect(model, 1)


def test_without_the_mark_it_is_as_any_other(sent):
    _, path = sent
    path.write_text(SENT, encoding="utf-8")
    assert providers.problem(find_model("sent", path)) is None


def test_it_lends_neither_key_nor_price_to_a_model_written_in_place(sent):
    _, path = sent
    spec = find_model("anthropic/x@http://127.0.0.1:9", path)
    assert (spec.key_env, spec.opened) == (None, "")


def test_the_plan_and_the_table_of_models_say_where_a_model_is_called(tmp_path):
    filled = fill(tmp_path, queries=1)
    there = Model(label="there", provider="openai_compatible", name="m", base_url="http://host.example/v1",
                  key_env="MY_KEY")  # fmt: skip
    lines = plan_lines(estimate(filled.comparison, filled.library, (there,), None))
    assert "there is called at http://host.example/v1, with the key in MY_KEY" in "\n".join(lines)
    assert model_rows([there])[0]["Where"] == "http://host.example/v1"
    assert elsewhere(Model(label="own", provider="openai", name="m")) == ""


def test_the_list_of_models_says_it_too(sent, capsys, monkeypatch):
    _, path = sent
    monkeypatch.setenv("SALIENCE_WORKSPACE", str(path.parent))
    assert models_command.main(argparse.Namespace(workspace=None, json=True)) == 0
    said = {entry["label"]: entry["problem"] for entry in json.loads(capsys.readouterr().out)}
    assert "opened comparison" in said["sent"]
