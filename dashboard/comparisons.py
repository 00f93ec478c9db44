"""The comparisons there are: the workspace's own, the shipped examples, and the draft that survives a restart."""

from __future__ import annotations

from pathlib import Path

from dashboard.workspace import Workspace
from facts.errors import FactError
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
    try:
        return read_comparison(comparison_files(workspace)[name])
    except KeyError:
        return FactError(f"there is no comparison {name!r}; choose one from the list")
    except FactError as error:
        return error


def replaces_saved(workspace: Workspace, comparison: Comparison) -> bool:
    """Whether the workspace has another comparison of this name."""
    own = workspace.comparisons / f"{comparison.name}.toml"
    return own.exists() and saved_comparison(workspace, comparison.name) != comparison


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
