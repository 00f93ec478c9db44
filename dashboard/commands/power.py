"""`salience power FILE`: what a planned comparison could detect, by formula and, on demand, by simulation."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from dashboard.commands.plan import find_comparison
from dashboard.launch import judges_of, models_of
from dashboard.workspace import open_workspace
from facts.catalog import Library, load
from facts.errors import FactError
from runners import metrics
from runners.comparison import Comparison
from runners.planning import check, chosen_metrics

if TYPE_CHECKING:
    from dashboard.rehearsal import Rehearsed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("comparison", help="a comparison file (TOML), or the name of one in the workspace")
    parser.add_argument("--monitored", type=float, default=0.3, metavar="RATE",
                        help="the rate expected without facts in the monitored tier, 0–1 (default 0.3)")  # fmt: skip
    parser.add_argument("--unmonitored", type=float, default=0.5, metavar="RATE",
                        help="the same in the unmonitored tier (default 0.5)")  # fmt: skip
    parser.add_argument("--icc", type=float, default=0.2, help="how alike a query's samples are (default 0.2)")
    parser.add_argument("--kappa", type=float, default=0.7, help="how alike a query is in two arms (default 0.7)")
    parser.add_argument("--simulate", type=int, metavar="N", help="also rehearse N simulated comparisons")
    parser.add_argument("--organism", default="paper_like", metavar="NAME", help="whose effects (default paper_like)")
    parser.add_argument("--measure", metavar="NAME", help="the measure to simulate (default: the first)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def main(args: argparse.Namespace) -> int:
    """Run the command; calls nothing and spends nothing."""
    from dashboard.effects.power import difference, gap_change, queries_needed, what_more_buys  # noqa: PLC0415
    from dashboard.planned_power import no_change_words  # noqa: PLC0415

    for name in ("monitored", "unmonitored", "icc", "kappa"):
        if not 0 <= getattr(args, name) <= 1:
            raise FactError(f"--{name} is a fraction from 0 to 1, got {getattr(args, name)}")
    workspace = open_workspace(args.workspace)
    comparison = find_comparison(args.comparison, workspace)
    library = load(workspace.facts, workspace.documents)
    check(comparison, library, models_of(comparison, workspace), judges_of(comparison, workspace))
    queries = len(comparison.query_ids) or comparison.queries
    scenarios = {
        "a rate in the monitored tier": difference(args.monitored),
        "the gap": gap_change(args.monitored, args.unmonitored),
    }
    bought = {
        what: what_more_buys(scenario, queries=queries, replicates=comparison.replicates, icc=args.icc,
                             kappa=args.kappa)
        for what, scenario in scenarios.items()
    }  # fmt: skip
    rehearsed = _rehearse(args, comparison, library) if args.simulate else ()
    if args.json:
        print(json.dumps({"formula": {what: [asdict(p) for p in rows] for what, rows in bought.items()},
                          "simulated": [asdict(row) for row in rehearsed]}))  # fmt: skip
        return 0
    needed = {
        what: queries_needed(scenario, scenario.most, replicates=comparison.replicates, icc=args.icc, kappa=args.kappa)
        for what, scenario in scenarios.items()
    }
    for what, rows in bought.items():
        print(f"Smallest change of {what} that is found 4 times in 5 (one effect, 5 %; the formula is optimistic):")
        for row in rows:
            none = no_change_words(needed[what] if row.replicates == comparison.replicates else None)
            detects = none if row.detects is None else f"{100 * row.detects:.1f} points"
            print(f"  {row.queries:5} queries × {row.replicates:3} replicates, {row.samples:7,} samples: {detects}")
    for row in rehearsed:
        mean = "" if row.mean_estimate is None else f", mean estimate {100 * row.mean_estimate:+.1f} points"
        print(f"SIMULATED  {row.kind} of {row.arm} against {row.against} {row.tier}: found {row.found:.0%} alone, "
              f"{row.found_adjusted:.0%} adjusted, no test possible {row.no_test:.0%}{mean}")  # fmt: skip
    return 0


def _rehearse(args: argparse.Namespace, comparison: Comparison, library: Library) -> tuple[Rehearsed, ...]:
    from dashboard.rehearsal import rehearse  # noqa: PLC0415

    known = [measure for name in chosen_metrics(comparison, library) for measure in metrics.find(name).MEASURES]
    measure = args.measure or known[0]
    if measure.partition("@")[0] not in known:
        raise FactError(f"{comparison.name} has no measure {measure!r}; it has {', '.join(known)}")
    last: tuple[Rehearsed, ...] = ()
    for number, rows in enumerate(
        rehearse(comparison, library, measure, name=args.organism, simulations=args.simulate), start=1
    ):
        last = rows
        if sys.stderr.isatty():
            print(f"\rSIMULATED {number:,} of {args.simulate:,}", end="", file=sys.stderr, flush=True)
    return last
