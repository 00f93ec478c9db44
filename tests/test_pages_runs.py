"""The page of runs shows what is on disk, whoever runs it; runs are held, ended, mended and made larger there."""

import json
import os
import threading
from dataclasses import asdict, replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cache.store import Store
from dashboard import jobs
from dashboard.__main__ import main
from dashboard.launch import launch, lock_of, pause_requested, save_comparison
from dashboard.plan_text import left_words, made_of, progress_line, trouble_lines
from dashboard.progress_file import CANCEL, JUDGING, PAUSE, damaged, read_progress, write_progress
from dashboard.run_list import Standing, list_rows, run_row, run_rows, standing_of
from dashboard.trouble_advice import _ADVICE, trouble_groups
from dashboard.workspace import open_workspace
from facts.catalog import shipped
from fake_server import FakeServer, Reply
from runners.batches.batch import Batch, Stage
from runners.batches.ledger import Ledger
from runners.comparison_file import parse_comparison, read_comparison
from runners.progress import ModelProgress, Progress, State
from runners.sample import Trouble

APP = "../dashboard/app.py"
PAGE = "app_pages/watch_runs.py"
HOSTILE = "![x](http://evil.example/?q) **bold** <b>"


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCE_WORKSPACE", str(tmp_path))
    st.cache_data.clear()
    st.cache_resource.clear()
    yield open_workspace()
    jobs.cancel_all()


def page(**params):
    app = AppTest.from_file(APP, default_timeout=30)
    for name, value in params.items():
        app.query_params[name] = value
    app = app.run().switch_page(PAGE).run()
    assert not app.exception
    return app


def small(server="http://127.0.0.1:9/v1", name="mine", **changes):
    made = parse_comparison(
        name,
        f"""
name = "{name}"
setting = "value_conflict"
models = ["openai_compatible/fake-1@{server}"]
metrics = ["option"]
queries = 2
replicates = 2
concurrency = 2
[design]
kind = "ladder"
facts = ["objections_read"]
levels = [0, 5]
polarities = ["affirmed"]
""",
    )
    return replace(made, **changes)


def ran(workspace, comparison):
    with Store(workspace.store) as store:
        return launch(comparison, shipped(), workspace, store, lambda _: None, lambda: False)


def left_behind(workspace, state=State.RUNNING, name="mine", **changes):
    """What a run leaves on disk: the comparison and its last progress."""
    save_comparison(workspace, small(name=name))
    model = ModelProgress(label="m", planned=16, kept_before=2, done=4, **changes)
    progress = Progress(comparison=name, state=state, models=(model,), updated_at="2026-11-27T10:00:00+00:00",
                        elapsed_s=2.0)  # fmt: skip
    write_progress(workspace.run_folder(name), progress)
    return progress


def boxes(app):
    return "\n".join(error.value.replace("\\", "") for error in app.error)


def words(app):
    return "\n".join(item.value.replace("\\", "") for item in [*app.markdown, *app.caption, *app.text])


def wait_until_over(workspace, name="mine"):
    for job in list(jobs._jobs.values()):
        if job.thread:
            job.thread.join(60)
    assert not jobs.progress(workspace, name)[1]


# --- the list --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "live", "here", "standing"),
    [
        (State.RUNNING, True, True, Standing.HERE),
        (State.STARTING, True, False, Standing.ELSEWHERE),
        (State.PAUSED, True, False, Standing.PAUSED),
        (State.CANCELLING, True, True, Standing.CANCELLING),
        (State.RUNNING, False, False, Standing.INTERRUPTED),
        (State.PAUSED, False, False, Standing.INTERRUPTED),
        (State.CANCELLED, False, False, Standing.CANCELLED),
        (State.STOPPED, False, False, Standing.STOPPED),
        (State.BROKEN, False, False, Standing.BROKEN),
        (State.FINISHED, False, False, Standing.INCOMPLETE),
    ],
)
def test_where_a_run_stands_follows_from_its_last_word_and_from_who_holds_its_lock(state, live, here, standing):
    progress = Progress(comparison="c", state=state, models=(ModelProgress(label="m", planned=9, done=8),))
    assert standing_of(progress, live=live, here=here) is standing


def test_a_run_is_finished_only_when_every_planned_request_has_a_sample():
    all_kept = Progress(comparison="c", state=State.FINISHED, models=(ModelProgress(label="m", planned=9, done=9),))
    assert standing_of(all_kept, live=False, here=False) is Standing.FINISHED
    assert standing_of(None, live=False, here=False) is Standing.NOT_STARTED


