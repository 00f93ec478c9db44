"""`salience facts list | show | check`: the library, one fact's wordings, and whether every wording may be used."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from dashboard.workspace import open_workspace
from facts.catalog import Library, load
from facts.read_fact import read_fact
from facts.salience import Part, Polarity
from facts.verify import problems


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every fact with its hypothesised direction")
    listing.add_argument("--json", action="store_true", help="print JSON")
    show = actions.add_parser("show", help="one fact's wordings")
    show.add_argument("fact", help="the fact's slug")
    check = actions.add_parser("check", help="verify every wording against its anchors, questions and the banned words")
    check.add_argument("files", nargs="*", help="fact files (default: the whole library and the workspace's own)")
    check.add_argument("--json", action="store_true", help="print JSON")


def main(args: argparse.Namespace) -> int:
    """Run the command: exit code 1 when ``check`` finds anything wrong."""
    library = load(open_workspace(args.workspace).facts)
    match args.action:
        case "list":
            return _list(library, as_json=args.json)
        case "show":
            return _show(library, args.fact)
        case _:
            return _check(library, [Path(name) for name in args.files], as_json=args.json)


def _list(library: Library, *, as_json: bool) -> int:
    facts = sorted(library.facts.values(), key=lambda fact: (fact.number or 1000, fact.slug))
    if as_json:
        print(json.dumps([
            {"slug": f.slug, "number": f.number, "title": f.title, "claim": f.claim, "category": f.category,
             "kind": f.kind, "alignment_faking": f.hypothesis.alignment_faking, "gap": f.hypothesis.gap,
             "revealing": f.hypothesis.revealing, "source": f.hypothesis.source}
            for f in facts
        ], indent=2, ensure_ascii=False))  # fmt: skip
        return 0
    print(f"{'fact':36} {'faking':8} {'gap':8} {'reveal':8} claim   (directions are hypotheses)")
    for f in facts:
        h = f.hypothesis
        print(f"{f.slug:36} {h.alignment_faking:8} {h.gap:8} {h.revealing:8} {f.claim}")
    return 0


def _show(library: Library, slug: str) -> int:
    fact = library.fact(slug)
    print(f"{fact.title}\n{fact.claim}\nsource: {fact.hypothesis.source}\nbasis: {fact.hypothesis.basis}")
    for polarity in Polarity:
        for part in Part:
            print(f"\n[{polarity}.{part}]")
            print("\n".join(f"  {text}" for text in fact.wordings(polarity, part)))
    return 0


def _check(library: Library, files: list[Path], *, as_json: bool) -> int:
    facts = [read_fact(path) for path in files] if files else list(library.facts.values())
    found = [problem for fact in facts for problem in problems(fact)]
    wordings = sum(len(bank) for fact in facts for banks in fact.banks.values() for bank in banks.values())
    if as_json:
        print(json.dumps({"facts": len(facts), "wordings": wordings, "problems": found}, ensure_ascii=False))
    else:
        print("\n".join([*found, f"{len(facts)} facts, {wordings:,} wordings checked, {len(found)} problems"]))
    return 1 if found else 0
