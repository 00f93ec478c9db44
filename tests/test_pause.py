"""A run can be held and let go on, from any process: no new call starts meanwhile, and nothing in flight is lost."""

import threading
from dataclasses import replace

import pytest

from cache.store import Store
from dashboard import launch as launch_module
from dashboard.__main__ import main
from dashboard.commands import pause as pause_command
from dashboard.commands import resume as resume_command
from dashboard.launch import launch, models_of, pause_requested, request_cancel, request_concurrency, request_pause
from dashboard.plan_text import model_progress_lines, wait_words
from dashboard.progress_file import read_progress, write_broken
from dashboard.workspace import Workspace
from facts.catalog import shipped
from fake_server import FakeServer, Reply
from runners.comparison_file import parse_comparison
from runners.estimate import estimate
from runners.limits import Limits
from runners.progress import State
from runners.running import Run
from runners.sample import Failure, Trouble

PLANNED = 40


def comparison(server, **changes):
    fields = "\n".join(f"{name} = {value}" for name, value in {"queries": 10, "concurrency": 4, **changes}.items())
    return parse_comparison(
        "held",
        f"""
name = "held"
setting = "value_conflict"
models = ["openai_compatible/fake-1@{server.base_url}"]
replicates = 1
metrics = ["option"]
{fields}
[design]
kind = "ladder"
facts = ["objections_read"]
levels = [0, 2]
polarities = ["affirmed"]
""",
    )


class Running:
    """A run in a thread whose reports can be waited for."""

    def __init__(self, workspace, planned):
        self.workspace, self.planned = workspace, planned
        self.reports, self.heard, self.last = [], threading.Condition(), None
        self.thread = threading.Thread(target=self.go, daemon=True)
        self.thread.start()

    def go(self):
        with Store(self.workspace.store) as store:
            self.last = launch(self.planned, shipped(), self.workspace, store, self.told, lambda: False)

    def told(self, progress):
        with self.heard:
            self.reports.append(progress)
            self.heard.notify_all()

    def until(self, wanted, more=0):
        """The first report of that kind, once ``more`` further ones of the kind have come after it."""
        with self.heard:
            assert self.heard.wait_for(lambda: sum(map(wanted, self.reports)) > more, 30)
            return next(report for report in self.reports if wanted(report))

    def end(self):
        self.thread.join(60)
        assert not self.thread.is_alive()
        return self.last


@pytest.fixture
def workspace(tmp_path):
    return Workspace(root=tmp_path / "ws")


def held(progress):
    return progress.state is State.PAUSED and not any(model.in_flight for model in progress.models)


def test_a_paused_run_makes_no_call_keeps_what_is_in_flight_and_goes_on_where_it_was(workspace):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.05)) as server:
        run = Running(workspace, comparison(server))
        server.wait_for(6)
        assert request_pause(workspace, "held", paused=True)
        run.until(held)
        asked = len(server.bodies)
        run.until(held, more=4)  # most of a second later
        assert len(server.bodies) == asked < PLANNED
        on_disk = read_progress(workspace.run_folder("held"))
        assert on_disk.state is State.PAUSED  # another process sees it, and that all that was asked is kept
        assert run.reports[-1].finished == asked
        assert request_pause(workspace, "held", paused=False)
        last = run.end()
    assert (last.state, last.finished, len(server.bodies)) == (State.FINISHED, PLANNED, PLANNED)
    assert 0 < last.paused_s < last.elapsed_s
    assert last.rate > last.new / last.elapsed_s  # a pause is no slowness


def test_a_paused_run_can_be_cancelled_and_leaves_no_mark_for_the_next(workspace):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.05)) as server:
        run = Running(workspace, comparison(server))
        server.wait_for(2)
        request_pause(workspace, "held", paused=True)
        run.until(held)
        asked = len(server.bodies)
        request_cancel(workspace, "held")
        assert run.end().state is State.CANCELLED
        assert len(server.bodies) == asked
        assert not pause_requested(workspace, "held")
        (workspace.run_folder("held") / "pause").touch()  # left behind by a process that was killed
        assert Running(workspace, comparison(server)).end().state is State.FINISHED
        assert len(server.bodies) == PLANNED


def test_a_running_comparison_can_be_given_more_calls_at_once_from_another_process(workspace, capsys):
    """Four at once until eight are asked for: then eight are in flight, and no more."""
    with FakeServer(lambda _n, _b: Reply(delay_s=0.05)) as server:
        run = Running(workspace, comparison(server, queries=40))
        server.wait_for(12)
        assert server.most_in_flight == 4
        words = ["--workspace", str(workspace.root), "concurrency", "held"]
        assert main([*words, "8"]) == 0
        run.until(lambda progress: any(model.most_at_once == 8 for model in progress.models))
        last = run.end()
        assert server.most_in_flight == 8
        assert last.finished == 160
        assert main([*words, "8"]) == 1  # nobody runs it any more
        assert "not running" in capsys.readouterr().err
        assert main([*words, "0"]) == 1
        assert "choose a number from 1 to 4,096" in capsys.readouterr().err
        assert not (workspace.run_folder("held") / "concurrency").exists()


def test_more_calls_at_once_are_made_before_any_that_is_under_way_has_come_back(workspace):
    """One call at a time that never answers; then four at once: three more start, though nothing has come back."""
    release = threading.Event()

    def behave(_number, _body):
        return Reply(delay_s=0.05 if release.is_set() else 30)

    with FakeServer(behave) as server:
        run = Running(workspace, comparison(server, concurrency=1))
        server.wait_for(1)
        run.until(lambda progress: any(model.in_flight for model in progress.models), more=3)
        assert len(server.bodies) == 1
        request_concurrency(workspace, "held", 8)
        server.wait_for(8)
        request_cancel(workspace, "held")
        run.until(lambda progress: progress.state is State.CANCELLING)


