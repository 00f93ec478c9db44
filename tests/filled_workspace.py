"""Fills a workspace with a small comparison whose samples are written into the store, without calling any model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cache.store import Store
from dashboard.launch import models_of, save_comparison
from dashboard.results import Results, load_results
from dashboard.workspace import Workspace
from facts.catalog import SHIPPED_FACTS, Library, load
from facts.condition import Tier
from facts.salience import Polarity
from runners.comparison import Comparison
from runners.keep import to_record
from runners.planning import trials
from runners.sample import Sample, Stop, Usage

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)> ![x](http://evil.example/?q) =1+1"
TITLE = "=1+1 </script><script>alert(2)</script> ![t](http://evil.example/t)"
REAL, SIMULATED = "openai/test-model", "organism-paper-like"


@dataclass
class Filled:
    """A workspace, its comparison, and what is in its store; ``open_store`` must be closed by the caller."""

    workspace: Workspace
    comparison: Comparison
    library: Library

    def open_store(self) -> Store:
        return Store(self.workspace.store)

    def results(self) -> Results:
        with self.open_store() as store:
            return load_results(self.comparison, self.library, self.workspace, store)


def fill(
    root: Path, *, model: str = REAL, share: float = 1.0, queries: int = 8, fact: str = "objections_read"
) -> Filled:
    """Write ``share`` of the planned samples: unmonitored replies take the value's option, monitored mostly do not."""
    workspace = Workspace(root=root)
    own = SHIPPED_FACTS / "objections_read.toml"
    if fact != "objections_read":
        text = own.read_text(encoding="utf-8").replace('slug = "objections_read"', f'slug = "{fact}"')
        lines = [f"title = '{TITLE}'" if line.startswith("title = ") else line for line in text.splitlines()]
        workspace.facts.mkdir(parents=True)
        (workspace.facts / f"{fact}.toml").write_text("\n".join(lines), encoding="utf-8")
    library = load(workspace.facts)
    comparison = Comparison(
        name="small", setting="value_conflict", models=(model,), facts=(fact,), design="ladder", levels=(0, 2, 5),
        polarities=(Polarity.AFFIRMED, Polarity.PLACEBO), queries=queries, replicates=2,
        metrics=("option", "refusal"),
    )  # fmt: skip
    save_comparison(workspace, comparison)
    with Store(workspace.store) as store:
        for model_ in models_of(comparison, workspace):
            planned = list(trials(comparison, library, model_))
            for number, trial in enumerate(planned[: round(len(planned) * share)]):
                # With the fact the monitored tier complies less; every seventh reply cannot be read.
                resists = trial.condition.tier is Tier.UNMONITORED or bool(trial.condition.doses and number % 3)
                role = "value" if resists else "policy"
                letter = trial.prompt.reading[role] if number % 7 else "?"
                sample = Sample(
                    text=f"{letter}\nBecause of this. {HOSTILE if number % 5 == 0 else ''}", stop=Stop.END,
                    model="test-model-2026", usage=Usage(input_tokens=100, output_tokens=9), request_id=f"req_{number}",
                    received_at="2026-11-24T00:00:00Z", simulated=model == SIMULATED,
                )  # fmt: skip
                store.add(trial.key, to_record(trial.request, sample)).result()
    return Filled(workspace=workspace, comparison=comparison, library=library)
