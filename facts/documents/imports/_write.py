"""Writes an imported set in one step: all of it under its content's own name, or nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from facts.catalog import shipped
from facts.documents.imports._draft import draft, slug_of
from facts.documents.imports._item import Claim, Item, Row, Unread, fault
from facts.documents.imports._record import record
from facts.documents.imports._report import Report, Tally
from facts.documents.imports._source import MOST_BYTES, shown
from facts.errors import FactError
from facts.fact import Fact

DOCUMENTS, CONTEXTS, MANIFEST, DRAFTS = "documents.jsonl", "universe_contexts.jsonl", "set.json", "drafts"
VERSION = 1
_MOST_CLAIMS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A set in ``folder``; ``new`` is false where it was there before. ``drafts`` are files, not facts yet."""

    set_id: str
    folder: Path
    drafts: tuple[Path, ...]
    report: Report
    new: bool


def write(items: Iterable[Item], into: Path, origin: dict[str, str], fact: Fact | None) -> Imported:
    """Writes ``into/<set id>``; whatever goes wrong before the end leaves ``into`` as it was.

    Raises what reading the items raises, and ``FactError`` where nothing is left to import or nothing can be written.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".importing-", dir=into))
    except OSError as error:
        raise FactError(f"{shown(into)}: cannot be written to ({error.strerror}); choose another folder") from error
    try:
        return _Writer(work, origin, fact).write(items, into)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


class _Writer:
    """One import under way: what has been seen, and the files it goes to."""

    def __init__(self, work: Path, origin: dict[str, str], fact: Fact | None) -> None:
        self.work, self.origin, self.fact = work, origin, fact
        self.tally, self.seen, self.slugs = Tally(), set[bytes](), set(shipped().facts)
        self.ids = hashlib.sha256(f"imported {VERSION} {fact.slug if fact else ''}".encode())
        self.drafts: list[str] = []

    def write(self, items: Iterable[Item], into: Path) -> Imported:
        spool = self.work / "spool"
        try:
            (self.work / DRAFTS).mkdir()
            self._items(items, spool)
            report = self.tally.report(self.fact.slug if self.fact else "")
            if not report.documents and not report.claims:
                raise FactError("; ".join(("nothing to import", *report.sentences())))
            set_id = self.ids.hexdigest()[:16]
            self._finish(spool, set_id, report)
            target = into / set_id
            new = self._move(target)
        except OSError as error:
            raise FactError(f"{shown(into)}: cannot be written to ({error.strerror}); nothing was imported") from error
        drafts = tuple(target / DRAFTS / name for name in self.drafts)
        return Imported(set_id=set_id, folder=target, drafts=drafts, report=report, new=new)

    def _items(self, items: Iterable[Item], spool: Path) -> None:
        with (
            spool.open("w", encoding="utf-8", newline="\n") as rows,
            (self.work / CONTEXTS).open("w", encoding="utf-8", newline="\n") as contexts,
        ):
            for item in items:
                self.tally.read += 1
                reason = item.reason if isinstance(item, Unread) else fault(item)
                if isinstance(item, Unread) or reason:
                    self.tally.drop(reason, item.place)
                elif self._twice(item):
                    self.tally.duplicates += 1
                elif isinstance(item, Row):
                    rows.write(self._row(item) + "\n")
                else:
                    contexts.write(self._claim(item) + "\n")

    def _twice(self, item: Row | Claim) -> bool:
        # Texts that differ in white space alone are one document.
        own = (item.content,) if isinstance(item, Row) else (item.context, *item.key_facts)
        plain = "\x00".join((type(item).__name__, *(" ".join(text.split()) for text in own)))
        digest = hashlib.sha256(plain.encode()).digest()
        known = digest in self.seen
        self.seen.add(digest)
        return known

    def _row(self, row: Row) -> str:
        made = record(row, self.fact)
        self.tally.documents += 1
        self.tally.spoken += bool(made.spans)
        self.tally.formulas += self.origin["format"] == "table" and row.content.lstrip()[:1] in set("=+-@")
        self.ids.update(_dumped(made.model_dump(mode="json", exclude={"set_id", "origin"})).encode())
        return _dumped(made.model_dump(mode="json", exclude={"set_id"}))

    def _claim(self, claim: Claim) -> str:
        self.tally.claims += 1
        if self.tally.claims > _MOST_CLAIMS:
            raise FactError(f"more than {_MOST_CLAIMS:,} claims; import fewer at a time")
        slug = slug_of(claim, self.slugs)
        self.slugs.add(slug)
        self.drafts.append(f"{slug}.toml")
        (self.work / DRAFTS / self.drafts[-1]).write_text(draft(claim, slug), encoding="utf-8", newline="\n")
        about = {"id": claim.id, "universe_context": claim.context, "key_facts": claim.key_facts,
                 "is_true": claim.is_true, "draft": slug}  # fmt: skip
        self.ids.update(_dumped(about).encode())
        return _dumped({**about, "origin": claim.place})

    def _finish(self, spool: Path, set_id: str, report: Report) -> None:
        with (
            spool.open(encoding="utf-8", newline="\n") as rows,
            (self.work / DOCUMENTS).open("w", encoding="utf-8", newline="\n") as out,
        ):
            while line := rows.readline(MOST_BYTES * 8):
                out.write(f'{{"set_id": "{set_id}", {line[1:]}')
        spool.unlink()
        manifest = {"set_id": set_id, "kind": "imported", "version": VERSION, "origin": self.origin,
                    "fact": self.fact.slug if self.fact else None, "report": asdict(report)}  # fmt: skip
        (self.work / MANIFEST).write_text(
            json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
        )

    def _move(self, target: Path) -> bool:
        if (target / MANIFEST).is_file():
            return False
        if target.exists():
            raise FactError(f"{shown(target)} is in the way and is no imported set; move it and import again")
        try:
            self.work.rename(target)
        except OSError:
            if (target / MANIFEST).is_file():  # another import of the same rows was first
                return False
            raise
        return True
