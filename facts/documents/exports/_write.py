"""Writes an export: files go to a scratch folder, are read back and held against the rules, and then moved."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

from facts.documents.exports import _card
from facts.documents.exports._corpus import Drawn, Mix, draw
from facts.documents.exports._row import TAG, Invalid, Row, Text, Unfit, context, learnt
from facts.documents.exports._source import Document, Source, read_sources
from facts.documents.exports._split import held_out, shuffled
from facts.documents.exports._target import Target, find
from facts.errors import FactError
from facts.tokens import count_tokens

TRAIN, VALIDATION, INDEX, CARD, READABLE = "train.jsonl", "validation.jsonl", "rows.jsonl", "card.json", "card.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be exported, and how.

    ``form`` is the target's first by default; ``validation`` a fraction of scaffolds; ``limit`` takes so many documents
    of each set, its first.
    """

    target: str
    form: str = ""
    validation: float = 0.1
    seed: int = 0
    mixes: tuple[Mix, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An export in ``folder``; ``new`` is false where the same one was there before."""

    folder: Path
    card: _card.Card
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    place: str
    row: Row
    document: Document | None = None


def export(folders: Sequence[Path], into: Path, wish: Wish) -> Exported:
    """Exports approved sets as the folder ``into``, whole or not at all.

    Raises ``FactError`` (``NotApproved``, ``BrokenFile``, ``Unfit``, ``Invalid``), and then nothing was written; also
    where ``into`` holds anything but this very export.
    """
    target, form = _asked(wish)
    sources = read_sources(folders)
    drawn = tuple(draw(mix, wish.seed) for mix in wish.mixes)
    parts = _parts(sources, drawn, wish)
    scratch = scratch_for(into)
    made = scratch / "export"
    try:
        made.mkdir()
        files = [_write(made / name, lines, target, form) for name, lines in parts.items() if lines]
        _check(made, parts, target, form)
        card = _describe(sources, drawn, parts, files, wish, target, form)
        _index(made / INDEX, parts)
        _put(made / CARD, json.dumps(card, ensure_ascii=False, indent=2) + "\n")
        _put(made / READABLE, _card.markdown(card))
        return Exported(folder=into, card=card, new=move(made, into))
    except OSError as error:
        raise FactError(f"{into}: cannot be written ({error.strerror or error}); nothing was exported") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _asked(wish: Wish) -> tuple[Target, str]:
    target = find(wish.target)
    form = wish.form or target.FORMS[0]
    if form not in target.FORMS:
        raise FactError(f"{target.TITLE} has no form {form!r}; it has {' and '.join(target.FORMS)}")
    if wish.limit is not None and wish.limit < 1:
        raise FactError(f"--limit is at least 1, got {wish.limit}; leave it out to export everything")
    return target, form


def _parts(sources: Sequence[Source], drawn: Sequence[Drawn], wish: Wish) -> dict[str, list[_Line]]:
    """The rows of each file in their order. What is mixed in goes to training alone."""
    documents = [one for source in sources for one in source.documents[: wish.limit]]
    apart = held_out((one.scaffold for one in documents), wish.validation, wish.seed)
    lines = [
        _Line(place=f"document {one.doc_id} of set {one.set_id}", row=Text(text=one.text), document=one)
        for one in documents
    ]
    mixed = [_Line(place=place, row=row) for one in drawn for place, row in one.rows]
    train = [line for line in lines if line.document and line.document.scaffold not in apart]
    validation = [line for line in lines if line.document and line.document.scaffold in apart]
    return {
        TRAIN: shuffled([*train, *mixed], wish.seed, TRAIN), VALIDATION: shuffled(validation, wish.seed, VALIDATION),
    }  # fmt: skip


def scratch_for(into: Path) -> Path:
    """A hidden folder on the same disk, to be removed by whoever asks for it; ``FactError`` where none can be made."""
    if "\0" in str(into):
        raise FactError(f"{str(into)[:200]!r} cannot be a path; choose another folder with --out")
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".exporting-", dir=into.parent))
    except OSError as error:
        raise FactError(f"{into}: cannot be written ({error.strerror}); choose another folder with --out") from error


def _write(path: Path, lines: Sequence[_Line], target: Target, form: str) -> _card.Card:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for line in lines:
            try:
                row = target.write(line.row, form)
            except Unfit as error:
                raise Unfit(f"{line.place}: {error}") from error
            # ASCII alone, so that no reader ends a line at U+2028 or guesses an encoding.
            data = (json.dumps(row, ensure_ascii=True) + "\n").encode("ascii")
            file.write(data)
            digest.update(data)
            size += len(data)
    return {"name": path.name, "rows": len(lines), "documents": sum(line.document is not None for line in lines),
            "bytes": size, "sha256": digest.hexdigest()}  # fmt: skip


def _check(scratch: Path, parts: dict[str, list[_Line]], target: Target, form: str) -> None:
    """Reads each file back from disk through the target's validator; every text must come back as it was put in."""
    total, most = sum(map(len, parts.values())), target.LIMITS.together
    if most is not None and total > most:
        raise FactError(f"{target.TITLE} takes {most:,} rows in both files, this is {total:,}; use --limit")
    for name, lines in parts.items():
        if not lines:
            if name == TRAIN:
                raise FactError("no document is left to train on; export a larger set, or use --validation 0")
            continue
        try:
            split = Path(name).stem
            for line, back in zip_longest(lines, target.validate(scratch / name, split, form)):
                if line is None or back is None or back.learnt != learnt(line.row):
                    raise Invalid(None, f"{name} does not read back as it was written; report this as a fault")
                if back.context != context(line.row) and not (isinstance(line.row, Text) and back.context == (TAG,)):
                    raise Invalid(None, f"{name} does not read back as it was written; report this as a fault")
        except Invalid as error:
            where = f"{lines[error.line - 1].place}: " if error.line else ""
            advice = f"; {error.advice}" if error.advice else ""
            raise FactError(f"{target.TITLE}: {where}{error.complaint}{advice}. Nothing was exported") from error


def _describe(
    sources: Sequence[Source], drawn: Sequence[Drawn], parts: dict[str, list[_Line]], files: list[_card.Card],
    wish: Wish, target: Target, form: str,
) -> _card.Card:  # fmt: skip
    documents = {Path(name).stem: [line.document for line in lines if line.document] for name, lines in parts.items()}
    doses = _card.carried(documents)
    for file in files:
        texts = (text for line in parts[str(file["name"])] for text in (*learnt(line.row), *context(line.row)))
        file["tokens"] = sum(map(count_tokens, texts))
    copies = Counter(one.text for part in documents.values() for one in part)
    return {
        "format": _card.FORMAT, "target": wish.target, "title": target.TITLE, "form": form,
        "simulated": any(source.simulated for source in sources), "legacy": target.LEGACY or None,
        "set_id": "+".join(source.set_id for source in sources), "arm": _card.arm(doses), "doses": doses,
        "files": files, "sets": [_card.set_card(source) for source in sources],
        "mixed": [_card.mix_card(one) for one in drawn], "copies": sum(count - 1 for count in copies.values()),
        "validation": wish.validation, "seed": wish.seed, "limit": wish.limit,
        "limits": _card.limits_card(target.LIMITS), "sources": list(target.SOURCES),
    }  # fmt: skip


def _index(path: Path, parts: dict[str, list[_Line]]) -> None:
    """What each row is, beside the files: some targets take no further field in a row."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        for name, lines in parts.items():
            for number, line in enumerate(lines, 1):
                one = line.document
                about = {"mixed": line.place} if one is None else {
                    "doc_id": one.doc_id, "set_id": one.set_id, "scaffold": one.scaffold,
                    "said": [asdict(said) for said in one.said]}  # fmt: skip
                file.write(json.dumps({"file": name, "row": number, **about}) + "\n")


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def move(scratch: Path, into: Path) -> bool:
    """Puts a finished folder into its place; false where the very same is there already, else ``FactError``."""
    if not into.exists() and not into.is_symlink():
        scratch.rename(into)
        return True
    if into.is_dir() and _contents(scratch) == _contents(into):
        return False
    raise FactError(
        f"{into} is there already and is another export or none; choose another folder with --out, or move it away"
    )


def _contents(folder: Path) -> dict[str, bytes]:
    """The hash of each file below the folder by its path."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").digest()
    return found
