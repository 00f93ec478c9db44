"""`salience agreement NAME`: how far two or more judges agree on the same samples, with intervals."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from cache.store import Store
from dashboard.commands.plan import find_comparison
from dashboard.launch import judges_of
from dashboard.results import load_results
from dashboard.workspace import open_workspace
from facts.catalog import load
from facts.errors import FactError
from runners import metrics
from runners.models import find_models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("comparison", help="the name of a comparison in the workspace, or a comparison file (TOML)")
    parser.add_argument("--judge", action="append", metavar="LABEL", default=[],
                        help="a judge to compare (repeatable; default: those of the comparison)")  # fmt: skip
    parser.add_argument("--metric", action="append", metavar="NAME", help="only this metric (repeatable)")
    parser.add_argument("--json", action="store_true", help="print JSON, condition by condition")


def main(args: argparse.Namespace) -> int:
    """Run the command; calls nothing: judges are asked by `salience judge` or `salience run`."""
    from dashboard.effects.quantity import Quantity  # noqa: PLC0415  (numpy is slow to import)
    from dashboard.judge_agreement import judge_agreement  # noqa: PLC0415

    workspace = open_workspace(args.workspace)
    comparison = find_comparison(args.comparison, workspace)
    judges = find_models(args.judge, workspace.models) if args.judge else judges_of(comparison, workspace)
    if len(judges) < 2:
        raise FactError(
            f"{comparison.name} has {len(judges)} judge{'' if len(judges) == 1 else 's'}; name two or more with "
            "--judge A --judge B, after each has read the samples: salience judge NAME --judge B"
        )
    library = load(workspace.facts, workspace.documents)
    with Store(workspace.store) as store:
        judged = [load_results(comparison, library, workspace, store, judge) for judge in judges]
    names = [name for name in judged[0].metrics if metrics.find(name).KIND == "judge"]
    if unknown := [name for name in args.metric or () if name not in names]:
        raise FactError(f"{unknown[0]!r} is no judged metric of {comparison.name}; it has {', '.join(names) or 'none'}")
    found = {name: judge_agreement(judged, name, seed=comparison.seed) for name in args.metric or names}
    if args.json:
        print(json.dumps({name: [asdict(row) for row in rows] for name, rows in found.items()}, ensure_ascii=False))
        return 0

    def shown(quantity: Quantity) -> str:
        if quantity.value is None or quantity.low is None or quantity.high is None:
            known = "" if quantity.value is None else f"{quantity.value:.2f}, "
            return f"{known}{quantity.reason}"
        return f"{quantity.value:.2f} ({quantity.low:.2f} to {quantity.high:.2f})"

    if judged[0].simulated:
        print("SIMULATED")
    for name, rows in found.items():
        whole = rows[0].agreement
        print(f"{name}: {whole.samples:,} samples of {whole.queries} queries rated by {' and '.join(rows[0].judges)}")
        print(f"  equal {shown(whole.percent)}; kappa {shown(whole.kappa)}; alpha {shown(whole.alpha)}")
        print(f"  unscored: {', '.join(f'{j} {n:,}' for j, n in zip(rows[0].judges, rows[0].unscored, strict=True))}")
        for row in rows[1:]:
            print(f"  {row.arm} · {row.tier}: alpha {shown(row.agreement.alpha)} of {row.agreement.samples:,}")
    return 0