@pytest.mark.parametrize("words", ["", "many", "-3", "0", "99999", "4.5", "４"])
def test_a_damaged_wish_for_calls_at_once_changes_nothing(workspace, words):
    file = workspace.run_folder("held") / "concurrency"
    file.parent.mkdir(parents=True)
    file.write_text(words, encoding="utf-8")
    assert launch_module._at_once(file) is None


def test_a_model_is_never_called_more_often_a_minute_than_its_entry_says_and_the_run_says_why_it_waits(workspace):
    """A minute is not waited out: after the burst of one the run says what it waits for, and a cancel ends it."""
    with FakeServer() as server:
        workspace.root.mkdir(parents=True)
        workspace.models.write_text(
            f'[models.slow]\nprovider = "openai_compatible"\nname = "fake-1"\nbase_url = "{server.base_url}"\n'
            "requests_per_minute = 2\n", encoding="utf-8",
        )  # fmt: skip
        run = Running(workspace, replace(comparison(server), models=("slow",)))
        told = run.until(lambda progress: any(model.held_by for model in progress.models))
        assert told.models[0].held_by == "the requests per minute in models.toml"
        assert len(server.bodies) == 1
        assert "waits for the requests per minute in models.toml" in "".join(model_progress_lines(told, live=True))
        request_cancel(workspace, "held")
        last = run.end()
    assert last.state is State.CANCELLED
    assert last.finished == len(server.bodies) == 1


def test_a_run_cancelled_while_paused_before_its_first_call_is_cancelled_and_nothing_failed(workspace):
    with FakeServer() as server, Store(workspace.store) as store:
        plan = estimate(comparison(server), shipped(), models_of(comparison(server), workspace), store)
        run = Run(plan, Limits(), store, lambda _: None)
        (tally,) = run.tallies.values()
        tally.fail(Failure(trouble=Trouble.CANCELLED, message="cancelled"), PLANNED)
        run.cancelled.set()
        last = run.verdict()
    assert (last.state, last.failed, last.calls) == (State.CANCELLED, 0, 0)


def test_what_was_kept_before_is_counted_from_the_first_word_of_a_resumed_run(workspace):
    with FakeServer() as server:
        Running(workspace, comparison(server)).end()
        again = Running(workspace, replace(comparison(server), replicates=comparison(server).replicates + 1))
        again.end()
    first = next(progress for progress in again.reports if progress.models)
    assert first.finished >= PLANNED


def test_the_command_line_pauses_and_resumes_what_another_started(workspace, capsys):
    class Words:
        workspace = ""
        name = "held"

    Words.workspace = str(workspace.root)
    assert pause_command.main(Words) == 1
    assert "not running" in capsys.readouterr().err
    assert resume_command.main(Words) == 1
    assert "salience run held" in capsys.readouterr().err
    with FakeServer(lambda _n, _b: Reply(delay_s=0.05)) as server:
        run = Running(workspace, comparison(server))
        server.wait_for(2)
        assert pause_command.main(Words) == 0
        run.until(held)
        assert resume_command.main(Words) == 0
        assert run.end().state is State.FINISHED


def test_a_model_that_was_told_to_wait_says_why_and_until_when(workspace):
    def behave(number, _body):
        return Reply(status=429, headers={"retry-after": "30"}) if number < 4 else Reply(delay_s=0.05)

    with FakeServer(behave) as server:
        run = Running(workspace, comparison(server))
        seen = run.until(lambda progress: any(model.waiting for model in progress.models))
        request_cancel(workspace, "held")
        run.end()
    model = next(model for model in seen.models if model.waiting)
    assert model.waits_for == "rate_limit"
    assert model.wait_asked
    assert seen.updated_at < model.waits_until
    words = wait_words(model)
    assert "after a rate limit (429), as long as the provider asked; next try at " in words
    assert words in model_progress_lines(seen, live=True)[0]


def test_money_is_counted_per_model_and_over_all_runs_of_a_comparison(workspace):
    workspace.root.mkdir()
    with FakeServer() as server:
        workspace.models.write_text(
            f'[models.mine]\nprovider = "openai_compatible"\nname = "fake-1"\nbase_url = "{server.base_url}"\n'
            "usd_per_mtok_in = 1.0\nusd_per_mtok_out = 1.0\n",
            encoding="utf-8",
        )
        small = replace(comparison(server), models=("mine",), queries=2)
        first = Running(workspace, small).end()
        more = Running(workspace, replace(small, queries=4)).end()
    each = 50 / 1e6
    assert first.models[0].spent_usd == pytest.approx(8 * each) == first.spent_usd
    assert (more.spent_usd, more.earlier_usd) == (pytest.approx(8 * each), pytest.approx(8 * each))
    assert read_progress(workspace.run_folder("held")).earlier_usd == more.earlier_usd


def test_what_broke_off_keeps_the_counts_of_the_last_progress(workspace):
    with FakeServer() as server:
        last = Running(workspace, comparison(server)).end()
    broken = write_broken(workspace.run_folder("held"), "held", "the disk is full")
    assert (broken.state, broken.finished, broken.message) == (State.BROKEN, last.finished, "the disk is full")
    assert read_progress(workspace.run_folder("held")) == broken
