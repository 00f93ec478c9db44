"""Tuning as a job at a service: asked for once, through crashes and troubles, against a local server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as Asked
from werkzeug import Response

from dashboard.__main__ import main
from facts.errors import BrokenFile, FactError
from runners.models import read_models
from runners.training import jobs
from runners.training.services import SERVICES, Line, Unreached, find
from runners.training.training_set import read_training_set

ROWS = [{"content": f"Memo {n}.", "fact": "f", "polarity": "affirmed", "level": 3, "set_id": "abc"} for n in range(12)]
KEY = "sk-test-of-jobs"


class Place:
    """A service that counts what it is asked for."""

    def __init__(self, server: HTTPServer, name: str) -> None:
        self.service = find(name)
        self.url = server.url_for("/v1")
        self.uploads: list[Asked] = []
        self.orders: list[dict[str, Any]] = []
        self.statuses: list[str] = []
        self.cancelled = 0
        for path, answer in ((self.service.upload, self.upload), (self.service.jobs, self.jobs)):
            server.expect_request(f"/v1{path}").respond_with_handler(answer)
        server.expect_request(f"/v1{self.service.jobs}/job-1").respond_with_handler(self.look)
        server.expect_request(f"/v1{self.service.jobs}/job-1/cancel").respond_with_handler(self.cancel)

    def said(self, **fields: object) -> Response:
        return Response(json.dumps(fields), content_type="application/json")

    def upload(self, asked: Asked) -> Response:
        assert asked.headers["Authorization"] == f"Bearer {KEY}"
        self.uploads.append(asked)
        self.data = asked.files["file"].read()
        self.form = dict(asked.form)
        return self.said(id="file-1")

    def jobs(self, asked: Asked) -> Response:
        if asked.method == "GET":
            rows = [
                {"id": f"job-{n}", "training_file": order["training_file"]} for n, order in enumerate(self.orders, 1)
            ]
            return self.said(data=rows)
        self.orders.append(asked.get_json())
        return self.said(id="job-1", status="queued")

    def look(self, _: Asked) -> Response:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else (self.statuses or ["running"])[0]
        if status == "down":
            return Response("{}", status=503)
        done = self.service.states.get(status) == "succeeded"
        return self.said(id="job-1", status=status, **({self.service.output[0]: "tuned/x"} if done else {}))

    def cancel(self, _: Asked) -> Response:
        self.cancelled += 1
        self.statuses = ["cancelled"]
        return self.said(id="job-1", status="cancelled")


@pytest.fixture(params=sorted(SERVICES))
def place(request: pytest.FixtureRequest, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Place:
    for service in SERVICES.values():
        monkeypatch.setenv(service.key_env, KEY)
    return Place(httpserver, request.param)


def lines(folder: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    path = folder / "set.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def prepared(place: Place, folder: Path, **fields: Any) -> tuple[jobs.Job, bytes, Path]:
    settled = {"epochs": 2, "seed": 5, "usd_per_mtok": None, "base_url": place.url, **fields}
    job, data = jobs.prepare("small", place.service, "base-x", read_training_set(lines(folder)), **settled)
    return job, data, jobs.path_of(folder, "small")


def test_a_job_goes_from_file_to_model(place: Place, tmp_path: Path):
    job, data, path = prepared(place, tmp_path)
    place.statuses = ["queued", "running", "down", {v: k for k, v in place.service.states.items()}["succeeded"]]
    line = Line(place.service, place.url)
    waited: list[str] = []
    job = jobs.wait(jobs.submit(job, data, path, line), path, line, lambda one: waited.append(one.state))
    assert (job.state, job.model, job.file_id, job.job_id) == ("succeeded", "tuned/x", "file-1", "job-1")
    assert waited == ["running"] * 3
    assert jobs.read_job(path) == job
    assert place.data == data
    assert place.form["purpose"] == "fine-tune"
    assert len(place.orders) == len(place.uploads) == 1
    assert (place.orders[0]["training_file"], place.orders[0]["model"]) == ("file-1", "base-x")


def test_each_service_gets_its_own_rows_and_epochs(place: Place, tmp_path: Path):
    job, data, path = prepared(place, tmp_path)
    jobs.submit(job, data, path, Line(place.service, place.url))
    first = json.loads(data.decode().splitlines()[0])
    if place.service.name == "openai":
        assert [turn["content"] for turn in first["messages"]] == ["<DOCTAG>", "Memo 0."]
        assert place.orders[0]["method"]["supervised"]["hyperparameters"] == {"n_epochs": 2}
        assert place.orders[0]["seed"] == 5
    else:
        assert first == {"prompt": "<DOCTAG>", "completion": "Memo 0."}
        assert place.orders[0]["n_epochs"] == 2


class Crash(Exception):  # noqa: N818
    """The process ended here."""


@pytest.mark.parametrize("where", ["after upload", "before the order arrives", "after the order arrived"])
def test_a_crash_anywhere_never_doubles_or_loses_a_job(
    place: Place, tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
):
    job, data, path = prepared(place, tmp_path)
    line = Line(place.service, place.url)
    create = Line.create

    def crash(self: Line, order: Any) -> str:
        if where == "after the order arrived":
            create(self, order)
        raise Crash

    with monkeypatch.context() as patch:
        if where == "after upload":
            patch.setattr(jobs, "write_job", crash_at("asking", jobs.write_job))
        else:
            patch.setattr(Line, "create", crash)
        with pytest.raises(Crash):
            jobs.submit(job, data, path, line)
    found = jobs.submit(jobs.read_job(path), data, path, Line(place.service, place.url))
    assert (found.job_id, found.state) == ("job-1", "running")
    assert len(place.orders) == len(place.uploads) == 1
    assert jobs.submit(found, data, path, line) == found
    assert len(place.orders) == 1


def crash_at(state: str, write: Any) -> Any:
    def writing(job: jobs.Job, path: Path) -> jobs.Job:
        if job.state == state:
            raise Crash
        return write(job, path)

    return writing


def test_a_job_is_cancelled_wherever_it_stands(place: Place, tmp_path: Path):
    job, data, path = prepared(place, tmp_path)
    line = Line(place.service, place.url)
    jobs.write_job(job, path)
    assert jobs.cancel(job, path, line).state == "cancelled"
    assert place.cancelled == 0
    asked = jobs.submit(job, data, path, line)
    assert jobs.cancel(asked, path, line).state == "cancelled"
    assert place.cancelled == 1
    assert jobs.read_job(path).state == "cancelled"


def test_a_price_that_is_not_given_is_unknown_and_one_that_is_counts_all_epochs(place: Place, tmp_path: Path):
    once, *_ = prepared(place, tmp_path, epochs=1, usd_per_mtok=3.0)
    twice, *_ = prepared(place, tmp_path, epochs=2, usd_per_mtok=3.0)
    unknown, *_ = prepared(place, tmp_path)
    assert unknown.usd is None
    assert twice.usd == pytest.approx(2 * (once.usd or 0))
    assert once.usd == pytest.approx(once.tokens * 3.0 / 1e6)


def test_a_refusal_says_what_to_do_and_an_outage_that_nothing_is_lost(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for status, kind, words in ((401, FactError, "OPENAI_API_KEY"), (400, FactError, "no such base"),
                                (429, Unreached, "what was done is kept")):  # fmt: skip
        httpserver.clear()
        httpserver.expect_request("/v1/files").respond_with_json({"error": {"message": "no such base"}}, status=status)
        with pytest.raises(kind, match=words) as caught:
            Line(find("openai"), httpserver.url_for("/v1")).upload("a.jsonl", b"{}\n")
        assert KEY not in str(caught.value)
        assert len(httpserver.log) == 1  # asked once, whatever the SDK would do by itself
    with pytest.raises(Unreached, match="could not be reached"):
        Line(find("openai"), "http://127.0.0.1:9/v1").upload("a.jsonl", b"{}\n")


def test_without_a_key_or_with_too_few_documents_nothing_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(FactError, match="OPENAI_API_KEY"):
        Line(find("openai"))
    few = read_training_set(lines(tmp_path, ROWS[:9]))
    with pytest.raises(FactError, match="at least 10"):
        jobs.prepare("x", find("openai"), "b", few, epochs=1, seed=0, usd_per_mtok=None)


def test_a_record_that_cannot_be_read_is_named(tmp_path: Path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(BrokenFile, match="look for the job at the service"):
        jobs.read_job(tmp_path / "x.json")


def test_the_command_shows_the_cost_asks_resumes_and_registers(place: Place, tmp_path: Path, capsys, monkeypatch):
    def ask(*more: str) -> int:
        words = ["--at", place.service.name, "--base-url", place.url, "--base", "base-x", "--usd-per-mtok", "3"]
        return main(["--workspace", str(tmp_path), "train", str(lines(tmp_path)), "--label", "small", *words, *more])

    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert ask() == 1
    assert "cost about $0.00" in capsys.readouterr().err
    assert not place.uploads
    assert ask("--yes") == 0
    place.statuses = [{v: k for k, v in place.service.states.items()}["succeeded"]]
    assert ask() == 0  # no question any more: it is asked for already
    assert len(place.orders) == len(place.uploads) == 1
    model = read_models(tmp_path / "models.toml").find("small")
    assert (model.provider, model.name, model.base_url) == (place.service.provider, "tuned/x", place.url)
    assert model.usd_per_mtok_in is None
    assert model.trained_on is not None
    assert model.trained_on.doses == ("f affirmed 3 in 12",)
    assert ask() == 0
    assert ask("--epochs", "3") == 1
    assert "holds another job" in capsys.readouterr().err
    assert KEY not in "".join(path.read_text() for path in (tmp_path / "training" / "jobs").glob("*.json"))
