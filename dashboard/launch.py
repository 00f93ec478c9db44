"""Runs one comparison of a workspace: one runner at a time, watched and cancelled from any process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from cache.store import Store
from dashboard.planned_sizes import planned_sizes
from dashboard.progress_file import (
    CANCEL,
    CONCURRENCY,
    JUDGING,
    NAME,
    PAUSE,
    read_progress,
    write_broken,
    write_progress,
)
from dashboard.workspace import Workspace
from facts.catalog import Library
from facts.errors import FactError
from runners import providers
from runners.batches import folder_beside
from runners.batches.desk import Way
from runners.batches.ledger import Ledger
from runners.comparison import MOST_AT_ONCE, Comparison
from runners.comparison_file import comparison_toml
from runners.estimate import Plan, estimate
from runners.limits import Limits
from runners.model import Model
from runners.models import find_models
from runners.planning import check
from runners.progress import Progress, State
from runners.providers import Connection
from runners.run import run

_WRITE_EVERY_S = 0.5
_LOCK_WAIT_S = 0.5


def models_of(comparison: Comparison, workspace: Workspace) -> tuple[Model, ...]:
    """The comparison's models, groups opened, among the shipped and the workspace's own; raises ``UnknownName``."""
    return find_models(comparison.models, workspace.models)


def judges_of(comparison: Comparison, workspace: Workspace) -> tuple[Model, ...]:
    """The comparison's judges, the one whose verdicts are the scores first; raises ``UnknownName``."""
    return find_models(comparison.judges, workspace.models)


def lock_of(workspace: Workspace, comparison: str) -> FileLock:
    """The lock that a comparison's runner holds while it runs, in this process or another."""
    folder = workspace.run_folder(comparison)
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "lock", timeout=0)


def is_running(workspace: Workspace, comparison: str) -> bool:
    """Whether any process runs the comparison now; a killed runner's lock is free."""
    if not (workspace.run_folder(comparison) / "lock").exists():
        return False  # asking must not make folders
    lock = lock_of(workspace, comparison)
    try:
        with lock:
            return False
    except Timeout:
        return True


def request_cancel(workspace: Workspace, comparison: str) -> None:
    """Ask the runner, in whatever process, to stop calling; it notices within half a second."""
    folder = workspace.run_folder(comparison)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CANCEL).touch()


def request_pause(workspace: Workspace, comparison: str, *, paused: bool) -> bool:
    """Ask the runner, in whatever process, to hold new calls or to go on; False where nobody runs it.

    It notices within half a second. A pause ends with its process: what is started again runs.
    """
    if not is_running(workspace, comparison):
        return False
    file = workspace.run_folder(comparison) / PAUSE
    if paused:
        file.touch()
    else:
        file.unlink(missing_ok=True)
    return True


def pause_requested(workspace: Workspace, comparison: str) -> bool:
    """Whether a runner of the comparison, if there is one, has been asked to hold."""
    return (workspace.run_folder(comparison) / PAUSE).exists()


def cancel_requested(workspace: Workspace, comparison: str) -> bool:
    """Whether a runner of the comparison, if there is one, has been asked to stop."""
    return (workspace.run_folder(comparison) / CANCEL).exists()


def request_concurrency(workspace: Workspace, comparison: str, most: int) -> bool:
    """Let each model have so many calls at once from now on, in whatever process; False where nobody runs it.

    It is noticed within half a second and holds for this run; the comparison's file stays as it is. Raises
    ``FactError`` for a number that no run takes.
    """
    if not 1 <= most <= MOST_AT_ONCE:
        raise FactError(f"{most} calls at once: choose a number from 1 to {MOST_AT_ONCE:,}")
    if not is_running(workspace, comparison):
        return False
    file = workspace.run_folder(comparison) / CONCURRENCY
    fresh = file.with_suffix(".new")
    fresh.write_text(str(most), encoding="utf-8")
    fresh.replace(file)
    return True


