"""Benchmarks start, their page is a function of their figures, and the ideal that they are held against is right."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parent.parent))  # benchmarks/ is no package that is installed

from benchmarks import bench, fake_server, peers
from benchmarks.adaptive import settled
from benchmarks.bench_page import Part, as_json, page, part_of, verdicts
from benchmarks.figures import Figure, read, shown, spread, verdict
from benchmarks.workload import draws, ideal_s
from runners.headroom import Headroom, headroom

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
TAKE_OPTIONS = sorted(path.stem for path in BENCHMARKS.glob("*.py") if "figures import" in path.read_text("utf-8"))
STARTED = sorted({*TAKE_OPTIONS, "fake_server", "peer_inspect", "peer_litellm", "peer_promptfoo"} - {"bench_page"})


@pytest.mark.parametrize("name", STARTED)
def test_each_says_what_it_takes_without_measuring_anything(name, tmp_path):
    words = [sys.executable, str(BENCHMARKS / f"{name}.py"), "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "--help" in done.stdout
    assert not list(tmp_path.iterdir())


def test_every_benchmark_of_the_folder_is_run_by_the_one_command():
    there = {path.stem for path in BENCHMARKS.glob("*.py")}
    assert there >= bench.NOT_RUN
    run = {job.name for job in bench.jobs()}
    assert run == there - bench.NOT_RUN


def test_all_benchmarks_together_keep_to_their_time():
    assert bench.TOTAL_S <= 25 * 60
    assert bench.QUICK_S <= 4 * 60


@pytest.mark.parametrize(
    ("latencies", "lanes", "ideal"),
    [
        ([], 4, 0.0),
        ([3.0, 1.0, 2.0], 1, 6.0),
        ([3.0, 1.0, 2.0], 3, 3.0),
        ([3.0, 1.0, 2.0], 9, 3.0),
        ([2.0, 3.0, 1.0, 4.0], 2, 7.0),  # lane 1: 2 + 1 until 3 with lane 2, then 4 more
        ([1.0, 1.0, 1.0, 1.0, 5.0], 2, 7.0),  # the long one comes last: in order is not the best order
    ],
)
def test_the_ideal_is_list_scheduling_in_order(latencies, lanes, ideal):
    assert ideal_s(latencies, lanes) == ideal


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=60), st.integers(1, 12))
def test_the_ideal_keeps_to_grahams_bounds(latencies, lanes):
    least = max(*latencies, sum(latencies) / lanes)
    found = ideal_s(latencies, lanes)
    assert least - 1e-9 <= found <= sum(latencies) / lanes + max(latencies) * (1 - 1 / lanes) + 1e-9


def test_latencies_are_drawn_alike_for_a_seed_and_within_the_jitter():
    drawn = draws(2000, 0.5, 0.5, seed=3)
    assert drawn == draws(2000, 0.5, 0.5, seed=3)
    assert drawn != draws(2000, 0.5, 0.5, seed=4)
    assert min(drawn) >= 0.25
    assert max(drawn) <= 0.75
    assert 0.48 < sum(drawn) / len(drawn) < 0.52


def test_the_server_waits_as_long_as_the_text_asks():
    assert fake_server.asked_wait_s(b'{"content": "q1 wait-ms=12.5;"}') == 0.0125
    assert fake_server.asked_wait_s(b'{"content": "q1"}') is None


def test_the_server_refuses_what_is_over_its_places():
    limit = fake_server.Limit(capacity=2)
    assert [limit.admit(0.0) for _ in range(3)] == [True, True, False]
    limit.in_flight -= 1
    assert limit.admit(1.0)


def test_the_server_refuses_what_is_over_its_rate_and_fills_up_again():
    limit = fake_server.Limit(per_minute=60)  # one a second, and a bucket for two seconds
    assert [limit.admit(10.0) for _ in range(3)] == [True, True, False]
    assert [limit.admit(11.0) for _ in range(2)] == [True, False]
    assert [limit.admit(99.0) for _ in range(3)] == [True, True, False]


def test_the_server_names_a_time_on_every_nth_refusal_only():
    limit = fake_server.Limit(capacity=0, retry_after_s=89, retry_after_every=3)
    assert [b"retry-after: 89\r\n" in limit.refusal() for _ in range(6)] == [False, False, True] * 2


def test_the_server_says_what_remains_of_its_rate_as_the_sampler_reads_it():
    limit = fake_server.Limit(per_minute=60, headers=True)
    limit.admit(10.0)
    said = dict(line.split(": ", 1) for line in limit.said().splitlines())
    assert headroom(said) == (Headroom(kind="requests", limit=2, remaining=1, reset_s=1.0),)
    assert fake_server.Limit(per_minute=60).said() == ""


def test_what_settles_leaves_the_warm_up_out():
    log = [(0.0, 1, False), (1.0, 1, True), (10.0, 1, True), (11.0, 1, False), (14.0, 1, True), (20.0, 1, True)]
    used, refused, idle_s = settled(log, per_s=0.5, warm_up_s=10, until_s=20)
    assert used == 2 / 5
    assert refused == 1 / 3
    assert idle_s == 6


def test_a_bar_is_met_by_the_median_on_its_side():
    assert Figure(name="a", values=(1, 9, 10), bar=9, better="more").met
    assert not Figure(name="a", values=(1, 9, 10), bar=8, better="less").met
    assert Figure(name="a", bar=8).met is None
    assert verdict(Figure(name="a", bar=8)) == "not measured"
    assert verdict(Figure(name="a", values=(1,))) == ""


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "0"), (1.2345, "1.23"), (0.00123, "0.00123"), (123456.7, "123,457"), (None, "–")]
)
def test_numbers_have_three_digits_that_count(value, words):
    assert shown(value) == words


def test_the_spread_is_least_median_most():
    assert spread(Figure(name="a", unit="ms", values=(3, 1, 2))) == "1.00 – 2.00 – 3.00 ms"
    assert spread(Figure(name="a", unit="ms", values=(3,))) == "3.00 ms"
    assert spread(Figure(name="a", unit="ms")) == "–"


PARTS = (
    Part(name="sampling", about="What a sample costs.", seconds=12, load=0.5, figures=(
        Figure(name="CPU", unit="ms", values=(1.0, 1.1, 1.3), bar=1.6, better="less", note="2,000 a round"),
        Figure(name="ours / peer", unit="×", values=(10.0,), bar=15.0),
        Figure(name="ours / other", unit="×", bar=5.0, note="not installed: npm is not on this machine"),
    )),
    Part(name="pages", about="How fast pages are.", trouble="stopped after 240 s", printed=("a | b",)),
)  # fmt: skip


def test_the_page_says_the_machine_the_spread_and_which_bars_are_missed():
    text = page({"CPU": "A|B", "cores": "2"}, PARTS)
    assert "| CPU | A\\|B |" in text
    assert "Of 3 bars 1 are met, 1 are missed and 1 were not measured." in text
    assert "- ours / peer: 10.0 ×; the bar is ≥ 15.0 ×." in text
    assert "- ours / other: not installed: npm is not on this machine" in text
    assert "| CPU | 1.00 – 1.10 – 1.30 ms | ≤ 1.60 ms | met | 2,000 a round |" in text
    assert "- `pages`: stopped after 240 s" in text
    assert "```\na | b\n```" in text


@pytest.mark.parametrize(("load", "warned"), [(0.3, False), (2.9, False), (7.5, True)])
def test_the_page_warns_of_a_busy_machine(load, warned):
    text = page(
        {"cores": "2"}, [Part(name="x", load=load, seconds=9), Part(name="y", load=0.1, seconds=9), Part(name="z")]
    )
    assert (f"load averages of 0.1 to {load:.1f} on 2 cores" in text) == warned


def test_a_page_written_again_from_json_is_the_same():
    again = [part_of(part) for part in json.loads(json.dumps(as_json(PARTS)))]
    assert page({}, again) == page({}, PARTS)
    assert verdicts(again) == verdicts(PARTS)


def test_other_json_is_shown_without_bars():
    found = read({"open": {"ms": [1, 2.5]}, "ok": True, "words": "x"})
    assert [(f.name, f.values, f.bar) for f in found] == [("open.ms.0", (1.0,), None), ("open.ms.1", (2.5,), None)]


def test_a_peer_that_does_not_install_is_a_reason_and_not_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("SALIENCE_PEERS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))  # no npm
    missing = peers.set_up("promptfoo")
    assert missing.missing == "not installed: npm is not on this machine"
    assert peers.measure(missing, "http://127.0.0.1:9/v1", 1, 1) == missing.missing


def test_a_benchmark_that_hangs_is_stopped_with_what_it_started(monkeypatch, tmp_path):
    (tmp_path / "hangs.py").write_text(
        '"""Hangs."""\nimport subprocess, sys\nprint("began", flush=True)\n'
        'subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"])\n'
    )
    monkeypatch.setattr(bench, "HERE", tmp_path)
    part = bench.run(bench.Job(name="hangs", seconds=9), False, False, 2)
    assert part.trouble == "stopped after 2 s"
    assert part.printed == ("began",)


def test_a_benchmark_that_fails_is_reported(monkeypatch, tmp_path):
    (tmp_path / "fails.py").write_text('"""Fails."""\nraise SystemExit(3)\n')
    monkeypatch.setattr(bench, "HERE", tmp_path)
    assert bench.run(bench.Job(name="fails", seconds=9), False, False, 60).trouble == "ended with exit status 3"
