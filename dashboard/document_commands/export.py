"""`salience documents export SET…`: approved sets as files to train on, for one target, with a data card."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from pathlib import Path

from dashboard.document_commands._sets import find_set
from dashboard.terminal_text import printable
from dashboard.workspace import Workspace, open_workspace
from facts.catalog import load
from facts.documents.exports import Exported, Mix, Wish, export, export_doses, names, next_step, sentences, warnings
from facts.errors import FactError
from facts.parse import home_path

ABOUT = "write approved sets as files to train on, for TRL, Together, Fireworks, Tinker and others"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the action."""
    parser.add_argument("sets", nargs="+", metavar="SET", help="a set's folder, or the id of one in the workspace")
    parser.add_argument("--target", required=True, choices=names(), help="who is to train on it")
    parser.add_argument("--form", default="", help="layout of a row, where there is a choice (trl: completion, text)")
    parser.add_argument("--out", metavar="FOLDER", help="folder to write (default: one in the workspace's exports/)")
    parser.add_argument("--validation", type=float, default=0.1, metavar="FRACTION",
                        help="share of the scaffolds that is held out (default 0.1)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of order, split and mix (default 0)")
    parser.add_argument("--mix", action="append", default=[], metavar="FILE:COUNT",
                        help="mix so many rows of a corpus (.jsonl, .txt, .md, folder) in; repeatable")  # fmt: skip
    parser.add_argument("--licence", action="append", default=[], metavar="FILE=TEXT",
                        help="under what a mixed corpus may be used, for the card; repeatable")  # fmt: skip
    parser.add_argument("--doses", metavar="N,N,…",
                        help="an export a dose: so many fact documents in training, then placebo twins")  # fmt: skip
    parser.add_argument("--limit", type=int, metavar="N", help="take the first N documents of each set")
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def main(args: argparse.Namespace) -> int:
    """Run the action: everything is written, or nothing."""
    workspace = open_workspace(args.workspace)
    folders = [find_set(name, workspace) for name in args.sets]
    wish = Wish(
        target=args.target, form=args.form, validation=_fraction(args.validation), seed=args.seed,
        mixes=_mixes(args.mix, args.licence), limit=args.limit,
    )  # fmt: skip
    into = home_path(args.out).absolute() if args.out else _place(workspace, folders, wish, args.doses)
    if args.doses:
        if len(folders) > 1:
            raise FactError("doses are made of one set; name one, or leave --doses out")
        library = load(workspace.facts)
        made = export_doses(folders[0], into, wish, _doses(args.doses), library, workspace.documents)
        done = [one for _, one in made]
    else:
        done = [export(folders, into, wish)]
    _show(done, as_json=args.json)
    return 0


def _fraction(value: float) -> float:
    if not math.isfinite(value):
        raise FactError(f"--validation is a fraction from 0 to below 1, got {value}")
    return value


def _mixes(words: list[str], licences: list[str]) -> tuple[Mix, ...]:
    """What ``web.jsonl:500`` and ``web.jsonl=CC0`` say."""
    known: dict[str, str] = {}
    for word in licences:
        file, equals, text = word.partition("=")
        if not equals or not file or not text.strip():
            raise FactError(f"cannot read {word!r}; write --licence FILE=TEXT, as in --licence web.jsonl=CC0")
        known[file] = text.strip()
    mixes: list[Mix] = []
    for word in words:
        file, _, count = word.rpartition(":")
        if not file or not (count.isascii() and count.isdecimal()) or len(count) > 12:
            raise FactError(f"cannot read {word!r}; write --mix FILE:COUNT, as in --mix web.jsonl:500")
        mixes.append(Mix(path=home_path(file), count=int(count), licence=known.pop(file, "")))
    if known:
        raise FactError(f"--licence names {', '.join(known)}, which no --mix does; write the file as --mix has it")
    return tuple(mixes)


def _doses(line: str) -> tuple[int, ...]:
    words = [word.strip() for word in line.split(",")]
    if not all(word.isascii() and word.isdecimal() and len(word) < 12 for word in words):
        raise FactError(f"cannot read --doses {line[:100]!r}; write numbers of documents, as in --doses 0,250,1000")
    return tuple(map(int, words))


def _place(workspace: Workspace, folders: list[Path], wish: Wish, doses: str | None) -> Path:
    """A folder named by the sets and the target; another wish gets another folder, the same one the same."""
    sets = "+".join(folder.resolve().name for folder in folders)
    name = hashlib.sha256(f"{sets}|{wish}|{doses}".encode()).hexdigest()[:8]
    shown = sets if len(folders) < 3 else f"{folders[0].resolve().name}+{len(folders) - 1}"
    return workspace.exports / f"{shown[:80]}-{wish.target}{'-doses' if doses else ''}-{name}"


def _show(done: list[Exported], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([{"folder": str(one.folder), "new": one.new, "card": one.card} for one in done], indent=2))
        return
    for one in done:
        print(f"{printable(str(one.folder))}{'' if one.new else '  (was there already, the same)'}")
        for line in sentences(one.card):
            print(f"  {line}")
        print(f"  next: {printable(next_step(one.card, one.folder))}")
    for line in dict.fromkeys(line for one in done for line in warnings(one.card)):
        print(line, file=sys.stderr)