def _at_once(file: Path) -> int | None:
    try:
        words = file.read_text(encoding="utf-8")[:10].strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(words) if words.isascii() and words.isdigit() and 1 <= int(words) <= MOST_AT_ONCE else None


def save_comparison(workspace: Workspace, comparison: Comparison) -> Path:
    """Write the comparison to the workspace, where the dashboard lists it; an equal file is left alone."""
    path = workspace.comparisons / f"{comparison.name}.toml"
    text = comparison_toml(comparison)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".toml.new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    return path


def launch(
    comparison: Comparison, library: Library, workspace: Workspace, store: Store,
    report: Callable[[Progress], None], cancelled: Callable[[], bool], *, only_kept: bool = False,
    connect: Callable[[Model, int], Connection] = providers.connect, leaves: Callable[[], bool] = lambda: False,
) -> Progress:  # fmt: skip
    """Check, plan and run a comparison to its end, resuming whatever is kept; blocks.

    ``only_kept`` samples nothing and has judges read what is kept; the comparison's file and the record of its run are
    then left alone. ``leaves`` says that a cancelled run leaves its batches to go on at the provider. Raises
    ``FactError`` for what is wrong before spending, or when another process runs the same
    comparison.
    """
    models, judges = models_of(comparison, workspace), judges_of(comparison, workspace)
    check(comparison, library, models, judges)
    folder = workspace.run_folder(comparison.name)
    try:
        # Not at once: somebody who only asks whether it runs holds the lock for a moment.
        with lock_of(workspace, comparison.name).acquire(timeout=_LOCK_WAIT_S, poll_interval=0.01):
            for asked in (CANCEL, PAUSE, CONCURRENCY):
                (folder / asked).unlink(missing_ok=True)
            if not only_kept:
                save_comparison(workspace, comparison)

            def plan() -> Plan:
                sized = {} if only_kept else planned_sizes(comparison, library, models, workspace)
                return estimate(comparison, library, models, store, sized, judges=judges, only_kept=only_kept)

            return _run(comparison, library, plan, store, folder, report, cancelled,
                        JUDGING if only_kept else NAME, connect, leaves)  # fmt: skip
    except Timeout:
        raise FactError(
            f"{comparison.name} is being run already, here or in another process; watch it in the dashboard, or cancel "
            f"it with `salience cancel {comparison.name}`"
        ) from None


def _run(
    comparison: Comparison, library: Library, plan: Callable[[], Plan], store: Store, folder: Path,
    report: Callable[[Progress], None], cancelled: Callable[[], bool], record: str,
    connect: Callable[[Model, int], Connection], leaves: Callable[[], bool],
) -> Progress:  # fmt: skip
    cancel_file, pause_file, at_once_file = folder / CANCEL, folder / PAUSE, folder / CONCURRENCY
    before = read_progress(folder, record)
    earlier = before.earlier_usd + before.spent_usd if before else 0.0
    written = -_WRITE_EVERY_S
    state: State | None = None

    def told(progress: Progress) -> None:
        nonlocal written, state
        progress = replace(progress, earlier_usd=earlier)
        if progress.state is not state or progress.elapsed_s - written >= _WRITE_EVERY_S:
            written, state = progress.elapsed_s, progress.state
            write_progress(folder, progress, record)
        report(progress)

    now = datetime.now(UTC).isoformat(timespec="seconds")
    told(Progress(comparison=comparison.name, state=State.STARTING, updated_at=now))
    limits = Limits(concurrency=comparison.concurrency, max_calls=comparison.max_calls, max_usd=comparison.max_usd)
    try:
        last = run(plan(), library, store, limits, told, lambda: cancelled() or cancel_file.exists(), pause_file.exists,
                   lambda: _at_once(at_once_file), connect,
                   Way(ledger=Ledger(folder_beside(store.folder)), leaves=leaves))  # fmt: skip
        return replace(last, earlier_usd=earlier)
    except BaseException as error:
        write_broken(folder, comparison.name, str(error), record)
        raise
    finally:
        for asked in (cancel_file, pause_file, at_once_file):
            asked.unlink(missing_ok=True)
