"""The comparisons there are: the workspace's own, the shipped examples, and the draft that survives a restart."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from dashboard.progress_file import NAME as PROGRESS
from dashboard.workspace import Workspace
from facts.errors import BrokenFile, FactError
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml, parse_comparison, read_comparison

EXAMPLES = Path(__file__).parent.parent / "examples"
FIRST = "embedded-ladder"


def comparison_files(workspace: Workspace) -> dict[str, Path]:
    """Every comparison there is by name: the first example first, then the others by name; an own one goes before."""
    shipped = {path.stem.replace("_", "-"): path for path in EXAMPLES.glob("*.toml")}
    own = {path.stem: path for path in workspace.comparisons.glob("*.toml")}
    files = {**shipped, **own}
    return {name: files[name] for name in sorted(files, key=lambda name: (name != FIRST, name))}


def saved_comparison(workspace: Workspace, name: str) -> Comparison | FactError:
    """The comparison of that name as it is on disk, or what is wrong with its file."""
    path = comparison_files(workspace).get(name)
    if path is None:
        return FactError(f"there is no comparison {name!r}; choose one from the list")
    try:
        return read_own(path) if path.parent == workspace.comparisons else read_comparison(path)
    except FactError as error:
        return error


def read_own(path: Path) -> Comparison:
    """The comparison in a file of the workspace; raises ``BrokenFile``, also where it bears another name inside."""
    comparison = read_comparison(path)
    if comparison.name != path.stem:  # running it would write over the file of that name
        raise BrokenFile(
            f"{path}: the file's name is {path.stem!r} and the name inside it is {comparison.name!r}; rename the file "
            f"to {comparison.name}.toml, or write name = {path.stem!r} in it"
        )
    return comparison


def replaces(workspace: Workspace, comparison: Comparison) -> bool:
    """Whether there is another comparison of this name, saved or shipped, so that the name would change its meaning."""
    return comparison.name in comparison_files(workspace) and saved_comparison(workspace, comparison.name) != comparison


def in_the_way(workspace: Workspace, comparison: Comparison) -> str:
    """What would lose its meaning if this comparison took its name: a phrase, empty where nothing would."""
    if not replaces(workspace, comparison):
        return ""
    if not (workspace.comparisons / f"{comparison.name}.toml").exists():
        return "a shipped example"
    if isinstance(saved_comparison(workspace, comparison.name), FactError):
        return "a saved comparison that cannot be read"
    ran = (workspace.run_folder(comparison.name) / PROGRESS).exists()
    return "a saved comparison that has been run" if ran else ""


def free_name(workspace: Workspace, wanted: str) -> str:
    """The name, with ``-2`` or the next free number behind it where there is a comparison or a run of that name."""
    taken = {*comparison_files(workspace), *(path.name for path in (workspace.root / "runs").glob("*"))}
    if wanted not in taken:
        return wanted
    stem = re.sub(r"-\d{1,4}$", "", wanted)[:70]
    return next(name for number in count(2) if (name := f"{stem}-{number}") not in taken)


def _draft_file(workspace: Workspace) -> Path:
    return workspace.root / "draft.toml"


def read_draft(workspace: Workspace, text: str | None) -> Comparison | None:
    """The draft in ``text``, else the one on disk, if there is one that can be read."""
    try:
        return parse_comparison("draft", text or _draft_file(workspace).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, FactError):
        return None


def write_draft(workspace: Workspace, comparison: Comparison) -> str:
    """Keep the draft on disk and return its text. A full disk is no error here: the store reports it where it costs."""
    text = comparison_toml(comparison)
    path = _draft_file(workspace)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".toml.new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError:
        pass
    return text
