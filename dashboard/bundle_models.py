"""Models that came with a comparison: taken in beside one's own, marked so that none is called before a person says so.

A file could otherwise send a key to whatever address it names. Only entries that its comparison uses are taken, none
replaces a shipped or an own one, and each is marked ``opened = true``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import cast

import tomli_w

from facts.errors import BrokenFile, FactError
from facts.parse import read_text
from runners.comparison import Comparison
from runners.keys import elsewhere, key_variable
from runners.model import Model
from runners.model_spec import provider_of
from runners.models import Models, read_models

Entry = dict[str, object]


def merged(fresh: Path, own: Path, comparison: Comparison, target: Path) -> list[str]:
    """Writes the user's models with those of ``fresh`` that are new to ``target``, and says whom each would call.

    Nothing is written where nothing is new. Models that the comparison names by their address are told of too.
    Raises ``FactError`` for a file that cannot be read, a label that means something else here, and a model that the
    comparison names and nobody has.
    """
    here = read_models(own)
    lacking = dict[str, Entry]()
    if fresh.exists():
        sent = read_models(fresh)
        wanted = _wanted(comparison, here)
        entries = {label: entry for label, entry in _entries(fresh).items() if label in wanted}
        known = _entries(own) if own.exists() else dict[str, Entry]()
        lacking = {label: entry for label, entry in entries.items() if _is_new(label, entry, known, sent, own)}
    if lacking:
        text = read_text(own).rstrip() + "\n\n" if own.exists() else ""
        marked = {label: {**entry, "opened": True} for label, entry in lacking.items()}
        target.write_text(text + tomli_w.dumps({"models": marked}), encoding="utf-8")
        here = read_models(target)
    used = here.expand((*comparison.models, *comparison.judges))
    told = [_line(here.find(label)) for label in lacking]
    told += [f"the comparison names a model by its address: running it would call {elsewhere(model)}"
             for model in used if provider_of(model.label) and model.base_url]  # fmt: skip
    return told


def _line(model: Model) -> str:
    variable = key_variable(model)
    where = elsewhere(model) or f"its provider's own address, with {f'the key in {variable}' if variable else 'no key'}"
    return f"the model {model.label} came with the file and is not called until you allow it: it would call {where}"


def _wanted(comparison: Comparison, here: Models) -> set[str]:
    named = (*comparison.models, *comparison.judges)
    return {label for name in named for label in here.groups.get(name, (name,))}


def _entries(path: Path) -> Mapping[str, Entry]:
    return cast("dict[str, Entry]", tomllib.loads(read_text(path)).get("models", {}))


def _is_new(label: str, entry: Entry, known: Mapping[str, Entry], sent: Models, own: Path) -> bool:
    if "adapter" in entry and PurePath(str(entry["adapter"])).name != entry["adapter"]:
        raise BrokenFile(f"model {label!r} names an adapter outside; do not open the file")
    if provider_of(label) is not None:
        raise BrokenFile(f"model {label!r} has a label that reads like an address; do not open the file")
    shipped = read_models().by_label.get(label)
    if shipped is not None:
        if replace(sent.by_label[label], opened="") != shipped:
            raise BrokenFile(f"model {label!r} comes with the project and means something else in the file; whoever "
                             "sent it must give theirs a label of its own")  # fmt: skip
        return False
    if label in known and _meaning(known[label]) != _meaning(entry):
        raise FactError(f"model {label!r} means something else in {own}; open the file in a new workspace: "
                        "salience --workspace NEW open FILE")  # fmt: skip
    return label not in known


def _meaning(entry: Entry) -> Entry:
    said = {name: value for name, value in entry.items() if name != "opened"}
    if "adapter" in said:  # an export names it without its folder
        said["adapter"] = PurePath(str(said["adapter"])).name
    return said
