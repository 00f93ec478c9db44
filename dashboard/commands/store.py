"""`salience store verify | stats | why`: check, measure and explain what is kept."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from cache import record
from cache.errors import StoreError
from cache.store import Store
from cache.why import nearest
from dashboard.commands.plan import find_comparison
from dashboard.launch import models_of
from dashboard.workspace import Workspace, open_workspace
from facts.catalog import load
from runners.keep import from_record
from runners.sizes import requests


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, about in (("verify", "re-derive every key and read every row"), ("stats", "count what is kept")):
        child = actions.add_parser(name, help=about, description=about)
        child.add_argument("--json", action="store_true", help="print JSON")
    why = actions.add_parser("why", help="explain why a comparison's next request is not kept: the nearest kept one")
    why.add_argument("comparison", help="a comparison file (TOML), or the name of one in the workspace")


def _open(workspace: Workspace) -> Store:
    if not (workspace.store / "cache.db").exists():
        raise StoreError(f"there is no store in {workspace.store} yet; run a comparison first")
    return Store(workspace.store)


def main(args: argparse.Namespace) -> int:
    """Run the command: exit code 1 when ``verify`` finds anything wrong."""
    workspace = open_workspace(args.workspace)
    with _open(workspace) as store:
        match args.action:
            case "verify":
                return _verify(store, as_json=args.json)
            case "stats":
                return _stats(store, as_json=args.json)
            case _:
                return _why(store, args.comparison, workspace)


def _verify(store: Store, *, as_json: bool) -> int:
    problems: list[str] = []
    checked = 0
    for key, value in store.rows():
        checked += 1
        problem = str(value) if isinstance(value, StoreError) else record.problem(key, value) or _unread(key, value)
        if problem:
            problems.append(problem if key in problem else f"{key}: {problem}")
    if as_json:
        print(json.dumps({"checked": checked, "problems": problems}))
    else:
        print("\n".join([*problems, f"{checked:,} kept samples checked, {len(problems):,} problems"]))
    return 1 if problems else 0


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
