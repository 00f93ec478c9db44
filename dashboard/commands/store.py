"""`salience store verify | stats | why | repair`: check, measure, explain and salvage what is kept."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from contextlib import suppress
from itertools import count, islice
from pathlib import Path
from shlex import quote

from cache import record
from cache.errors import REPAIR, StoreError
from cache.salvage import salvage
from cache.store import Store
from cache.why import nearest
from dashboard.commands.plan import find_comparison
from dashboard.launch import models_of
from dashboard.terminal_text import printable
from dashboard.workspace import Workspace, open_workspace
from facts.catalog import load
from runners.keep import from_record
from runners.sizes import requests

_CHUNK = 500  # rows whose keys are looked up at once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, about in (("verify", "re-derive every key and read every row"), ("stats", "count what is kept")):
        child = actions.add_parser(name, help=about, description=about)
        child.add_argument("--json", action="store_true", help="print JSON")
    repair = actions.add_parser(
        "repair", help="copy every sample that is still whole into a new store; a damaged one is left as it is",
        description="Copy every sample that is still whole out of a damaged store into a new one, each checked against "
        "its key and its checksum. The damaged store is only read. Stop whatever else uses it first.",
    )  # fmt: skip
    repair.add_argument(
        "--into", type=Path, metavar="FOLDER", help="the new store; without it, a folder beside the old"
    )
    repair.add_argument("--json", action="store_true", help="print JSON")
    why = actions.add_parser("why", help="explain why a comparison's next request is not kept: the nearest kept one")
    why.add_argument("comparison", help="a comparison file (TOML), or the name of one in the workspace")


def _open(workspace: Workspace) -> Store:
    if not (workspace.store / "cache.db").exists():
        raise StoreError(f"there is no store in {workspace.store} yet; run a comparison first")
    return Store(workspace.store)


def main(args: argparse.Namespace) -> int:
    """Run the command: exit code 1 when ``verify`` finds anything wrong."""
    workspace = open_workspace(args.workspace)
    if args.action == "repair":  # before anything opens the store: what is damaged may not open
        return _repair(workspace.store, args.into or _free(workspace.store), as_json=args.json)
    with _open(workspace) as store:
        match args.action:
            case "verify":
                return _verify(store, as_json=args.json)
            case "stats":
                return _stats(store, as_json=args.json)
            case _:
                return _why(store, args.comparison, workspace)


def _free(store: Path) -> Path:
    names = (store.with_name(f"{store.name}-repaired{number or ''}") for number in count())
    return next(path for path in names if not path.exists())


def _problem(key: str, value: bytes) -> str | None:
    return record.problem(key, value) or _unread(key, value)


def _repair(folder: Path, into: Path, *, as_json: bool) -> int:
    found = salvage(folder, into, _problem)
    if as_json:
        print(json.dumps({"kept": found.kept, "lost": found.lost, "traceless": found.traceless, "aside": found.aside,
                          "into": str(into)}))  # fmt: skip
        return 1 if found.lost or found.traceless else 0
    for key, why in found.lost.items():
        print(printable(why if key in why else f"{key}: {why}"))
    print(f"{found.kept:,} samples are whole, each under the key of its request; they are in {into}")
    print(f"{len(found.lost):,} could not be saved; they are bought again when they are next asked for")
    if found.traceless:
        print(f"the store says that it had {found.said:,} rows: of {found.traceless:,} nothing is left, not even a key")
    if found.aside:
        print(f"{found.aside:,} had been set aside as damaged before and were not taken along")
    print(f"{folder} was only read. To go on with the new store, put it in the old one's place:")
    aside = folder.with_name(f"{folder.name}-damaged")
    print(f"  mv {quote(str(folder))} {quote(str(aside))} && mv {quote(str(into))} {quote(str(folder))}")
    return 1 if found.lost or found.traceless else 0


def _verify(store: Store, *, as_json: bool) -> int:
    problems: dict[str, None] = {}
    checked, least = 0, _indexed(store, problems)
    rows = store.rows()
    while part := list(islice(rows, _CHUNK)):
        checked += len(part)
        for key, value in part:
            problem = str(value) if isinstance(value, StoreError) else _problem(key, value)
            if problem:
                problems[problem if key in problem else f"{key}: {problem}"] = None
        problems |= dict.fromkeys(_not_led_to(store, {key: value for key, value in part if isinstance(value, bytes)}))
    most = _indexed(store, problems)
    if least is not None and most is not None and not least <= checked <= most:
        problems[f"the index of keys names {most:,} rows, but {checked:,} were found one after another. {REPAIR}"] = (
            None
        )
    if as_json:
        print(json.dumps({"checked": checked, "problems": list(problems)}))
    else:
        print("\n".join([*problems, f"{checked:,} kept samples checked, {len(problems):,} problems"]))
    return 1 if problems else 0


def _indexed(store: Store, problems: dict[str, None]) -> int | None:
    """How many rows the index of keys names; rows that others add meanwhile only make it more."""
    try:
        return store.count_indexed()
    except StoreError as error:
        problems[str(error)] = None
        return None


def _not_led_to(store: Store, rows: dict[str, bytes]) -> list[str]:
    found: dict[str, bytes] = {}
    try:
        found = store.get_many(rows)
    except StoreError:  # one name that leads nowhere hides its neighbours: ask for each alone
        for key in rows:
            with suppress(StoreError):
                found |= store.get_many([key])
    return [f"{key}: its row is there, but the index of keys does not lead to it, so that a run cannot use it. "
            "`salience store repair` saves it" for key, value in rows.items() if found.get(key) != value]  # fmt: skip


def _unread(key: str, value: bytes) -> str | None:
    try:
        from_record(key, value)
    except StoreError as error:
        return str(error)
    return None


def _stats(store: Store, *, as_json: bool) -> int:
    by_model: Counter[str] = Counter()
    stops: Counter[str] = Counter()
    damaged = 0
    for key, value in store.rows():
        try:
            if isinstance(value, StoreError):
                raise value
            request, sample = record.read(key, value)
        except StoreError:
            damaged += 1
            continue
        by_model[f"{request.get('provider')}/{request.get('model')}"] += 1
        stops[str(sample.get("stop"))] += 1
    size = sum(path.stat().st_size for path in Path(store.folder).glob("cache.db*"))
    figures = {"samples": sum(by_model.values()), "damaged": damaged, "bytes": size,
               "models": dict(by_model), "stops": dict(stops)}  # fmt: skip
    if as_json:
        print(json.dumps(figures))
    else:
        print(f"{figures['samples']:,} samples, {damaged:,} damaged, {size / 1e6:,.1f} MB in {store.folder}")
        for name, count in (*by_model.most_common(), *stops.most_common()):
            print(f"  {name}: {count:,}")
    return 0


def _why(store: Store, name: str, workspace: Workspace) -> int:
    comparison = find_comparison(name, workspace)
    library = load(workspace.facts, workspace.documents)
    for model in models_of(comparison, workspace):
        for key, request in requests(comparison, library, model):
            if key in store.has_many([key]):
                continue
            print(f"{model.label}: the first request that is not kept is {key}")
            found = nearest(request.fields(), store.rows())
            print("  the store is empty" if found is None else f"  nearest kept: {found.key}; they differ in")
            for difference in found.differences if found else ():
                print(f"    {difference}")
            break
        else:
            print(f"{model.label}: every request is kept")
    return 0
