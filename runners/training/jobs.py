"""Tuning as a job at a service: each id is on disk before anything waits for it, so that no crash loses or doubles one.

prepared → uploaded → asking → running → succeeded | failed | cancelled

``asking`` is written before a job is asked for: found after a crash, the service is asked whether it has such a job.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from facts.errors import BrokenFile, FactError
from facts.tokens import count_tokens
from runners.training.services import Line, Service, Unreached, find
from runners.training.training_set import TrainingSet

OVER = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """All that is known of a job; what ``training/jobs/LABEL.json`` holds. ``sha256`` is of the uploaded file.

    ``usd`` is what it costs at most by our count of tokens; None where no price was given: unknown, not free.
    """

    label: str
    service: str
    base_url: str
    base: str
    set_id: str
    documents: int
    doses: tuple[str, ...]
    sha256: str
    epochs: int
    seed: int
    tokens: int
    usd: float | None
    state: str = "prepared"
    file_id: str | None = None
    job_id: str | None = None
    model: str | None = None
    said: str = ""


def prepare(
    label: str, service: Service, base: str, taught: TrainingSet, *, epochs: int, seed: int,
    usd_per_mtok: float | None, base_url: str | None = None,
) -> tuple[Job, bytes]:  # fmt: skip
    """The job as it would be asked for, and the file to upload; nothing is sent. Raises ``FactError``."""
    if len(taught.examples) < service.rows:
        raise FactError(
            f"{service.title} wants at least {service.rows} documents, {taught.path} holds {len(taught.examples)}"
        )
    if usd_per_mtok is not None and not 0 <= usd_per_mtok < 1e6:
        raise FactError(f"a price is in USD per million tokens, got {usd_per_mtok}")
    rows = [json.dumps(service.row(example), ensure_ascii=False) for example in taught.examples]
    data = "".join(f"{row}\n" for row in rows).encode()
    tokens = epochs * sum(count_tokens(example.prompt + example.completion) for example in taught.examples)
    job = Job(
        label=label, service=service.name, base_url=base_url or service.base_url, base=base, set_id=taught.set_id,
        documents=len(taught.examples), doses=taught.doses, sha256=hashlib.sha256(data).hexdigest(), epochs=epochs,
        seed=seed, tokens=tokens, usd=None if usd_per_mtok is None else tokens * usd_per_mtok / 1e6,
    )  # fmt: skip
    return job, data


def path_of(home: Path, label: str) -> Path:
    """Where the job of that label is kept in a workspace."""
    return home / "training" / "jobs" / f"{label}.json"


def read_job(path: Path) -> Job:
    """The job kept there, or ``BrokenFile``."""
    try:
        return TypeAdapter(Job).validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BrokenFile(f"{path}: is no record of a job ({error}); look for the job at the service") from error


def write_job(job: Job, path: Path) -> Job:
    """Keeps the job: the whole record or the one before it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".part")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(job), indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    return job


def same(one: Job, other: Job) -> bool:
    """Whether two records are of one order, whatever has become of it; what it costs is no part of it."""
    fresh = {"state": "prepared", "file_id": None, "job_id": None, "model": None, "said": "", "usd": None}
    return replace(one, **fresh) == replace(other, **fresh)  # type: ignore[arg-type]


def submit(job: Job, data: bytes, path: Path, line: Line) -> Job:
    """Uploads and asks for the job, from wherever it stands; one that was asked for is not asked for again.

    Raises ``FactError``; run it again, and it goes on where it was.
    """
    if job.file_id is None:
        job = write_job(job, path)
        job = write_job(replace(job, file_id=line.upload(f"{job.label}.jsonl", data), state="uploaded"), path)
    file_id = job.file_id or ""
    if job.job_id is None:
        found = line.job_on(file_id) if job.state == "asking" else None
        if found is None:
            job = write_job(replace(job, state="asking"), path)
            found = line.create(line.service.order(job.base, file_id, job.label, job.epochs, job.seed))
        job = write_job(replace(job, job_id=found, state="running"), path)
    return job


def look(job: Job, path: Path, line: Line) -> Job:
    """How a job stands now; kept. One that is over stays as it is."""
    if job.job_id is None or job.state in OVER:
        return job
    said = line.look(job.job_id)
    state = line.service.state(said)
    model = line.service.tuned(said) if state == "succeeded" else None
    if state == "succeeded" and model is None:
        raise FactError(f"{line.service.title} says that {job.job_id} is done but names no model; look there for it")
    return write_job(replace(job, state=state, model=model, said=str(said.get("status"))), path)


def wait(job: Job, path: Path, line: Line, pause: Callable[[Job], None]) -> Job:
    """Looks until the job is over; ``pause`` is called between looks. A look that fails is repeated."""
    while True:
        with suppress(Unreached):
            job = look(job, path, line)
        if job.state in OVER:
            return job
        pause(job)


def cancel(job: Job, path: Path, line: Line) -> Job:
    """Ends a job: one that was never asked for is dropped, one that runs is asked to stop."""
    if job.state in OVER:
        return job
    if job.job_id is None and job.state == "asking" and job.file_id is not None:
        job = replace(job, job_id=line.job_on(job.file_id))
    if job.job_id is None:
        return write_job(replace(job, state="cancelled", said="never asked for"), path)
    write_job(replace(job, state="running"), path)
    line.cancel(job.job_id)
    return look(replace(job, state="running"), path, line)


def entry(job: Job) -> dict[str, object]:
    """The tuned model as an entry of ``models.toml``; its prices are unknown, since tuned models have their own."""
    service = find(job.service)
    found: dict[str, object] = {
        "provider": service.provider, "name": job.model or "",
        "note": f"{job.base} tuned at {service.title} (job {job.job_id}) on set {job.set_id}: {job.documents:,} "
                f"documents ({'; '.join(job.doses) or 'doses unknown'}).",
        "trained_on": {"set_id": job.set_id, "documents": job.documents, "doses": list(job.doses), "base": job.base,
                       "epochs": float(job.epochs)},
    }  # fmt: skip
    if service.provider == "openai_compatible" or job.base_url != service.base_url:
        found.update(base_url=job.base_url)
    if service.provider == "openai_compatible":
        found.update(key_env=service.key_env)
    return found
