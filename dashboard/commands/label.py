"""`salience label NAME`: say what samples are, blind to condition and verdict, so that a judge can be checked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from cache.store import Store
from dashboard.commands.plan import find_comparison
from dashboard.labelled import chosen_measure, label_path
from dashboard.labelling import checked, drawn, reads_thoughts, requests_of, shown
from dashboard.results import load_results
from dashboard.terminal_text import quoted
from dashboard.workspace import open_workspace
from facts.catalog import load
from runners import metrics
from runners.labels.file import append, read
from runners.labels.label import Drawing, checked_name
from runners.labels.session import Session
from runners.labels.walk import SKIPPED, word

_OURS = {"u": "undo", "s": "skip", "q": "quit"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("comparison", help="the name of a comparison in the workspace, or a comparison file (TOML)")
    parser.add_argument("--metric", required=True, metavar="NAME", help="the metric whose classes you choose from")
    parser.add_argument("--labeller", required=True, metavar="NAME", help="who you are")
    parser.add_argument("--measure", metavar="NAME", help="the measure whose verdicts are drawn from (default: first)")
    parser.add_argument("--per", type=int, default=20, metavar="N",
                        help="samples of each verdict of each condition (default 20); more only adds")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which samples are drawn (default 0)")
    parser.add_argument("--own-sample", action="store_true", help="draw for you alone, not the sample all are given")
    parser.add_argument("--rubric", default="", metavar="VERSION", help="version of the instructions you go by")


def main(args: argparse.Namespace) -> int:
    """Run the command: one key and Enter a sample; every answer is on the disk before the next sample is shown."""
    workspace = open_workspace(args.workspace)
    labeller = checked_name(args.labeller)
    comparison = find_comparison(args.comparison, workspace)
    measure, _ = chosen_measure(args.metric, args.measure)
    checked(args.metric)
    classes = metrics.find(args.metric).CLASSES
    path = label_path(workspace, comparison.name, args.metric)
    library = load(workspace.facts, workspace.documents)
    with Store(workspace.store) as store:
        results = load_results(comparison, library, workspace, store)
        drawing = Drawing(measure=measure, per=args.per, seed=args.seed, own=labeller if args.own_sample else "")
        order = drawn(results, args.metric, drawing).order
        labels = read(path)
        for warning in labels.warnings:
            print(f"salience: {warning}", file=sys.stderr)
        if drawing not in labels.drawings:
            append(path, [drawing])
        session = Session(order=order, labels=labels, labeller=labeller, rubric=args.rubric)

        def keep(key: str, value: str | None, note: str = "") -> None:
            append(path, [word(key, value, labeller=labeller, metric=args.metric, rubric=args.rubric, note=note)])

        given = _ask_all(session, store, requests_of(results, library), _keys(classes), keep,
                         thoughts=reads_thoughts(args.metric))  # fmt: skip
    print(f"{given:,} labelled now, {session.done:,} of {len(order):,} in all; kept in {path}")
    return 0


def _keys(classes: Sequence[str]) -> dict[str, str]:
    """A key per class: its first letter that is free, else a digit."""
    keys: dict[str, str] = {}
    for number, name in enumerate(classes, 1):
        free = (letter for letter in name.lower() if letter.isascii() and letter.isalpha())
        taken = {*_OURS, *keys}
        keys[next((letter for letter in free if letter not in taken), str(number))] = name
    return keys


def _ask_all(
    session: Session,
    store: Store,
    requests: Mapping[str, str],
    keys: dict[str, str],
    keep: Callable[[str, str | None, str], None],
    *,
    thoughts: bool,
) -> int:
    """Ask until the labeller stops; how many labels were given, less those taken back."""
    given = 0
    shown: str | None = None
    while True:
        key = session.next()
        if key is not None and key != shown:
            text = _to_read(store, key, requests.get(key, ""), thoughts=thoughts)
            if text is None:
                print(f"salience: the sample {key} is not kept any more and is skipped", file=sys.stderr)
                session.skip(key)
                continue
            print(f"\n{session.position}\n{text}")
            shown = key
        answer = _answer({**keys, **_OURS} if key else {"u": "undo", "q": "nothing is left; quit"})
        if answer is None or answer == "q":
            return max(given, 0)
        if answer == "u":
            back = session.undo()
            if back is None:
                print("there is nothing to take back")
            else:
                keep(back, None, "")
                given, shown = given - 1, None
        elif key and answer == "s":
            keep(key, None, SKIPPED)
            session.skip(key)
        elif key and answer in keys:
            keep(key, keys[answer], "")
            session.answered(key)
            given += 1
        else:
            print(f"{answer[:20]!r} is none of the keys")


def _answer(choices: dict[str, str]) -> str | None:
    """What was typed, or None at the end of the input."""
    print(f"{'  '.join(f'{key} {name}' for key, name in choices.items())} > ", end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        print()
        return None
    return line.strip().lower()


def _to_read(store: Store, key: str, request: str, *, thoughts: bool) -> str | None:
    """What the labeller reads: the request, the reasoning if any, what the user would see; not where it is from."""
    found = shown(store, key, request, thoughts=thoughts)
    if found is None:
        return None
    reasoning = f"reasoning\n{quoted(found.reasoning)}\n" if found.reasoning else ""
    return f"the request\n{quoted(found.request)}\n{reasoning}what the user sees\n{quoted(found.visible)}"