def test_the_list_holds_the_shipped_examples_and_every_run_the_last_changed_first(workspace):
    left_behind(workspace, State.CANCELLED)
    (workspace.comparisons / "mine.toml").unlink()  # its run is still there
    rows = run_rows(workspace)
    assert [rows[0].name, rows[0].standing] == ["mine", Standing.CANCELLED]
    assert rows[1].name == "embedded-ladder"
    assert {row.standing for row in rows[1:]} == {Standing.NOT_STARTED}
    (first, *_) = list_rows(rows)
    assert (first["Replies kept"], first["Done"], first["Last change"]) == ("6 of 16", 37, "2026-11-27 10:00 UTC")


def test_a_comparison_changed_after_its_run_is_marked(workspace):
    left_behind(workspace, State.CANCELLED)
    assert not run_row(workspace, "mine").edited
    file = workspace.comparisons / "mine.toml"
    os.utime(file, (file.stat().st_atime, file.stat().st_mtime + 60))
    assert run_row(workspace, "mine").edited
    app = page(comparison="mine")
    assert "was changed after this run" in app.warning[0].value
    assert all(button.key != "again" for button in app.button)


def test_a_first_visit_lists_the_examples_and_says_what_a_run_is():
    app = page()
    assert "A run asks models for the samples that a comparison plans" in words(app)
    table = app.dataframe[0].value
    assert "embedded-ladder" in list(table["Comparison"])
    assert set(table["State"]) == {"not started"}
    assert "Nothing has been called" in words(app)


# --- one run, from disk ----------------------------------------------------------------------------------------------


def test_a_run_whose_process_died_is_interrupted_and_a_new_session_resumes_it(workspace):
    with FakeServer() as server:
        left_behind(workspace, State.PAUSED)
        save_comparison(workspace, small(server.base_url))
        write_progress(workspace.run_folder("mine"), read_progress(workspace.run_folder("mine")))
        app = page(comparison="mine")
        assert "Interrupted. The process that ran it ended" in words(app).replace("**", "")
        assert "as of 2026-11-27 10:00 UTC" in words(app)
        app.button(key="again").click().run()
        wait_until_over(workspace)
        assert len(server.bodies) == 16
    assert run_row(workspace, "mine").standing is Standing.FINISHED
    assert all(button.key != "again" for button in page(comparison="mine").button)


def test_a_run_of_another_process_is_seen_held_and_cancelled_from_the_page(workspace):
    left_behind(workspace)
    held, done = threading.Event(), threading.Event()

    def another():
        with lock_of(workspace, "mine"):
            held.set()
            done.wait(60)

    thread = threading.Thread(target=another)
    thread.start()
    try:
        assert held.wait(10)
        app = page(comparison="mine")
        assert "Running in another process" in words(app)
        app.button(key="pause").click().run()
        assert pause_requested(workspace, "mine")
        assert "Paused. No new call starts" in words(app).replace("**", "")
        assert next(metric.value for metric in app.metric if metric.label == "Time left") == "–"
        write_progress(workspace.run_folder("mine"), replace(left_behind(workspace), state=State.PAUSED))
        app.run()
        assert "Paused" in app.get("progress")[0].text
        app.button(key="unpause").click().run()
        assert not (workspace.run_folder("mine") / PAUSE).exists()
        app.button(key="cancel").click().run()
        assert (workspace.run_folder("mine") / CANCEL).exists()
    finally:
        done.set()
        thread.join(10)


def test_an_ended_run_says_what_lies_in_batches_at_the_provider(workspace, capsys):
    left_behind(workspace)
    assert not page(comparison="mine").info
    ledger = Ledger(workspace.store.with_name("batches"))
    for tag, of, stage in (("a" * 20, "mine", Stage.SENT), ("b" * 20, "mine", Stage.HARVESTED),
                           ("c" * 20, "another", Stage.SENT)):  # fmt: skip
        ledger.write(Batch(tag=tag, provider="anthropic", endpoint="e", model="m", requests=36, label="m",
                           comparison=of, began="2026-11-27T10:01:00+00:00", id="x", stage=stage))  # fmt: skip
    (info,) = page(comparison="mine").info
    said = info.value.replace("\\", "")
    assert "36 requests of this comparison lie in 1 batch at the provider, the first sent at 10:01 UTC" in said
    assert "resume to bring their replies in" in said
    assert main(["--workspace", str(workspace.root), "cancel", "mine"]) == 1
    assert "36 requests of this comparison lie in 1 batch" in capsys.readouterr().err


