"""Facts that are being written, finished or not, each kept in a file of the workspace until it is saved as a fact."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import cast

from dashboard.fact_fields import Fields, empty_fields, fields_of_fact, fields_of_toml, fields_toml
from dashboard.own_facts import free_name, mark_of, own_files, set_aside
from dashboard.workspace import Workspace
from facts.catalog import Library, shipped
from facts.complaints import Complaint
from facts.errors import FactError, UnknownName
from facts.parse import read_text

_NAME = re.compile(r"[a-z][a-z0-9_]{0,80}")
EMPTY = "new_fact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A fact being written. ``origin`` is the own file that it changes, if any, and ``mark`` that file's when opened.

    ``raw`` is the TOML text as typed, comments and all, until a field is changed; ``broken`` says why no fields could
    be read from it, and then the fields are those from before.
    """

    name: str
    origin: str = ""
    mark: str = ""
    fields: Fields = field(default_factory=empty_fields)
    raw: str = ""
    broken: str = ""

    @property
    def text(self) -> str:
        """The TOML file as it would be saved."""
        return self.raw or fields_toml(self.fields)

    def with_field(self, name: str, value: str) -> Draft:
        """The draft with one field changed; its file is then written from the fields."""
        return replace(self, fields={**self.fields, name: value}, raw="", broken="")

    def with_text(self, text: str) -> Draft:
        """The draft with its whole file changed; text that gives no fields is kept with what is wrong with it."""
        try:
            return replace(self, fields=fields_of_toml(text), raw=text, broken="")
        except FactError as error:
            return replace(self, raw=text, broken=str(error))


def _folder(workspace: Workspace) -> Path:
    return workspace.root / "drafts" / "facts"


def draft_names(workspace: Workspace) -> list[str]:
    """The drafts that there are, in an order that no edit changes: an address without a name means the first."""
    return sorted(path.stem for path in _folder(workspace).glob("*.json") if _NAME.fullmatch(path.stem))


def read_draft(workspace: Workspace, name: str, spare: str = "") -> Draft | None:
    """The draft of that name, from ``spare`` where the disk has none; None where there is neither."""
    if not _NAME.fullmatch(name):
        return None
    try:
        text = (_folder(workspace) / f"{name}.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = spare
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    draft = _draft(cast("Mapping[str, object]", found)) if isinstance(found, dict) else None
    return draft if draft and draft.name == name else None


def _draft(found: Mapping[str, object]) -> Draft:
    said = {key: value for key, value in found.items() if isinstance(value, str)}
    kept = found.get("fields")
    fields = empty_fields()
    if isinstance(kept, dict):
        texts = cast("Mapping[str, object]", kept)
        fields |= {name: value for name in fields if isinstance(value := texts.get(name), str)}
    return Draft(name=said.get("name", ""), origin=said.get("origin", ""), mark=said.get("mark", ""), fields=fields,
                 raw=said.get("raw", ""), broken=said.get("broken", ""))  # fmt: skip


def draft_text(draft: Draft) -> str:
    """The draft as it is kept."""
    return json.dumps(
        {"name": draft.name, "origin": draft.origin, "mark": draft.mark, "raw": draft.raw, "broken": draft.broken,
         "fields": draft.fields}, indent=1,
    )  # fmt: skip


def write_draft(workspace: Workspace, draft: Draft) -> str:
    """Keep the draft and give what is wrong with the disk, if anything."""
    path = _folder(workspace) / f"{draft.name}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_text(draft_text(draft), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        return f"The draft is not on the disk, only in this tab: {path} cannot be written ({error.strerror})."
    return ""


def drop_draft(workspace: Workspace, name: str, why: str, now: datetime) -> None:
    """Set a draft aside; raises ``FactError``."""
    path = _folder(workspace) / f"{name}.json"
    if _NAME.fullmatch(name) and path.exists():
        set_aside(path, why, now)


def start_draft(workspace: Workspace, source: str, library: Library) -> Draft:
    """A draft from nothing (``source`` empty), of an own fact's file to change it, or from a copy of a shipped fact.

    A draft of that own file that there is already is given back. Raises ``FactError``.
    """
    names, own = draft_names(workspace), own_files(workspace.facts)
    if source in own:
        there = (read_draft(workspace, name) for name in names)
        old = next((draft for draft in there if draft and draft.origin == source), None)
        name = free_name(source if _NAME.fullmatch(source) else EMPTY, names)
        fresh = Draft(name=name, origin=source, mark=mark_of(own[source]))
        return old or fresh.with_text(read_text(own[source]))
    taken = {*names, *own, *library.facts}
    if not source:
        name = free_name(EMPTY, taken)
        return Draft(name=name, fields=empty_fields() | {"slug": name})
    if source not in library.facts:
        raise UnknownName("fact", source, library.facts)
    name = free_name(f"my_{source}"[:55], taken)
    copied = fields_of_fact(library.fact(source)) | {"slug": name, "number": "0"}
    return Draft(name=name, fields=copied)


def draft_of_text(workspace: Workspace, text: str) -> Draft:
    """A draft from the text of a file."""
    fresh = Draft(name="").with_text(text)
    slug = fresh.fields["slug"] if not fresh.broken and _NAME.fullmatch(fresh.fields["slug"]) else EMPTY
    return replace(fresh, name=free_name(slug, {*draft_names(workspace)}))


def name_trouble(workspace: Workspace, draft: Draft) -> str:
    """Why the draft's name cannot be that of its file, and what to do; empty where it can."""
    slug = draft.fields["slug"].strip()
    if slug in shipped().facts:
        return (
            f"{slug} is a shipped fact, which no fact of your own can replace: comparisons and kept samples mean the "
            f"shipped one by it. Call yours {free_name(f'my_{slug}', own_files(workspace.facts))}, for example"
        )
    return ""


def look_alikes(draft: Draft, library: Library) -> tuple[Complaint, ...]:
    """The title and the claim where another fact has the same, so that lists and charts cannot tell the two apart."""
    mine = {draft.origin, draft.fields["slug"].strip()}
    others = [fact for fact in library.facts.values() if fact.slug not in mine]
    found: list[Complaint] = []
    for name in ("title", "claim"):
        said = draft.fields[name].strip().casefold()
        twin = next((fact.slug for fact in others if said and getattr(fact, name).strip().casefold() == said), "")
        if twin:
            what = f"is the same as that of {twin}, so that the two look alike in lists and charts; change it"
            found.append(Complaint(field=name, what=what))
    return tuple(found)


def replaced(workspace: Workspace, draft: Draft) -> str:
    """What saving would replace that the writer may not know of; empty where nothing."""
    slug = draft.fields["slug"].strip()
    path = own_files(workspace.facts).get(slug)
    if path is None:
        return ""
    if slug != draft.origin:
        return f"You have a fact {slug} already. Saving puts this one in its place; the old file is kept beside it"
    if mark_of(path) != draft.mark:
        return f"{path.name} was changed since you opened it here. Saving replaces it; that file is kept beside it"
    return ""
