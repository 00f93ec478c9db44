"""What a comparison needs beside its samples to be opened elsewhere: judges' replies, own facts, models, labels."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import cast

import tomli_w

from cache import record
from cache.store import Store
from dashboard.launch import judges_of, models_of
from dashboard.results import Results
from dashboard.workspace import Workspace
from facts.catalog import Library
from runners.comparison import Comparison
from runners.judging import judging_of
from runners.keep import kept
from runners.model import Model
from runners.planning import trials
from runners.questions import gather, readers

REPLIES = "replies.jsonl"
OWN = "workspace"  # what lies in this folder of a zip belongs into a workspace
_LOOK = 500

Part = tuple[str, Iterable[bytes]]


def portable(comparison: Comparison) -> Comparison:
    """The comparison without a path of this machine: a query file of the user's own lies in the zip."""
    if comparison.query_file is None:
        return comparison
    return replace(comparison, query_file=f"{OWN}/queries/{Path(comparison.query_file).name}")


def bundle_parts(results: Results, library: Library, store: Store, workspace: Workspace) -> Iterator[Part]:
    """Names and bytes, in a fixed order; nothing of the environment, no key, no path of this machine.

    Raises ``FactError`` where the comparison cannot be composed any more.
    """
    comparison = results.comparison
    yield REPLIES, reply_lines(comparison, library, store, workspace)
    for slug in sorted(comparison.facts):
        if (path := workspace.facts / f"{slug}.toml").exists():  # the shipped ones come with the project
            yield f"{OWN}/facts/{slug}.toml", (path.read_bytes(),)
    models = (*models_of(comparison, workspace), *judges_of(comparison, workspace))
    if own := _own_models(models, workspace.models):
        yield f"{OWN}/models.toml", (own.encode(),)
    if comparison.query_file:
        yield str(portable(comparison).query_file), (Path(comparison.query_file).read_bytes(),)
    for path in sorted((workspace.root / "labels" / comparison.name).glob("*.jsonl")):
        yield f"{OWN}/labels/{path.name}", (path.read_bytes(),)
    for name in sorted(comparison.document_sets):
        for path in sorted((workspace.documents / name).glob("*.json*")):
            yield f"{OWN}/documents/{name}/{path.name}", _chunks(path)


def reply_lines(comparison: Comparison, library: Library, store: Store, workspace: Workspace) -> Iterator[bytes]:
    """Every kept reply to what was asked about samples, by whatever judge, as ``{"key": …, "record": …}`` a line."""
    using = readers(comparison, library, [judging_of(comparison, one) for one in judges_of(comparison, workspace)])
    if not any(reader.asks for reader in using):
        return
    seen: set[str] = set()
    for model in models_of(comparison, workspace):
        source = trials(comparison, library, model)
        while chunk := list(islice(source, _LOOK)):
            samples = kept(store, [trial.key for trial in chunk])
            replies = gather(chunk, library, using, samples, lambda keys: kept(store, keys))
            fresh = [key for key in replies if key not in seen]
            seen.update(fresh)
            for key, value in store.get_many(fresh).items():
                if record.problem(key, value) is None:
                    yield b'{"key": "' + key.encode() + b'", "record": ' + value + b"}\n"


def _own_models(models: Iterable[Model], path: Path) -> str:
    """The entries of the user's own models that the comparison uses; an adapter is named without its folder."""
    if not path.exists():
        return ""
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    entries = cast("dict[str, dict[str, object]]", said.get("models", {}))
    used = {model.label: dict(entries[model.label]) for model in models if model.label in entries}
    for entry in used.values():
        entry.pop("opened", None)  # who opens the file decides anew
        if "adapter" in entry:
            entry["adapter"] = Path(str(entry["adapter"])).name
    return tomli_w.dumps({"models": used}) if used else ""


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            yield part
