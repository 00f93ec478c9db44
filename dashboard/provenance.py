"""Where results come from: versions, the source's revision, the models that answered, and what was asked."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dashboard.opened_files import as_json
from dashboard.results import Results
from facts.catalog import Library
from runners import rubric
from runners.comparison_file import comparison_toml
from runners.judging import judging_of

_PACKAGES = ("fact-salience", "altair", "vl-convert-python", "numpy", "scipy", "streamlit", "anthropic", "openai",
             "xllamacpp", "pydantic", "diskcache")  # fmt: skip


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@lru_cache(maxsize=1)
def revision() -> str:
    """The git revision of the running source, or that there is none."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return "not run from a git checkout"
    try:
        done = subprocess.run(  # noqa: S603  (fixed words and our own folder)
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"],  # noqa: S607
            capture_output=True, timeout=10, check=False, text=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return "git is not available"
    return done.stdout.strip() or "unknown"


def resolved(results: Results) -> dict[str, list[str]]:
    """The identifiers under which each model's provider said that it answered."""
    return {
        model.model.label: sorted({read.reply_model for read in model.arrays.reads if read.reply_model})
        for model in results.models
    }


def provenance(results: Results, library: Library) -> dict[str, object]:
    """Everything needed to say where the figures come from; the same for the same samples and the same source.

    Holds hashes of keys and of texts, names of models and addresses; nothing of the environment.
    """
    keys = sorted(row.key for model in results.models for row in model.rows if row.stop is not None)
    rules = judging_of(results.comparison, results.judge)
    rubrics = [rubric.find(name, rules.version(name)) for name in rubric.names()]
    wordings = repr([library.facts[name] for name in sorted(results.comparison.facts)])
    return {
        "comparison": results.comparison.name,
        "simulated": results.simulated,
        "via": results.comparison.via,
        "interim": results.interim,
        "samples": {"planned": results.planned, "kept": results.kept},
        "came_with": as_json(results.came),
        "models": [
            {"label": m.model.label, "provider": m.model.provider, "name": m.model.name, "address": m.model.base_url,
             "simulated": m.simulated, "planned": len(m.rows), "kept": m.kept,
             "answered_as": resolved(results)[m.model.label]}
            for m in results.models
        ],
        "judge": None if results.judge is None else {
            "label": results.judge.label, "provider": results.judge.provider, "name": results.judge.name,
            "address": results.judge.base_url, "simulated": results.judge_simulated,
            "rubrics": {item.label: _hash(item.system) for item in rubrics},
        },
        "hashes": {
            "sample_keys_sha256": _hash("\n".join(keys)),
            "comparison_sha256": _hash(comparison_toml(results.comparison)),
            "facts_sha256": _hash(wordings),
        },
        "software": {
            "revision": revision(),
            "python": platform.python_version(),
            "packages": {name: _version(name) for name in _PACKAGES},
        },
    }  # fmt: skip


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
