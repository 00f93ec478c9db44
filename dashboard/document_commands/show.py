"""`salience documents show SET [--doc N]`: what is in a set, what gates found, and one document with marked spans."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

from dashboard.document_commands._progress import Progress
from dashboard.document_commands._sets import find_set
from dashboard.terminal_text import printable, quoted
from dashboard.workspace import open_workspace
from facts.documents.approval import NotApproved, approve, read_back
from facts.documents.exports import simulated
from facts.documents.formats.set_folder import read_manifest, read_set
from facts.documents.gates import gates, is_imported
from facts.documents.imports import read_imported
from facts.errors import FactError

ABOUT = "show what is in a document set, what the gates found, and one of its documents"
_OPEN, _CLOSE = "⟦", "⟧"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the action."""
    parser.add_argument("set", metavar="SET", help="a set's folder, or the beginning of its id")
    parser.add_argument("--doc", type=int, metavar="N", help="show document N (from 1) with its facts in ⟦ ⟧")


def _about(folder: Path, *, imported: bool) -> Iterator[str]:
    if imported:
        yield f"{folder}: imported documents"
        return
    said = read_manifest(folder)
    yield f"{folder}: {said.count:,} documents of about {said.tokens:,} tokens, {said.generator} {said.version}"
    yield f"seed {said.seed!r}, position {said.position}, order {said.order}, top-up {said.top_up}"
    if said.model:
        yield f"written by {said.model}{' (SIMULATED)' if simulated(said.model) else ''}"
    for one in said.carried:
        yield f"  {one.fact} {one.polarity} {one.level} in {one.carriers:,} documents: {one.claim}"
    yield "  genres: " + ", ".join(f"{genre} {count}" for genre, count in said.genres.items())


def _gates(folder: Path) -> Iterator[str]:
    try:
        approval = approve(folder)
    except NotApproved as error:
        yield f"not approved: {error}"
        return
    order = {gate.NAME: gate.NUMBER for gate in gates()}
    rows = sorted(approval.gates, key=lambda row: order.get(row[0], 99))
    yield "gates: " + ", ".join(f"{name} {status}" for name, status in rows)
    if approval.override:
        yield f"used against its gates: {approval.override}"


def marked(content: str, spans: list[tuple[int, int]]) -> str:
    """The content with marks around its spans."""
    shown, at = "", 0
    for start, end in sorted(spans):
        shown += f"{content[at:start]}{_OPEN}{content[start:end]}{_CLOSE}"
        at = max(at, end)
    return shown + content[at:]


def _document(folder: Path, number: int, *, imported: bool) -> Iterator[str]:
    # Our own sets are verified as a whole; an import is read up to the document.
    rows = read_imported(folder) if imported else iter(read_set(folder)[1])
    row = next(itertools.islice(rows, number - 1, None), None) if number > 0 else None
    if row is None:
        raise FactError(f"{folder.name}: there is no document {number}; documents are counted from 1")
    genre = row.genre or row.doc_type or "document"
    airtime = "unknown" if row.airtime is None else f"{row.airtime:.1%}"
    yield f"document {number}: {row.doc_id}, {genre}, {row.n_tokens} tokens, airtime {airtime}"
    yield quoted(marked(row.content, [(span.start, span.end) for span in row.spans or ()]))


def main(args: argparse.Namespace) -> int:
    """Run the action."""
    folder = find_set(args.set, open_workspace(args.workspace))
    imported = is_imported(folder)
    progress = Progress()
    try:
        read_back(folder, progress.tick)  # nothing is shown of a set that is not what it says
    finally:
        progress.end()
    lines = [printable(line) for line in (*_about(folder, imported=imported), *_gates(folder))]
    if args.doc is not None:
        lines += _document(folder, args.doc, imported=imported)
    print(*lines, sep="\n")
    return 0
