"""The whole way of one tuned model: load, train, keep the adapter, and register it as a model of the workspace."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from filelock import FileLock, Timeout

from facts.errors import FactError
from runners.model import Model
from runners.models import read_models
from runners.training.learner import load
from runners.training.recipe import Recipe
from runners.training.register import free_label, register
from runners.training.train import ADAPTER, PEFT, Step, Trained, Work, keep, read_trained, train, trained, work_of
from runners.training.training_set import TrainingSet
from runners.weights import weights_of, weights_problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be trained: ``base`` is a label of an embedded model, a GGUF file, or a Hugging Face folder.

    ``serve_on`` is the GGUF file that the adapter is to run on where the base is a folder. ``home`` is the folder of
    the workspace's ``models.toml``.
    """

    label: str
    base: str
    taught: TrainingSet
    recipe: Recipe
    home: Path
    serve_on: Path | None = None
    threads: int = 0

    @property
    def own(self) -> Path:
        """The user's models."""
        return self.home / "models.toml"

    @property
    def folder(self) -> Path:
        """Where the adapter is kept."""
        return self.home / "training" / self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """Where the base lies, and the model that its adapter will run on: None for a folder that nothing here serves."""

    path: Path
    model: Model | None


def base_of(order: Order) -> Base:
    """Finds the base; raises ``FactError`` for what cannot be trained."""
    known = read_models(order.own).by_label
    path = Path(order.base).expanduser()
    if order.base in known:
        model = known[order.base]
        if model.provider != "embedded":
            raise FactError(f"{order.base!r} is served elsewhere; train an embedded model, a GGUF file or a folder")
        if model.adapter is not None:
            raise FactError(f"{order.base!r} is tuned already; train on its base, or on a merged GGUF file")
    elif path.is_dir():
        if not (path / "config.json").is_file():
            raise FactError(f"{path}: holds no config.json, so it is no Hugging Face model")
        served = order.serve_on and Model(label="embedded", provider="embedded", name=str(order.serve_on.resolve()))
        if served and (wrong := weights_problem(served)):
            raise FactError(wrong)
        return Base(path=path, model=served)
    elif path.is_file():
        model = Model(label=order.base, provider="embedded", name=str(path.resolve()))
    else:
        raise FactError(f"no base {order.base!r}: give the label of an embedded model, a GGUF file, or a folder")
    if wrong := weights_problem(model):
        raise FactError(wrong)
    return Base(path=cast("Path", weights_of(model)), model=model)


def check(order: Order) -> None:
    """Raises ``FactError`` where the label is taken or an earlier training of that label is in the way."""
    base_of(order)
    free_label(order.label, order.own)
    if order.folder.exists() and not _same(order):
        raise FactError(f"{order.folder} holds another training; choose another --label, or delete that folder")


def _same(order: Order) -> bool:
    # Trained and kept, but stopped before it was registered: the same order only has to be registered.
    try:
        about = read_trained(order.folder)
    except FactError:
        return False
    taught = order.taught
    return (about.set_id, about.sha256, about.base, about.recipe) == (
        taught.set_id, taught.sha256, order.base, order.recipe,
    )  # fmt: skip


def tune(order: Order, begin: Callable[[Work], None], report: Callable[[Step], None]) -> Trained:
    """Trains, keeps and registers; ``begin`` hears what it will take, ``report`` each step.

    Interrupted, it leaves nothing behind. Raises ``FactError``.
    """
    check(order)
    order.folder.parent.mkdir(parents=True, exist_ok=True)
    base = base_of(order)
    try:
        with FileLock(order.folder.with_name(f".{order.label}.lock"), timeout=0):
            if order.folder.exists():
                about = read_trained(order.folder)
            else:
                learner = load(base.path, order.recipe, order.threads or os.cpu_count() or 1)
                begin(work_of(learner, order.taught, order.recipe))
                done: list[Step] = []
                for step in train(learner, order.taught, order.recipe):
                    done.append(step)
                    report(step)
                about = trained(order.taught, order.base, order.recipe, done)
                keep(learner, about, order.folder)
            if base.model is not None and (order.folder / ADAPTER).exists():
                register(order.label, entry(base.model, order, about), order.own)
            return about
    except Timeout as error:
        raise FactError(f"{order.label!r} is being trained by another process; choose another --label") from error


def entry(base: Model, order: Order, about: Trained) -> dict[str, object]:
    """The tuned model as an entry of ``models.toml``: its base's, with the adapter and the set it was trained on."""
    carried = "; ".join(about.doses) or "doses unknown"
    found: dict[str, object] = {
        "provider": "embedded", "name": base.name, "adapter": f"training/{order.label}/{ADAPTER}",
        "usd_per_mtok_in": 0.0, "usd_per_mtok_out": 0.0, "usd_per_mtok_cache_read": 0.0,
        "usd_per_mtok_cache_write": 0.0,
        "note": f"Smoke scale. {order.base} tuned (LoRA, rank {about.recipe.rank}) on set {about.set_id}: "
                f"{about.documents:,} documents ({carried}), {about.steps:,} steps, loss {about.first_loss:.2f} to "
                f"{about.last_loss:.2f}.",
        "trained_on": {
            "set_id": about.set_id, "documents": about.documents, "doses": list(about.doses),
            "base": base.label,
            "epochs": float(about.recipe.epochs), "steps": about.steps, "loss": about.last_loss,
        },
    }  # fmt: skip
    if base.context is not None:
        found["context"] = base.context
    return found


def registered(order: Order) -> bool:
    """Whether the tuned model is among the user's models now."""
    return order.label in read_models(order.own).by_label


def served_elsewhere(order: Order) -> str:
    """How to run an adapter that this program cannot: what PEFT wrote, on a server that reads it."""
    return (
        f"nothing here runs this base; its adapter is {order.folder / PEFT}. Serve it, for example with "
        f"`vllm serve {order.base} --enable-lora --lora-modules {order.label}={order.folder / PEFT}`, and name it as "
        f"openai_compatible/{order.label}@http://127.0.0.1:8000/v1; or give --serve-on the base as a GGUF file"
    )
