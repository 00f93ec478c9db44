"""`salience models`: the models there are, their prices, and what stands in the way of calling them."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from dashboard.plan_text import usd
from dashboard.workspace import open_workspace
from runners import providers
from runners.models import known_models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    models = known_models(open_workspace(args.workspace).models)
    if args.json:
        print(json.dumps([{**asdict(m), "problem": providers.problem(m)} for m in models], indent=2))
        return 0
    for model in models:
        problem = providers.problem(model)
        price = f"{usd(model.usd_per_mtok_in)} in, {usd(model.usd_per_mtok_out)} out per million tokens"
        print(f"{model.label:24} {model.provider:18} {model.name:32} {price}; {problem or 'ready'}")
    return 0