def test_a_live_run_is_given_more_calls_at_once_from_the_page(workspace):
    left_behind(workspace, most_at_once=4, held_by="the requests per minute in models.toml")
    with lock_of(workspace, "mine"):
        app = page(comparison="mine")
        assert "The next call waits for the requests per minute" in app.info[0].value.replace("\\", "")
        field = app.number_input(key="at_once_mine")
        assert field.value == 4
        field.set_value(64).run()
        assert (workspace.run_folder("mine") / "concurrency").read_text() == "64"
    assert not [one for one in page(comparison="mine").number_input if one.key == "at_once_mine"]


def test_waiting_calls_say_why_and_until_when(workspace):
    left_behind(workspace, waiting=3, waits_for="rate_limit", waits_until="2026-11-27T10:01:30+00:00", wait_asked=True)
    with lock_of(workspace, "mine"):
        app = page(comparison="mine")
        said = app.info[0].value.replace("\\", "")
        assert "3 calls wait after a rate limit (429), as long as the provider asked; next try at 10:01:30 UTC" in said
        assert app.dataframe[1].value["Waiting"][0] == 3


@pytest.mark.parametrize(
    "broken",
    [{"planned": -5}, {"done": 10**30}, {"failures": {"server": -1}}, {"spent_usd": -1.0}, {"in_flight": -1}],
)
def test_a_record_with_impossible_numbers_is_called_damaged_and_every_page_opens(workspace, broken, capsys):
    left_behind(workspace, **{name: value for name, value in broken.items() if name not in {"planned", "done"}})
    path = workspace.run_folder("mine") / "progress.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["models"][0] |= broken
    path.write_text(json.dumps(record), encoding="utf-8")
    assert damaged(workspace.run_folder("mine"))
    assert run_row(workspace, "mine").standing is Standing.DAMAGED
    assert main(["--workspace", str(workspace.root), "watch", "mine", "--once"]) == 1
    assert "is damaged" in capsys.readouterr().err


def test_a_damaged_record_says_so_on_the_page_and_can_be_resumed(workspace):
    left_behind(workspace)
    (workspace.run_folder("mine") / "progress.json").write_text("{", encoding="utf-8")
    app = page(comparison="mine")
    assert "The record of its run cannot be read" in words(app)
    assert app.button(key="again").label == "Resume"


def test_counts_beyond_the_plan_make_the_plan_larger(workspace):
    left_behind(workspace, failures={"server": 100})
    assert read_progress(workspace.run_folder("mine")).planned == 106


def test_judging_again_is_a_line_of_its_own_and_the_run_stays(workspace):
    run, folder = left_behind(workspace, State.FINISHED), workspace.run_folder("mine")
    judging = replace(run, models=(ModelProgress(label="j", planned=600, done=401),), updated_at="2026-11-27T11:00:00")
    write_progress(folder, replace(judging, state=State.RUNNING), JUDGING)
    assert jobs.judging(workspace, "mine", run, live=False)[1] is False  # its process was killed
    assert jobs.judging(workspace, "mine", run, live=True)[1]
    assert not jobs.judging(workspace, "mine", replace(run, state=State.RUNNING, updated_at="2026-11-28"), live=True)[1]
    app = page(comparison="mine")
    assert "6 of 16 replies were kept" in app.get("progress")[0].text
    assert "judged again, apart from the run: running · 401/600 replies" in words(app)


# --- words -----------------------------------------------------------------------------------------------------------


def counted(state=State.RUNNING, elapsed_s=2.0, **changes):
    model = ModelProgress(label="m", **{"planned": 8001, "done": 8001} | changes)
    return Progress(comparison="c", state=state, models=(model,), elapsed_s=elapsed_s, samples=600, most=9100)


def test_replies_are_told_from_samples_and_what_was_not_needed_is_said_at_the_end():
    assert made_of(counted(planned=9100)) == "600 samples and at most 8,500 replies to questions about them"
    over = made_of(counted(State.FINISHED))
    assert over.startswith("600 samples and 7,401 replies to questions about them. 1,099 of the 9,100 calls planned at")
    assert made_of(replace(counted(), samples=8001)) == ""


