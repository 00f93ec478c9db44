"""Writes a workspace with a realistic comparison of as many samples as wanted, without calling any model.

    python benchmarks/big_workspace.py FOLDER [samples]

Replies are those of the simulated organism, made once a condition and a query and then varied by sentences of filler to
1–2 KB each, so that a hundred thousand are written in about a minute.
"""

from __future__ import annotations

import random
import sys
import time
from collections import deque
from concurrent.futures import Future
from pathlib import Path

from cache.store import Store
from dashboard.launch import models_of, save_comparison
from dashboard.workspace import Workspace
from facts.catalog import load
from facts.condition import Reasoning
from facts.filler import sentences
from facts.salience import Polarity
from runners import providers
from runners.comparison import Comparison
from runners.keep import to_record
from runners.organism.answer import answer
from runners.organism.truth import Truth, find
from runners.planning import trials
from runners.request import Request
from runners.sample import Sample, Stop, Usage

MODEL = "organism/paper_like"
_SENTENCES = (4, 13)  # of filler a reply, in reasoning and in the answer: 1–2 KB in all


def big_comparison(samples: int) -> Comparison:
    """A comparison of one fact on five arms and both tiers: ten conditions of 50 queries, replicated as often as needed
    (``samples`` is rounded up to a multiple of ten)."""
    queries = min(50, max(1, samples // 10))
    return Comparison(
        name="big", setting="helpful_only", models=(MODEL,), facts=("objections_read",), design="ladder",
        levels=(0, 2, 5), polarities=(Polarity.AFFIRMED, Polarity.PLACEBO), reasoning=(Reasoning.SCRATCHPAD,),
        queries=queries, replicates=-(-samples // (10 * queries)),
        metrics=("compliance_rule", "refusal", "keyword_alignment_faking", "uptake"),
    )  # fmt: skip


def big_workspace(root: Path, samples: int = 100_000, seed: int = 0) -> Comparison:
    """Write the comparison and every one of its samples into the workspace at ``root``; running it again adds nothing.

    Raises ``FactError`` and ``StoreError``.
    """
    workspace, comparison = Workspace(root=root), big_comparison(samples)
    library = load(workspace.facts, workspace.documents)
    save_comparison(workspace, comparison)
    draw, filler = random.Random(seed), sentences()
    made: dict[tuple[str, str, int], Sample] = {}
    with Store(workspace.store) as store:
        waiting: deque[Future[bool]] = deque()
        for model in models_of(comparison, workspace):
            assert providers.find(model.provider).SIMULATED
            truth = find(model.name)
            for trial in trials(comparison, library, model):
                cell = (trial.condition.arm, f"{trial.condition.tier} {trial.query.id}", trial.replicate % 4)
                said = made.get(cell)
                if said is None:
                    said = made[cell] = _said(trial.request, truth, draw)
                more = " ".join(draw.choices(filler, k=draw.randint(*_SENTENCES)))
                less = " ".join(draw.choices(filler, k=draw.randint(*_SENTENCES)))
                head, mark, tail = said.text.partition("</")
                text = f"{head} {less} {mark}{tail}" if mark else f"{said.text} {less}"
                sample = Sample(
                    text=_longer(text, more), stop=Stop.END, model=said.model, usage=said.usage, simulated=True,
                    latency_s=0.0, received_at="2026-11-27T00:00:00Z",
                )  # fmt: skip
                waiting.append(store.add(trial.key, to_record(trial.request, sample)))
                if len(waiting) > 2_000:
                    waiting.popleft().result()
        for one in waiting:
            one.result()
    return comparison


def _said(request: Request, truth: Truth, draw: random.Random) -> Sample:
    given = answer(request.system or "", request.turns[-1].text, truth, draw, native=False, first="", structured=False)
    return Sample(text=given.text, stop=given.stop, model=f"organism:{truth.name} (SIMULATED)",
                  usage=Usage(input_tokens=900, output_tokens=300), simulated=True)  # fmt: skip


def _longer(text: str, more: str) -> str:
    # Before the last closing tag, so that the reply still reads as one answer.
    at = text.rfind("</")
    return f"{text[:at]} {more} {text[at:]}" if at > 0 and text.rstrip().endswith(">") else f"{text} {more}"


if __name__ == "__main__":
    began = time.perf_counter()
    made = big_workspace(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
    print(f"{made.name} written in {time.perf_counter() - began:.0f} s")
