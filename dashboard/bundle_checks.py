"""Reads what came in a zip with the project's own readers, before any of it is put into the workspace."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dashboard.bundle_models import merged
from dashboard.bundle_parts import OWN
from dashboard.workspace import Workspace
from facts.catalog import shipped
from facts.documents.formats.jsonl import FILE
from facts.documents.formats.set_folder import MANIFEST, read_set
from facts.errors import BrokenFile, FactError
from facts.read_fact import read_fact
from facts.read_setting import read_queries
from runners import metrics
from runners.comparison import Comparison
from runners.labels.events import Event, to_line
from runners.labels.file import read as read_labels

_ELSEWHERE = "open the file in a new workspace: salience --workspace NEW open FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Files to move, each with its place in the workspace, and what should be said."""

    files: tuple[tuple[Path, Path], ...]
    says: tuple[str, ...]


def checked(folder: Path, comparison: Comparison, name: str, workspace: Workspace) -> Checked:
    """What of ``folder``, a zip's part for the workspace, is new there; ``name`` is what the comparison is called here.

    Raises ``FactError`` for anything that cannot be read, that the comparison does not use, that differs from what is
    here already, or that it needs and is neither here nor there. Nothing in the workspace is written.
    """
    shipped().setting(comparison.setting)
    files: list[tuple[Path, Path]] = []
    says: list[str] = []
    for taken, told in (
        _facts(folder / "facts", comparison, workspace), _queries(folder / "queries", comparison, workspace),
        _labels(folder / "labels", comparison, name, workspace), _sets(folder / "documents", comparison, workspace),
        _models(folder, comparison, workspace),
    ):  # fmt: skip
        files += taken
        says += told
    return Checked(files=tuple(files), says=tuple(dict.fromkeys(says)))


_Taken = tuple[list[tuple[Path, Path]], list[str]]


def _new(fresh: Path, target: Path) -> bool:
    if not target.exists():
        return True
    if not target.is_file() or target.read_bytes() != fresh.read_bytes():
        raise FactError(f"{fresh.name} of the file differs from {target}, which is here already; {_ELSEWHERE}")
    return False


def _unused(what: str, name: str) -> BrokenFile:
    return BrokenFile(f"{what} {name!r} is no part of the comparison in the file; do not open it")


def _facts(folder: Path, comparison: Comparison, workspace: Workspace) -> _Taken:
    taken: list[tuple[Path, Path]] = []
    there = {path.stem: path for path in sorted(folder.glob("*"))}
    for slug, path in there.items():
        if slug in shipped().facts:
            raise BrokenFile(f"fact {slug!r} comes with the project, and the file brings another; do not open it")
        if slug not in comparison.facts:
            raise _unused("fact", slug)
        read_fact(path)
        if _new(path, workspace.facts / path.name):
            taken.append((path, workspace.facts / path.name))
    for slug in comparison.facts:
        if not (slug in shipped().facts or slug in there or (workspace.facts / f"{slug}.toml").exists()):
            raise FactError(f"the comparison uses the fact {slug!r}, which is neither in the file nor here; update "
                            "this project, or export it again where the fact is")  # fmt: skip
    return taken, []


def _queries(folder: Path, comparison: Comparison, workspace: Workspace) -> _Taken:
    there = {path.name: path for path in sorted(folder.glob("*"))}
    wanted = comparison.query_file
    name = "" if wanted is None else wanted.rpartition("/")[2]
    if wanted is not None and (wanted != f"{OWN}/queries/{name}" or name not in there):
        raise BrokenFile(f"the comparison asks the queries of {wanted[:200]!r}, which is not in the file; export it "
                         "again there")  # fmt: skip
    for other in there.keys() - {name}:
        raise _unused("the file of queries", other)
    if wanted is None:
        return [], []
    read_queries(there[name])
    target = workspace.root / "queries" / name
    return ([(there[name], target)] if _new(there[name], target) else []), []


def _labels(folder: Path, comparison: Comparison, name: str, workspace: Workspace) -> _Taken:
    taken: list[tuple[Path, Path]] = []
    says: list[str] = []
    for path in sorted(folder.glob("*")):
        if path.stem not in metrics.names():
            says.append(f"labels of {path.stem} are left out: there is no such metric here")
            continue
        _only_known(path, says)
        target = workspace.root / "labels" / name / path.name
        if not target.exists():
            taken.append((path, target))
        elif target.read_bytes() != path.read_bytes():
            says.append(
                f"labels of {comparison.name} are here already, so those of the file are left out ({path.name})"
            )
    return taken, says


def _only_known(path: Path, says: list[str]) -> None:
    """Rewrites the file without labels that this metric cannot have."""
    found = read_labels(path)
    classes = {None, *metrics.find(path.stem).CLASSES}
    right = [one for one in found.history if one.metric == path.stem and one.value in classes]
    if (wrong := len(found.history) - len(right)) or found.warnings:
        events: list[Event] = [*found.drawings, *right]
        path.write_text("".join(f"{to_line(event)}\n" for event in events), encoding="utf-8")
        if wrong:
            says.append(f"{wrong:,} labels of {path.stem} are left out: it has no such class here")
        if found.warnings:
            says.append(f"a line of the labels of {path.stem} was cut short and is left out")


def _sets(folder: Path, comparison: Comparison, workspace: Workspace) -> _Taken:
    taken: list[tuple[Path, Path]] = []
    says: list[str] = []
    there = {path.name: path for path in sorted(folder.glob("*"))}
    for name, path in there.items():
        if name not in comparison.document_sets:
            raise _unused("document set", name)
        said, _ = read_set(path)
        if said.set_id != name:
            raise BrokenFile(f"document set {name} holds another set, {said.set_id[:40]!r}; do not open the file")
        home = workspace.documents / name
        if home.exists():
            _new(path / FILE, home / FILE)
            says.append(f"document set {name} is here already; that one stays, with what gates found in it here")
            continue
        # What gates are said to have found is the word of whoever sent it: they have to run here.
        bare = said.model_copy(update={"statistics": {}, "gates": {}, "twins": {}})
        text = json.dumps(bare.model_dump(mode="json"), ensure_ascii=False, indent=2)
        (path / MANIFEST).write_text(f"{text}\n", encoding="utf-8", newline="\n")
        taken += [(path / one, home / one) for one in (FILE, MANIFEST)]
        says.append(f"document set {name} counts as not checked: `salience documents check {name}` before it is run")
    for name in comparison.document_sets:
        if name not in there and not (workspace.documents / name / MANIFEST).exists():
            raise FactError(f"the comparison shows the document set {name!r}, which is neither in the file nor here; "
                            "export it again where the set is")  # fmt: skip
    return taken, says


def _models(folder: Path, comparison: Comparison, workspace: Workspace) -> _Taken:
    target = folder / "merged.toml"
    told = merged(folder / "models.toml", workspace.models, comparison, target)
    return [(target, workspace.models)] if target.exists() else [], told
