"""Odd files and names are read, or refused with a sentence that says what to do: no traceback, no hang."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.__main__ import main
from dashboard.workspace import open_workspace
from facts.catalog import load
from facts.errors import BrokenFile, FactError
from facts.parse import MAX_BYTES, Strict, parse_jsonl, parse_toml, read_text
from facts.read_setting import read_queries
from runners.comparison_file import comparison_toml, parse_comparison, read_comparison
from runners.models import find_model
from runners.planning import check, queries_of

GOOD = """
name = "odd"
setting = "value_conflict"
models = ["openai_compatible/fake-1@http://127.0.0.1:1/v1"]
queries = 1
replicates = 1
metrics = ["option"]
[design]
kind = "ladder"
facts = ["objections_read"]
levels = [0, 2]
polarities = ["affirmed"]
"""
FIELDS = '{"policy": "Stay brief.", "option_policy": "Answer in a line.", "option_value": "Explain fully."}'


class Row(Strict):
    text: str


@pytest.fixture
def run(tmp_path, capsys):
    def go(*words):
        code = main(["--workspace", str(tmp_path / "ws"), *map(str, words)])
        out = capsys.readouterr()
        return code, out.out, out.err

    return go


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_byte_order_mark_and_windows_line_ends_are_read_as_nothing(tmp_path):
    path = tmp_path / "odd.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_comparison(path) == parse_comparison("odd.toml", GOOD)


@pytest.mark.parametrize(
    "line",
    ["seed = 1" + "0" * 5000, "seed = 0x" + "f" * 6000, "x = " + "[" * 5000, "max_tokens = 0x" + "f" * 20,
     "documents = 1000000", "background_tokens = 0x" + "f" * 20, "replicates = 0x" + "f" * 20],
    ids=["long number", "long hexadecimal", "deep", "max_tokens", "documents", "background", "replicates"],
)  # fmt: skip
def test_numbers_and_nesting_that_nothing_can_hold_are_refused(line):
    text = GOOD.replace("replicates = 1\n", "") if "replicates" in line else GOOD
    with pytest.raises(BrokenFile, match=r"odd\.toml"):
        parse_comparison("odd.toml", f"{line}\n{text}")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"text": ' + "1" * 6000 + "}"], ids=["deep", "long number"])
def test_a_jsonl_line_that_breaks_the_reader_is_named(text):
    with pytest.raises(BrokenFile, match="line 2"):
        parse_jsonl(Path("q.jsonl"), f'{{"text": "a"}}\n{text}', Row)


def test_a_jsonl_line_may_hold_the_line_separators_of_unicode():
    assert [row.text for row in parse_jsonl(Path("q"), '{"text": "a\u2028b\x85c"}\n', Row)] == ["a\u2028b\x85c"]


def test_toml_that_is_too_deep_says_so():
    with pytest.raises(BrokenFile, match="nested too deeply"):
        parse_toml("x.toml", "text = " + "[" * 5000, Row)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_refused_at_once(tmp_path, make):
    make(tmp_path / "x.toml")
    with pytest.raises(BrokenFile, match="not a file"):
        read_text(tmp_path / "x.toml")


def test_a_device_without_an_end_is_refused_at_once():
    with pytest.raises(BrokenFile, match="not a file"):
        read_text(Path("/dev/zero"))


def test_a_file_that_is_too_large_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(BrokenFile, match="larger than"):
        read_text(tmp_path / "x")


@pytest.mark.parametrize(("field", "value"), [
    ("tiers", '["monitored", "monitored"]'), ("reasoning", '["none", "none"]'), ("metrics", '["option", "option"]'),
    ("models", '["embedded", "embedded"]'), ("queries", '["honesty-used-bike", "honesty-used-bike"]'),
])  # fmt: skip
def test_what_is_named_twice_is_refused_since_it_would_count_samples_twice(field, value):
    kept = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{field} ="))
    with pytest.raises(BrokenFile, match="twice"):
        parse_comparison("odd.toml", f"{field} = {value}\n{kept}")


def test_a_name_cannot_end_in_a_line_break():
    with pytest.raises(FactError, match="name"):
        replace(parse_comparison("odd.toml", GOOD), name="odd\n")


def test_limits_hold_for_the_command_line_too():
    with pytest.raises(FactError, match="concurrency"):
        replace(parse_comparison("odd.toml", GOOD), concurrency=1_000_000)


def test_a_query_file_is_looked_for_beside_the_comparison(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    folder.mkdir()
    write(folder / "q.jsonl", f'{{"id": "one", "text": "Hello?", "fields": {FIELDS}}}\n')
    comparison = read_comparison(write(folder / "odd.toml", f'query_file = "q.jsonl"\n{GOOD}'))
    monkeypatch.chdir(tmp_path)
    setting = load().setting("value_conflict")
    assert [query.id for query in queries_of(comparison, setting)] == ["one"]
    # the copy that the workspace keeps finds it as well
    copy = read_comparison(write(tmp_path / "copy.toml", comparison_toml(comparison)))
    assert [query.id for query in queries_of(copy, setting)] == ["one"]


def test_own_queries_without_the_options_that_the_setting_asks_about_are_refused_before_spending(tmp_path):
    write(tmp_path / "q.jsonl", '{"id": "one", "text": "Hello?"}\n')
    comparison = read_comparison(write(tmp_path / "odd.toml", f'query_file = "q.jsonl"\n{GOOD}'))
    models = tuple(find_model(label) for label in comparison.models)
    with pytest.raises(FactError, match=r"'one'.*option_policy"):
        check(comparison, load(), models)


@pytest.mark.parametrize("name", ["~nobody-of-that-name/x", "a" * 5000])
def test_paths_that_lead_nowhere_are_said(run, tmp_path, name):
    code, _, err = run("plan", write(tmp_path / "odd.toml", f'query_file = "{name}"\n{GOOD}'))
    assert code == 1
    assert err.startswith("salience: ")
    code, _, err = run("plan", name)
    assert code == 1
    assert err.startswith("salience: ")


def test_a_workspace_that_cannot_be_is_said(tmp_path):
    with pytest.raises(FactError, match="--workspace"):
        open_workspace("~nobody-of-that-name/x")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(FactError, match="--workspace"):
        open_workspace(str(tmp_path / "a"))


@pytest.mark.parametrize("command", ["cancel", "watch"])
@pytest.mark.parametrize("name", ["../../outside", "/outside", "..", "x\0y", "a" * 300])
def test_names_with_parts_of_paths_touch_nothing(run, tmp_path, command, name):
    name = str(tmp_path / "outside") if name == "/outside" else name
    assert run(command, name)[0] == 1
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "ws").exists()


def test_weights_in_the_home_of_nobody_are_said(run, tmp_path):
    text = GOOD.replace("openai_compatible/fake-1@http://127.0.0.1:1/v1", "embedded/~nobody-of-that-name/x.gguf")
    code, out, _ = run("plan", write(tmp_path / "odd.toml", text))
    assert code == 0
    assert "cannot call" in out


def test_a_password_in_an_address_is_not_shown_however_it_is_spelt(run, tmp_path):
    for scheme in ("HTTP", "Https"):
        text = GOOD.replace("http://127.0.0.1:1", f"{scheme}://user:sk-planted-password@127.0.0.1:1")
        code, out, err = run("plan", write(tmp_path / "odd.toml", text))
        assert code == 1
        assert "sk-planted" not in out + err


@pytest.mark.parametrize("host", ["a..b", "x" * 70 + ".test", "\u202e"])
def test_a_host_that_no_name_service_knows_the_form_of_is_said_by_the_plan(run, tmp_path, host):
    code, out, _ = run("plan", write(tmp_path / "odd.toml", GOOD.replace("127.0.0.1:1", host)))
    assert code == 0
    assert "cannot call" in out


def test_a_terminal_that_knows_only_ascii_still_gets_the_plan(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "dashboard", "--workspace", str(tmp_path / "ws"), "plan",
         str(write(tmp_path / "odd.toml", GOOD))],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, b"4 new calls" in done.stdout) == (0, True), done.stderr


def test_own_queries_with_odd_texts_are_read(tmp_path):
    path = write(tmp_path / "q.jsonl", f'\ufeff{{"id": "\u202e<b>", "text": "{{x}} \\u0000", "fields": {FIELDS}}}\n')
    assert read_queries(path)[0].text == "{x} \0"
