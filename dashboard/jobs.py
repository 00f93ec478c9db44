"""Runs in the background of the dashboard: a thread owns nothing that the store and the run folder do not."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cache.errors import StoreError
from cache.store import Store
from dashboard.launch import (
    cancel_requested,
    is_running,
    launch,
    pause_requested,
    request_cancel,
    request_concurrency,
    request_pause,
)
from dashboard.progress_file import JUDGING, read_progress, write_broken
from dashboard.workspace import Workspace
from facts.catalog import Library
from facts.errors import FactError
from runners.comparison import Comparison
from runners.progress import Progress, State


@dataclass(slots=True)
class _Job:
    cancel: threading.Event = field(default_factory=threading.Event)
    leaves: threading.Event = field(default_factory=threading.Event)  # only the process ends, its batches go on
    thread: threading.Thread | None = None
    latest: Progress | None = None


_jobs: dict[tuple[str, str], _Job] = {}
_lock = threading.Lock()


def start(comparison: Comparison, library: Library, workspace: Workspace, store: Store) -> bool:
    """Start or resume a comparison in the background; False when this process runs it already."""
    name = (str(workspace.root), comparison.name)
    with _lock:
        old = _jobs.get(name)
        if old and old.thread and old.thread.is_alive():
            return False
        job = _jobs[name] = _Job()
        job.thread = threading.Thread(
            target=_work, args=(job, comparison, library, workspace, store), name=f"run-{comparison.name}", daemon=True
        )
        job.thread.start()
    return True


def _work(job: _Job, comparison: Comparison, library: Library, workspace: Workspace, store: Store) -> None:
    def told(progress: Progress) -> None:
        job.latest = progress

    try:
        job.latest = launch(comparison, library, workspace, store, told, job.cancel.is_set, leaves=job.leaves.is_set)
    except (FactError, StoreError, OSError) as error:
        job.latest = Progress(comparison=comparison.name, state=State.BROKEN, message=str(error))
        if not is_running(workspace, comparison.name):  # do not overwrite the progress of another process's run
            job.latest = write_broken(workspace.run_folder(comparison.name), comparison.name, str(error))


def progress(workspace: Workspace, name: str) -> tuple[Progress | None, bool]:
    """How far a comparison's last run is, in whatever process, and whether it is running now."""
    job = _jobs.get((str(workspace.root), name))
    if job and job.thread and job.thread.is_alive():
        return job.latest or read_progress(workspace.run_folder(name)), True
    return read_progress(workspace.run_folder(name)), is_running(workspace, name)


def judging(workspace: Workspace, name: str, progress: Progress | None, *, live: bool) -> tuple[Progress | None, bool]:
    """How far the last judging of kept samples is, which is no run, and whether it is what is live now."""
    found = read_progress(workspace.run_folder(name), JUDGING)
    if found is None or not live or not found.live:
        return found, False
    # A judging that was killed says for ever that it is live; a run that came after it has the later word.
    return found, progress is None or not progress.live or found.updated_at > progress.updated_at


def cancel(workspace: Workspace, name: str) -> None:
    """Ask a comparison's run to stop, here or in another process; acknowledged within half a second."""
    if job := _jobs.get((str(workspace.root), name)):
        job.cancel.set()
    if is_running(workspace, name):
        request_cancel(workspace, name)


def pause(workspace: Workspace, name: str, *, paused: bool) -> bool:
    """Have a comparison's run hold new calls, or go on, here or in another process; False where nobody runs it."""
    return request_pause(workspace, name, paused=paused)


def at_once(workspace: Workspace, name: str, most: int) -> bool:
    """Have each model of a run make so many calls at once, here or in another process; False where nobody runs it."""
    return request_concurrency(workspace, name, most)


def asked(workspace: Workspace, name: str, progress: Progress) -> Progress:
    """The progress of a live run as it will be within half a second, once it has noticed what it was asked."""
    if progress.state not in {State.RUNNING, State.PAUSED}:
        return progress
    if cancel_requested(workspace, name):
        return replace(progress, state=State.CANCELLING)
    return replace(progress, state=State.PAUSED if pause_requested(workspace, name) else State.RUNNING)


def runs_here(workspace: Workspace, name: str) -> bool:
    """Whether it is this process that runs the comparison."""
    job = _jobs.get((str(workspace.root), name))
    return bool(job and job.thread and job.thread.is_alive())


def any_running() -> bool:
    """Whether a run of this process is still going on."""
    return any(job.thread and job.thread.is_alive() for job in _jobs.values())


def cancel_all() -> None:
    """Ask every run of this process to stop, and wait a little for what is in flight to be kept.

    Batches go on at the provider: it is the process that ends, and the next run brings them in.
    """
    running = [job for job in _jobs.values() if job.thread and job.thread.is_alive()]
    for job in running:
        job.leaves.set()
        job.cancel.set()
    for job in running:
        if job.thread:
            job.thread.join(timeout=5)


def running(workspace: Workspace) -> Mapping[str, Progress]:
    """The latest progress of every comparison that this process runs now."""
    return {
        name: job.latest
        for (root, name), job in _jobs.items()
        if root == str(workspace.root) and job.thread and job.thread.is_alive() and job.latest
    }