def test_no_time_left_is_told_from_few_replies_or_while_paused():
    assert left_words(counted(done=2), counted(done=2).eta_s) == "not known yet"
    assert left_words(counted(done=10), counted(done=10).eta_s) == "about 27 min"
    assert counted(done=2, elapsed_s=20.0).eta_s > 0
    paused = counted(State.PAUSED, done=100)
    assert left_words(paused, paused.eta_s) == "–"
    assert "left" not in progress_line(paused)


def test_calls_never_made_are_no_failures():
    progress = counted(State.CANCELLED, done=0, failures={"cancelled": 4}, messages={"cancelled": "cancelled"})
    assert (progress.failed, trouble_lines(progress)) == (0, [])
    assert "failed" not in progress_line(progress)


def test_cancelling_says_how_many_in_flight_will_be_kept(workspace):
    left_behind(workspace, in_flight=3)
    with lock_of(workspace, "mine"):
        (workspace.run_folder("mine") / CANCEL).touch()
        assert "no new calls; 3 in flight will be kept" in page(comparison="mine").get("progress")[0].text


# --- what went wrong -------------------------------------------------------------------------------------------------


def test_every_trouble_has_its_advice():
    assert set(_ADVICE) == set(Trouble) - {Trouble.CANCELLED}


def test_a_fatal_error_and_what_was_given_up_after_it_are_one_group():
    stopped = {"auth": "HTTP 401. Set the key.", "stopped": "m was stopped: HTTP 401. Set the key."}
    model = ModelProgress(label="m", planned=100, failures={"auth": 6, "stopped": 94, "cancelled": 2}, messages=stopped)
    (group,) = trouble_groups(Progress(comparison="c", state=State.FINISHED, models=(model,)))
    assert group.heading == "6 × auth, and 94 not called because of it"
    alone = replace(model, failures={"stopped": 94}, messages={"stopped": "20 requests in a row failed every try"})
    (group,) = trouble_groups(Progress(comparison="c", state=State.FINISHED, models=(alone,)))
    assert group.count == 94


def test_the_failed_are_tried_again_and_only_they(workspace):
    with FakeServer(lambda number, _b: Reply(status=404) if number == 9 else Reply()) as server:
        ran(workspace, small(server.base_url))
        lost = run_row(workspace, "mine").progress.failed
        assert run_row(workspace, "mine").standing is Standing.INCOMPLETE
        app = page(comparison="mine")
        assert "unknown model" in boxes(app)
        assert "does not know this model" in boxes(app)
        assert "planned 404" in app.code[0].value
        asked = len(server.bodies)
        app.button(key="again").click().run()
        wait_until_over(workspace)
        assert len(server.bodies) == asked + lost
    assert run_row(workspace, "mine").standing is Standing.FINISHED


def test_hostile_messages_and_names_are_text(workspace):
    left_behind(workspace, State.STOPPED, failures={"server": 2}, messages={"server": HOSTILE}, resolved=(HOSTILE,))
    path = workspace.run_folder("mine") / "progress.json"
    text = json.loads(path.read_text(encoding="utf-8"))
    text["models"][0]["label"] = text["message"] = HOSTILE
    path.write_text(json.dumps(text), encoding="utf-8")
    app = page(comparison="mine")
    assert app.code[0].value == HOSTILE
    shown = [*app.error, *app.info, *app.warning, *app.caption, *app.markdown, *app.header]
    assert all("![" not in item.value for item in shown)


# --- top up ----------------------------------------------------------------------------------------------------------


def test_a_top_up_says_what_it_costs_and_buys_only_the_new_ones(workspace):
    with FakeServer() as server:
        ran(workspace, small(server.base_url))
        asked = len(server.bodies)
        app = page(comparison="mine")
        assert all(field.key != "top_replicates_mine" for field in app.number_input)  # nothing composed unasked
        app.session_state["top_up_mine"] = True
        app.run()
        app.number_input(key="top_replicates_mine").set_value(3).run()
        numbers = {metric.label: metric.value for metric in app.metric}
        assert (numbers["New calls"], numbers["Already kept"]) == ("8", "16")
        app.button(key="buy").click().run()
        wait_until_over(workspace)
        assert len(server.bodies) == asked + 8
    assert read_comparison(workspace.comparisons / "mine.toml").replicates == 3
    assert asdict(run_row(workspace, "mine").progress)["state"] == "finished"
