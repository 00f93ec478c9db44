"""`salience documents ACTION`: document sets — build, check, show, export, import, and generate with a model."""

from __future__ import annotations

import argparse
import pkgutil
from importlib import import_module
from types import ModuleType

from dashboard import document_commands


def _actions() -> dict[str, ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(document_commands.__path__))
    return {name.rstrip("_"): import_module(f"{document_commands.__name__}.{name}")
            for name in names if not name.startswith("_")}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command: an action, and what each of them takes."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, module in _actions().items():
        about: str = module.ABOUT
        module.add_arguments(actions.add_parser(name, help=about, description=about[0].upper() + about[1:] + "."))


def main(args: argparse.Namespace) -> int:
    """Run the action; errors are those of the action."""
    code: int = _actions()[args.action].main(args)
    return code
