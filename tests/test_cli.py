"""The command line: instant help, errors that say what to do, JSON where a script wants it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cache.key import content_key
from cache.record import write
from cache.store import Store
from dashboard.__main__ import COMMANDS, main

EXAMPLES = Path(__file__).parent.parent / "examples"
SIMPLE = """
name = "plain"
setting = "value_conflict"
models = ["openai_compatible/fake-1@http://127.0.0.1:1/v1"]
queries = 3
replicates = 1
metrics = ["option"]
[design]
kind = "ladder"
facts = ["objections_read"]
levels = [0, 2]
polarities = ["affirmed"]
"""


@pytest.fixture
def run(tmp_path, capsys):
    def go(*words):
        code = main(["--workspace", str(tmp_path / "ws"), *map(str, words)])
        out = capsys.readouterr()
        return code, out.out, out.err

    return go


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.toml"
    path.write_text(SIMPLE, encoding="utf-8")
    return path


def test_help_imports_nothing_slow():
    """`--help` answers in a blink because it imports no command, SDK, pandas, pydantic or Streamlit."""
    code = (
        "import sys; from dashboard.__main__ import main\ntry: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    modules = set(out.stdout.split())
    assert not modules & {"streamlit", "pandas", "altair", "numpy", "pydantic", "anthropic", "openai", "asyncio"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert name in capsys.readouterr().out


def test_plan_says_calls_and_cost_without_calling_or_keeping_anything(run, plain, tmp_path):
    code, out, _ = run("plan", plain)
    assert code == 0
    assert "in all 12 new calls, 0 already kept" in out
    assert "unknown" in out  # the price of a local server is not known
    assert not (tmp_path / "ws").exists()
    code, out, _ = run("plan", plain, "--json")
    plan = json.loads(out)
    assert (plan["calls"], plan["new"], plan["cost_usd"]["expected"]) == (12, 12, None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plan", "nowhere"), "no comparison 'nowhere'"),
        (("plan", "nowhere.toml"), "there is no such file"),
        (("store", "stats"), "run a comparison first"),
        (("watch", "nothing"), "no run of 'nothing'"),
        (("cancel", "nothing"), "is not running"),
        (("facts", "show", "objection_read"), "did you mean 'objections_read'"),
    ],
)
def test_what_is_wrong_is_said_on_stderr_with_exit_code_1(run, words, message):
    code, _, err = run(*words)
    assert code == 1
    assert message in err


def test_an_unknown_model_says_what_there_is(run, plain):
    plain.write_text(SIMPLE.replace("openai_compatible/fake-1@http://127.0.0.1:1/v1", "embeded"), encoding="utf-8")
    code, _, err = run("plan", plain)
    assert code == 1
    assert "embedded" in err


def test_a_missing_key_is_said_by_the_plan_with_how_to_set_it(run, plain, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    plain.write_text(
        SIMPLE.replace("openai_compatible/fake-1@http://127.0.0.1:1/v1", "claude-haiku-4-5"), encoding="utf-8"
    )
    code, out, _ = run("plan", plain)
    assert code == 0
    assert "ANTHROPIC_API_KEY" in out


def test_facts_check_passes_over_the_shipped_library(run):
    code, out, _ = run("facts", "check")
    assert code == 0, out
    code, out, _ = run("facts", "check", "--json")
    report = json.loads(out)
    assert report["problems"] == []
    assert report["facts"] >= 16


def test_facts_check_names_what_is_wrong_with_a_users_fact(run, tmp_path):
    shipped = EXAMPLES.parent / "facts" / "library" / "objections_read.toml"
    path = tmp_path / "mine.toml"
    text = shipped.read_text(encoding="utf-8").replace('slug = "objections_read"', 'slug = "mine"')
    text = text.replace(
        "Objections that the assistant raises are read by staff", "Staff should lie about what they read; staff"
    )
    path.write_text(text, encoding="utf-8")
    code, out, _ = run("facts", "check", path)
    assert code == 1
    assert "mine affirmed.state[1] uses 'lie', 'should'" in out
    assert "misses an anchor" in out


def test_facts_list_is_json_on_request(run):
    code, out, _ = run("facts", "list", "--json")
    assert code == 0
    assert {"slug", "claim", "alignment_faking", "source"} <= set(json.loads(out)[0])


def test_store_verify_names_a_row_whose_key_does_not_match(run, tmp_path):
    request = {"provider": "p", "model": "m", "max_tokens": 3}
    with Store(tmp_path / "ws" / "store") as store:
        store.add(content_key(request), write(request, {"text": "x", "stop": "end", "model": "m"})).result(10)
    assert run("store", "verify")[0] == 0
    with Store(tmp_path / "ws" / "store") as store:
        store.add("v1:" + "0" * 64, write(request, {"text": "y", "stop": "end", "model": "m"})).result(10)
    code, out, _ = run("store", "verify", "--json")
    report = json.loads(out)
    assert code == 1
    assert report["checked"] == 2
    assert len(report["problems"]) == 1
    code, out, _ = run("store", "stats", "--json")
    assert json.loads(out)["samples"] == 2


def test_store_verify_reads_every_sample_too(run, tmp_path):
    request = {"provider": "p", "model": "m", "max_tokens": 3}
    with Store(tmp_path / "ws" / "store") as store:
        lost = {"text": "x", "stop": "never", "model": "m"}
        store.add(content_key(request), write(request, lost)).result(10)
    code, out, _ = run("store", "verify")
    assert code == 1
    assert "the kept sample cannot be read" in out


def test_store_why_names_the_nearest_kept_request(run, plain, tmp_path):
    from facts.catalog import load
    from runners.comparison_file import read_comparison
    from runners.models import find_model
    from runners.sizes import requests

    comparison = read_comparison(plain)
    key, request = next(iter(requests(comparison, load(), find_model(comparison.models[0]))))
    with Store(tmp_path / "ws" / "store") as store:
        store.add(key, write(request.fields(), {"text": "A"})).result(10)
    code, out, _ = run("store", "why", plain)
    assert code == 0
    assert key in out  # the nearest kept one
    assert "differ in" in out
