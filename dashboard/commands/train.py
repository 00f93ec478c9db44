"""`salience train SET`: tune a model on a document set, here or as a job at a service, and add it to your models."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock

from cache.store import Store
from dashboard.workspace import Workspace, open_workspace
from facts.catalog import load
from facts.errors import FactError
from runners.models import read_models
from runners.training import jobs
from runners.training.closed_book import Claimed, claimed
from runners.training.learner import NoTraining, missing
from runners.training.recipe import Recipe
from runners.training.register import free_label, register
from runners.training.services import SERVICES, Line, find
from runners.training.train import Step, Work
from runners.training.training_set import TrainingSet, read_training_set
from runners.training.tuned import Order, base_of, check, registered, served_elsewhere, tune

_STANDARD = Recipe()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("set", help="a JSON-lines file, a set's folder, or the id of a set in the workspace")
    parser.add_argument("--label", required=True, metavar="NAME", help="what the tuned model is to be called")
    parser.add_argument(
        "--base",
        default="embedded",
        metavar="MODEL",
        help="an embedded model's label, a GGUF file or a model's folder (default embedded)",
    )
    parser.add_argument("--serve-on", metavar="FILE", help="the base as a GGUF file, where --base is a folder")
    parser.add_argument("--limit", type=int, metavar="N", help="train on the first N documents only")
    for name, kind, about in (
        ("epochs", int, "how often the set is read"),
        ("rank", int, "rank of the adapter"),
        ("batch", int, "documents a step"),
        ("piece-tokens", int, "longer documents are learnt in pieces of so many tokens"),
        ("seed", int, "of order and start"),
    ):
        value = getattr(_STANDARD, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=kind, default=value, metavar="N", help=f"{about} (default {value})")
    parser.add_argument("--lr", type=float, default=_STANDARD.learning_rate, metavar="RATE",
                        help=f"the highest learning rate (default {_STANDARD.learning_rate})")  # fmt: skip
    parser.add_argument("--max-steps", type=int, metavar="N", help="stop after so many steps")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="processor threads (default: all)")
    parser.add_argument("--json", action="store_true", help="print what was trained as JSON on stdout")
    parser.add_argument("--no-recall", action="store_true", help="do not ask base and tuned what they know at the end")
    remote = parser.add_argument_group("as a job at a service", "learning rate and rank are then the service's own")
    remote.add_argument("--at", choices=sorted(SERVICES), help="the service; its key comes from the environment")
    remote.add_argument("--base-url", metavar="URL", help="another address that speaks the same")
    remote.add_argument("--usd-per-mtok", type=float, metavar="USD", help="what a million trained tokens cost there")
    remote.add_argument("--yes", action="store_true", help="do not ask before spending money")
    remote.add_argument("--wait", action="store_true", help="look every minute until the job is over")
    remote.add_argument("--cancel", action="store_true", help="end the job of this label")


def main(args: argparse.Namespace) -> int:
    """Run the command; what can be wrong is said before anything is loaded."""
    workspace = open_workspace(args.workspace)
    if args.limit is not None and args.limit < 1:
        raise FactError(f"--limit is at least 1, got {args.limit}; leave it out to train on the whole set")
    recipe = Recipe(
        epochs=args.epochs, rank=args.rank, learning_rate=args.lr, batch=args.batch, piece_tokens=args.piece_tokens,
        max_steps=args.max_steps, seed=args.seed,
    )  # fmt: skip
    order = Order(
        label=args.label, base=args.base, taught=_read(args.set, workspace.root).first(args.limit), recipe=recipe,
        home=workspace.root, serve_on=Path(args.serve_on).expanduser() if args.serve_on else None,
        threads=max(0, args.threads),
    )  # fmt: skip
    if args.at:
        return _at_service(args, order)
    check(order)
    if wrong := missing():
        raise NoTraining(wrong)
    print(f"Set {order.taught.set_id}: {len(order.taught.examples):,} documents, "
          f"{'; '.join(order.taught.doses) or 'doses unknown'}. Loading {order.base} …", file=sys.stderr)  # fmt: skip
    terminal = _Terminal()
    try:
        about = tune(order, terminal.begin, terminal.show)
    except KeyboardInterrupt:
        left = f"nothing of {order.label!r} was kept, your models are as they were"
        if order.folder.exists():
            left = f"{order.label!r} is trained; run the same command again to add it to your models"
        print(f"\nsalience: interrupted; {left}", file=sys.stderr)
        return 130
    terminal.end()
    recall = _recall(order, workspace) if registered(order) and not args.no_recall else []
    if args.json:
        said = {"label": order.label, "registered": registered(order), **asdict(about)}
        print(json.dumps({**said, "recall": [asdict(one) for one in recall]}, indent=2))
    else:
        print(
            f"{order.label}: {about.documents:,} documents, {about.steps:,} steps, {about.tokens:,} tokens in "
            f"{about.seconds / 60:.1f} min; loss {about.first_loss:.3f} to {about.last_loss:.3f}. Smoke scale."
        )
        print(f"  adapter  {order.folder}")
        base = f"embedded/{order.base}" if Path(order.base).expanduser().is_file() else order.base
        hint = f"compare  salience run FILE --model {base} --model {order.label}"
        print(f"  {hint if registered(order) else served_elsewhere(order)}")
        for one in recall:
            counts = ", ".join(f"{kind} {count}" for kind, count in one.chosen.items())
            print(f"  recall of {one.fact} with nothing in the prompt, {one.label}: {counts} of {one.n} orders of one "
                  f"question; {one.unread} unreadable, {one.failed} failed")  # fmt: skip
    return 0


def _recall(order: Order, workspace: Workspace) -> list[Claimed]:
    # Of each library fact that the set carries, by base and tuned model alike; imported facts have no question.
    library, models = load(workspace.facts), read_models(order.own)
    slugs = sorted({dose.split(" ", 1)[0] for dose in order.taught.doses} & set(library.facts))
    base, tuned = base_of(order).model, models.find(order.label)
    with Store(workspace.store) as store:
        return [claimed(model, library.fact(slug), store) for slug in slugs for model in (base, tuned) if model]


def _read(name: str, root: Path) -> TrainingSet:
    path = Path(name).expanduser()
    inside = root / "documents" / name
    return read_training_set(inside if not path.exists() and inside.exists() else path)


def _at_service(args: argparse.Namespace, order: Order) -> int:
    # The same command again goes on where it was: a job is asked for once, however often it is run.
    service, path = find(args.at), jobs.path_of(order.home, order.label)
    if order.base == "embedded":
        raise FactError(f"say with --base which model of {service.title} is to be tuned")
    job, data = jobs.prepare(
        order.label, service, order.base, order.taught, epochs=order.recipe.epochs, seed=order.recipe.seed,
        usd_per_mtok=args.usd_per_mtok, base_url=args.base_url,
    )  # fmt: skip
    if not path.exists():
        free_label(order.label, order.own)
    elif not jobs.same(job, kept := jobs.read_job(path)):
        raise FactError(f"{path} holds another job; choose another --label, or move that file away")
    else:
        job = kept
    if job.job_id is None and not args.cancel:
        cost = "unknown (give --usd-per-mtok)" if job.usd is None else f"about ${job.usd:,.2f}"
        print(f"{service.title}: {job.documents:,} documents, about {job.tokens:,} tokens to train {job.base} on, cost "
              f"{cost}.", file=sys.stderr)  # fmt: skip
        if not args.yes and not _agreed():
            print("salience: nothing was sent", file=sys.stderr)
            return 1
    with FileLock(_made(path).with_suffix(".lock"), timeout=0):
        line = Line(service, args.base_url)
        if args.cancel:
            job = jobs.cancel(job, path, line)
        elif args.wait:
            job = jobs.wait(jobs.submit(job, data, path, line), path, line, _pause)
        else:
            job = jobs.look(jobs.submit(job, data, path, line), path, line)
        if job.state == "succeeded" and not registered(order):
            register(order.label, jobs.entry(job), order.own)
    told = f"{job.label}: {job.state} {job.said}; job {job.job_id}, model {job.model or 'not there yet'}\n  {path}"
    print(json.dumps(asdict(job), indent=2) if args.json else told)
    return 0 if job.state in ("running", "succeeded") or args.cancel else 1


def _agreed() -> bool:
    try:
        return input("Start? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _pause(job: jobs.Job) -> None:
    print(f"{job.label}: {job.said or job.state}; Ctrl-C stops looking, not the job", file=sys.stderr, flush=True)
    time.sleep(60)


class _Terminal:
    """Says on stderr what training takes and how far it is: a line that is rewritten, or one every ten seconds."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.last = 0.0
        self.work: Work | None = None
        self.tokens = 0
        self.loss: float | None = None

    def begin(self, work: Work) -> None:
        """What it will take; two cores learn one to four hundred tokens a second of the embedded model."""
        self.work = work
        print(f"{work.documents:,} documents in {work.pieces:,} pieces: {work.steps:,} steps, {work.tokens:,} tokens; "
              f"for the embedded model on two cores {work.tokens / 24_000:.1f} to {work.tokens / 6_000:.1f} min. "
              "Ctrl-C stops and keeps nothing.", file=sys.stderr)  # fmt: skip

    def show(self, step: Step) -> None:
        """One step done; the loss is smoothed over about ten."""
        assert self.work is not None  # noqa: S101  (``begin`` comes first)
        self.tokens += step.tokens
        self.loss = step.loss if self.loss is None else 0.9 * self.loss + 0.1 * step.loss
        now = time.monotonic()
        if now - self.last < (0.2 if self.live else 10.0) and step.number < self.work.steps:
            return
        self.last = now
        left_s = step.elapsed_s / self.tokens * (self.work.tokens - self.tokens)
        line = (f"step {step.number:,} of {self.work.steps:,}  loss {self.loss:.3f}  "
                f"{self.tokens / step.elapsed_s:,.0f} tokens/s  {left_s / 60:.1f} min left")  # fmt: skip
        print(f"\r\x1b[2K{line}" if self.live else line, end="" if self.live else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """The line is done with."""
        if self.live and self.work:
            print(file=sys.stderr)
