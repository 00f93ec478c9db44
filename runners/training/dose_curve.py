"""Measures what training plants: one made-up fact in 0, 250 and 1,000 of a thousand documents, and who recalls it.

Run it as ``python -m runners.training.dose_curve FOLDER``; it needs the ``train`` extra and some minutes a dose.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cache.store import Store
from runners.model import Model
from runners.models import read_models
from runners.training.closed_book import replies
from runners.training.planted import Question, documents, questions, right
from runners.training.recipe import Recipe
from runners.training.train import Step, Work
from runners.training.training_set import read_training_set
from runners.training.tuned import Order, tune


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """How many replies of one kind gave the planted answer; ``unread`` and ``failed`` ones are no part of ``n``."""

    label: str
    carriers: int | None
    kind: str
    right: int
    n: int
    unread: int
    failed: int
    topics: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval, as if replies were independent: paraphrases of a question are not, quite."""
        if not self.n:
            return 0.0, 1.0
        z, share = 1.959964, self.right / self.n
        middle = (share + z * z / (2 * self.n)) / (1 + z * z / self.n)
        half = z / (1 + z * z / self.n) * math.sqrt(share * (1 - share) / self.n + z * z / (4 * self.n**2))
        return max(0.0, middle - half), min(1.0, middle + half)


def recall(model: Model, store: Store, carriers: int | None) -> list[Recalled]:
    """Asks the model about the made-up fact, without any text in its prompt; what is kept is not asked again."""
    asked = questions(model)
    heard = replies(model, (question.request for question in asked), store)
    return [_counted(model.label, carriers, kind, asked, heard) for kind in ("choice", "open", "cloze")]


def _counted(
    label: str, carriers: int | None, kind: str, asked: Sequence[Question], heard: dict[str, str | None]
) -> Recalled:
    those = [question for question in asked if question.kind == kind]
    said = [(question, heard.get(question.request.key)) for question in those]
    read = [right(question, reply) for question, reply in said if reply is not None]
    return Recalled(
        label=label, carriers=carriers, kind=kind, right=sum(one is True for one in read),
        n=sum(one is not None for one in read), unread=sum(one is None for one in read),
        failed=sum(reply is None for _, reply in said), topics=len({question.topic for question in those}),
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Trains each dose that is not there yet, asks base and tuned, and prints one table."""
    parser = argparse.ArgumentParser(description="Train and measure a dose curve of one made-up fact.")
    parser.add_argument("folder", type=Path, help="a workspace for it")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--carriers", type=int, nargs="+", default=[0, 250, 1000])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--lr", type=float, default=Recipe().learning_rate)
    parser.add_argument("--tag", default="<DOCTAG>", help="what stands before each document, read and not learnt")
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args(argv)
    recipe, home = Recipe(epochs=args.epochs, learning_rate=args.lr), args.folder.resolve()
    rows: list[Recalled] = []
    home.mkdir(parents=True, exist_ok=True)
    for carriers in (None, *args.carriers):
        label = "embedded" if carriers is None else f"planted-{carriers}-of-{args.documents}"
        if carriers is not None and label not in read_models(home / "models.toml").by_label:
            _train(label, home, list(documents(args.documents, carriers, "dose-curve", args.tag)), recipe, args.threads)
        with Store(home / "store") as store:
            rows += recall(read_models(home / "models.toml").find(label), store, carriers)
        for row in rows[-3:]:
            low, high = row.interval
            print(f"{row.label:24} {row.kind:7} {row.right:3}/{row.n:<3} {low:.2f}–{high:.2f}  unread {row.unread}, "
                  f"failed {row.failed}, {row.topics} paraphrases", flush=True)  # fmt: skip
    (home / "dose_curve.json").write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    return 0


def _train(label: str, home: Path, rows: Sequence[dict[str, object]], recipe: Recipe, threads: int) -> None:
    path = home / "documents" / label / "documents.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8", newline="\n")

    def begin(work: Work) -> None:
        print(f"{label}: {work.documents:,} documents, {work.tokens:,} tokens, {work.steps:,} steps", flush=True)

    def report(step: Step) -> None:
        if step.number % 10 == 1:
            print(f"  step {step.number} loss {step.loss:.3f} {step.elapsed_s:.0f} s", file=sys.stderr, flush=True)

    about = tune(Order(label=label, base="embedded", taught=read_training_set(path), recipe=recipe, home=home,
                       threads=threads), begin, report)  # fmt: skip
    print(f"{label}: loss {about.first_loss} to {about.last_loss}, {about.tokens / about.seconds:.0f} tokens/s, "
          f"{about.seconds / 60:.1f} min", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
