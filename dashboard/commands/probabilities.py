"""`salience probabilities NAME`: exact probabilities of the value's option, with intervals over queries."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace

from cache.store import Store
from dashboard.commands.plan import find_comparison
from dashboard.launch import models_of
from dashboard.terminal_text import printable
from dashboard.workspace import open_workspace
from facts.catalog import load
from facts.errors import FactError
from runners import providers
from runners.planning import chosen_metrics
from runners.scoring import scored


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("comparison", help="the name of a comparison in the workspace, or a comparison file (TOML)")
    parser.add_argument("--json", action="store_true", help="print JSON, a row a condition")


def main(args: argparse.Namespace) -> int:
    """Run the command; calls nothing: what is asked is asked by `salience run`."""
    from dashboard.option_probabilities import METRIC, probability_rows, probability_words  # noqa: PLC0415  (numpy)

    workspace = open_workspace(args.workspace)
    comparison = find_comparison(args.comparison, workspace)
    library = load(workspace.facts, workspace.documents)
    if METRIC not in chosen_metrics(comparison, library):
        raise FactError(f'{comparison.name} does not ask for probabilities; add "{METRIC}" to its metrics and run it')
    only = replace(comparison, metrics=(METRIC,))
    found: dict[str, list[dict[str, object]]] = {}
    with Store(workspace.store) as store:
        for model in models_of(comparison, workspace):
            rows = list(probability_rows(scored(only, library, model, store)))
            found[model.label] = [asdict(row) for row in rows]
            if not args.json:
                mark = " (SIMULATED)" if providers.find(model.provider).SIMULATED else ""
                print(f"{printable(model.label)}{mark}: probability of the value's option, of replies that begin with "
                      "a letter")  # fmt: skip
                print("\n".join(f"  {probability_words(row)}" for row in rows) or "  no sample is kept yet")
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
    return 0
