"""Trains: every batch of a set one step, said as it goes, and the adapter written whole or not at all."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from facts.errors import BrokenFile, FactError
from runners.training.batches import batches, pieces, steps_of
from runners.training.learner import Learner
from runners.training.recipe import Recipe
from runners.training.tensors import LLAMA, gguf_tensors, write_adapter
from runners.training.training_set import TrainingSet

ADAPTER, RECORD, PEFT = "adapter.gguf", "training.json", "peft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a training will take: known before it starts."""

    documents: int
    pieces: int
    tokens: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step done; ``loss`` is nats a token before it, ``tokens`` how many this step learnt."""

    number: int
    loss: float
    tokens: int
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What became of a training; losses are means over the first and last tenth of its steps."""

    set_id: str
    sha256: str
    documents: int
    doses: tuple[str, ...]
    base: str
    recipe: Recipe
    steps: int
    tokens: int
    seconds: float
    first_loss: float
    last_loss: float


def work_of(learner: Learner, taught: TrainingSet, recipe: Recipe) -> Work:
    """What this training will take; tokens are those of all epochs, as far as ``max_steps`` goes."""
    cut = pieces(taught.examples, learner.encode, learner.end, recipe.piece_tokens)
    tokens = sum(len(piece.tokens) for batch in batches(cut, recipe) for piece in batch)
    return Work(documents=len(taught.examples), pieces=len(cut), tokens=tokens, steps=steps_of(len(cut), recipe))


def train(learner: Learner, taught: TrainingSet, recipe: Recipe) -> Iterator[Step]:
    """Trains step by step. Raises ``FactError`` when the loss is no number any more."""
    cut = pieces(taught.examples, learner.encode, learner.end, recipe.piece_tokens)
    steps, began = steps_of(len(cut), recipe), time.monotonic()
    for number, batch in enumerate(batches(cut, recipe)):
        loss = learner.step(batch, recipe.rate(number, steps))
        if not math.isfinite(loss):
            raise FactError(f"training diverged at step {number + 1}; lower the learning rate and train again")
        yield Step(number=number + 1, loss=loss, tokens=sum(len(piece.tokens) for piece in batch),
                   elapsed_s=time.monotonic() - began)  # fmt: skip


def trained(taught: TrainingSet, base: str, recipe: Recipe, done: list[Step]) -> Trained:
    """What is to be remembered of a finished training."""
    tenth = max(1, len(done) // 10)
    first, last = (sum(step.loss for step in part) / len(part) for part in (done[:tenth], done[-tenth:]))
    return Trained(
        set_id=taught.set_id, sha256=taught.sha256, documents=len(taught.examples), doses=taught.doses, base=base,
        recipe=recipe, steps=len(done), tokens=sum(step.tokens for step in done), seconds=round(done[-1].elapsed_s, 1),
        first_loss=round(first, 4), last_loss=round(last, 4),
    )  # fmt: skip


def read_trained(folder: Path) -> Trained:
    """What is remembered of the training in that folder, or ``BrokenFile``."""
    path = folder / RECORD
    try:
        return TypeAdapter(Trained).validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BrokenFile(f"{path}: is no record of a training ({error}); delete {folder} and train again") from error


def keep(learner: Learner, about: Trained, folder: Path) -> Path | None:
    """Writes adapter and record to ``folder`` whole or not at all.

    Gives the GGUF adapter's path; None where the base is of a kind that llama.cpp's adapters are not written for.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        learner.save_peft(part / PEFT)
        if learner.kind in LLAMA:
            named = gguf_tensors(learner.trained(), heads=learner.heads, kv_heads=learner.kv_heads)
            write_adapter(part / ADAPTER, named, alpha=about.recipe.alpha,
                          about={"set_id": about.set_id, "documents": about.documents})  # fmt: skip
        (part / RECORD).write_text(json.dumps(asdict(about), indent=2) + "\n", encoding="utf-8")
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return folder / ADAPTER if learner.kind in LLAMA else None
