"""Every comparison with where its run stands, read from the run folders: what is on disk is what is listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dashboard import jobs
from dashboard.comparisons import comparison_files
from dashboard.plan_rows import Row, done_percent
from dashboard.plan_text import usd
from dashboard.progress_file import NAME, damaged
from dashboard.workspace import Workspace
from facts.errors import FactError
from runners.progress import Progress, State


class Standing(StrEnum):
    """Where a comparison's run stands, in the words that are shown."""

    HERE = "running"
    ELSEWHERE = "running in another process"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    BROKEN = "broken off"
    INCOMPLETE = "incomplete"
    FINISHED = "finished"
    DAMAGED = "record damaged"
    NOT_STARTED = "not started"

    @property
    def live(self) -> bool:
        """Whether a process runs it now."""
        return self in {Standing.HERE, Standing.ELSEWHERE, Standing.PAUSED, Standing.CANCELLING}


_ABOUT = {
    Standing.HERE: "It runs in this server's process. Closing the tab does not stop it.",
    Standing.ELSEWHERE: "Another process runs it, such as the command line; it can be watched and stopped here.",
    Standing.PAUSED: "No new call starts until it is resumed. Its process is still there.",
    Standing.CANCELLING: "No new call starts; what is in flight is being kept.",
    Standing.INTERRUPTED: "The process that ran it ended before the run did. What had arrived is kept; resume it.",
    Standing.CANCELLED: "It was cancelled. What had arrived is kept; resume it to buy only what is missing.",
    Standing.STOPPED: "It stopped before its end, for the reason below. What had arrived is kept.",
    Standing.BROKEN: "An error ended it, which is below. What had arrived is kept.",
    Standing.INCOMPLETE: "It ran to its end, but some requests brought no reply; they can be tried again.",
    Standing.FINISHED: "Every planned request has a reply.",
    Standing.DAMAGED: "The record of its run cannot be read. What had arrived is kept all the same; resume it to buy "
    "only what is missing.",
    Standing.NOT_STARTED: "Nothing has been called for it yet.",
}
_ENDED = {State.CANCELLED: Standing.CANCELLED, State.STOPPED: Standing.STOPPED, State.BROKEN: Standing.BROKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One comparison and its last or current run; ``progress`` is None where there is no record that can be read.

    ``edited`` says that the comparison's file was changed after the run, so that it may plan something else now.
    """

    name: str
    standing: Standing
    progress: Progress | None = None
    edited: bool = False

    @property
    def about(self) -> str:
        """What the standing means, in one or two sentences."""
        return _ABOUT[self.standing]

    @property
    def simulated(self) -> bool:
        """Whether any model of the run is simulated."""
        return self.progress is not None and any(model.simulated for model in self.progress.models)

    @property
    def changed(self) -> str:
        """When the progress was last written, ISO 8601 in UTC, or nothing."""
        return self.progress.updated_at if self.progress else ""


def standing_of(progress: Progress | None, *, live: bool, here: bool) -> Standing:
    """Where a run stands, given its last progress, whether any process runs it, and whether this one does."""
    if live:
        state = progress.state if progress else State.STARTING
        if state in {State.PAUSED, State.CANCELLING}:
            return Standing(state.value)
        return Standing.HERE if here else Standing.ELSEWHERE
    if progress is None:
        return Standing.NOT_STARTED
    if progress.live:
        return Standing.INTERRUPTED
    if progress.state is State.FINISHED:
        return Standing.FINISHED if progress.finished >= progress.planned else Standing.INCOMPLETE
    return _ENDED[progress.state]


def run_row(workspace: Workspace, name: str) -> RunRow:
    """One comparison's row; raises ``FactError`` for what cannot be a name."""
    progress, live = jobs.progress(workspace, name)
    if live and progress:
        progress = jobs.asked(workspace, name, progress)
    standing = standing_of(progress, live=live, here=jobs.runs_here(workspace, name))
    if standing is Standing.NOT_STARTED and damaged(workspace.run_folder(name)):
        standing = Standing.DAMAGED
    written = workspace.run_folder(name) / NAME
    return RunRow(name=name, standing=standing, progress=progress,
                  edited=not live and _later(workspace.comparisons / f"{name}.toml", written))  # fmt: skip


def _later(file: Path, than: Path) -> bool:
    try:
        return file.stat().st_mtime > than.stat().st_mtime
    except OSError:
        return False


def run_rows(workspace: Workspace) -> tuple[RunRow, ...]:
    """Every comparison and every run: those that run now, then the last changed, then those never started."""
    names = dict.fromkeys([*comparison_files(workspace), *(path.parent.name for path in _written(workspace))])
    found: list[RunRow] = []
    for name in names:
        try:
            found.append(run_row(workspace, name))
        except FactError:  # a file whose name no comparison can have
            continue
    found.sort(key=lambda row: row.changed, reverse=True)
    return tuple(sorted(found, key=lambda row: not row.standing.live))


def _written(workspace: Workspace) -> list[Path]:
    return sorted((workspace.root / "runs").glob(f"*/{NAME}"))


def when(moment: str) -> str:
    """A time that was written as ISO 8601 in UTC, to the minute; a dash where there is none."""
    return f"{moment[:10]} {moment[11:16]} UTC" if moment else "–"


def kept_words(progress: Progress | None) -> str:
    """How many of the planned requests had a reply when the progress was written."""
    if progress is None or not progress.planned:
        return "–"
    return f"{progress.finished:,} of {progress.planned:,}"


def spent_words(progress: Progress | None) -> str:
    """What all runs of the comparison spent, as far as they left word; unknown prices are unknown."""
    if progress is None:
        return "–"
    return usd(progress.earlier_usd + progress.spent_usd) if progress.cost_known else "unknown"


def list_rows(rows: Iterable[RunRow]) -> list[Row]:
    """The list as a table of plain words and numbers."""
    return [
        {
            "Comparison": row.name,
            "State": row.standing.value + (", SIMULATED" if row.simulated else ""),
            "Done": done_percent(row.progress.finished, row.progress.planned) if row.progress else 0,
            "Replies kept": kept_words(row.progress),
            "Failed": row.progress.failed if row.progress else 0,
            "Spent": spent_words(row.progress),
            "Last change": when(row.changed),
        }
        for row in rows
    ]
