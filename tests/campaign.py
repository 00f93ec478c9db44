"""The fault campaign's judge: what was planned against what is kept, what is reported and what was sent whole."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from cache import record
from cache.store import Store
from dashboard.__main__ import main
from dashboard.launch import models_of
from dashboard.workspace import Workspace
from facts.catalog import load
from fault_server import FaultServer, mark_of
from runners.comparison import Comparison
from runners.comparison_file import parse_comparison
from runners.estimate import estimate
from runners.limits import Limits
from runners.progress import Progress
from runners.request import Request
from runners.run import run
from runners.sizes import requests

KEY = "sk-campaign-AAbbCCdd-0123456789"
VARIABLE = "CAMPAIGN_KEY"
HIDDEN = "[key hidden]"
WIRES = ("anthropic", "openai", "openai_compatible")


@dataclass(kw_only=True)
class Ground:
    """A workspace, a comparison in it and the server that it calls; what was ever printed is collected in ``said``."""

    workspace: Workspace
    server: FaultServer
    wires: tuple[str, ...] = WIRES
    said: str = ""
    shape: dict[str, object] = field(default_factory=dict[str, object])
    damaged: bool = False

    def __post_init__(self) -> None:
        self.workspace.root.mkdir(exist_ok=True)
        rest = f'key_env = "{VARIABLE}"\nusd_per_mtok_in = 1.0\nusd_per_mtok_out = 1.0\n'
        entries = "".join(f'[models.{wire}]\nprovider = "{wire}"\nname = "fake-{wire}"\n'
                          f'base_url = "{self.server.base_url}"\n{rest}' for wire in WIRES)  # fmt: skip
        self.workspace.models.write_text(entries, encoding="utf-8")

    def text(self, name: str = "campaign", **changes: object) -> str:
        """The comparison's file."""
        shape = {"queries": 4, "replicates": 1, "concurrency": 8, "seed": 0, **self.shape, **changes}
        levels = shape.pop("levels", [0, 2, 5])
        lines = "\n".join(f"{field} = {json.dumps(value)}" for field, value in shape.items())
        return (f'name = "{name}"\nsetting = "value_conflict"\nmodels = {json.dumps(self.wires)}\n'
                f'metrics = ["option"]\n{lines}\n[design]\nkind = "ladder"\nfacts = ["objections_read"]\n'
                f'levels = {levels}\npolarities = ["affirmed"]\n')  # fmt: skip

    def comparison(self, name: str = "campaign", **changes: object) -> Comparison:
        return parse_comparison(name, self.text(name, **changes))

    def write(self, name: str = "campaign", **changes: object) -> Path:
        """The comparison's file, outside of the workspace."""
        path = self.workspace.root.parent / f"{name}.toml"
        path.write_text(self.text(name, **changes), encoding="utf-8")
        return path

    def planned(self, comparison: Comparison | None = None) -> dict[str, dict[str, Request]]:
        """Every planned request by model and key."""
        comparison = comparison or self.comparison()
        models = models_of(comparison, self.workspace)
        return {model.label: dict(requests(comparison, load(), model)) for model in models}

    def run(self, limits: Limits, told=lambda _: None, cancel=lambda: False, comparison=None) -> Progress:
        """Run in this process."""
        comparison = comparison or self.comparison()
        with Store(self.workspace.store) as store:
            plan = estimate(comparison, load(), models_of(comparison, self.workspace), store)
            last = run(plan, load(), store, limits, told, cancel)
        self.said += json.dumps(asdict(last))
        return last

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "dashboard", "--workspace", str(self.workspace.root), *words]

    def start(self, path: Path, *words: str, key: str = KEY, **more: object) -> subprocess.Popen[str]:
        """`salience run` in a process of its own."""
        return subprocess.Popen(
            self.command("run", str(path), "--yes", "--no-report", "--json", *words), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment(key), **more,
        )  # fmt: skip

    def finish(self, process: subprocess.Popen[str]) -> tuple[int, Progress]:
        """Exit code and last progress."""
        out, err = process.communicate(timeout=120)
        self.said += out + err
        assert out.strip(), err
        return process.returncode, progress_of(json.loads(out))

    def kept(self) -> dict[str, dict[str, object]]:
        """The kept records by key; no key twice and none that cannot be read."""
        found: dict[str, dict[str, object]] = {}
        with Store(self.workspace.store) as store:
            for key, value in store.rows():
                assert isinstance(value, bytes), value
                assert KEY.encode() not in value
                assert key not in found
                request, sample = record.read(key, value)
                found[key] = {"request": request, "sample": sample}
        return found


def environment(key: str = KEY) -> dict[str, str]:
    return {**os.environ, VARIABLE: key, "PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"}


def progress_of(data: Mapping[str, object]) -> Progress:
    """A progress as it was printed."""
    return TypeAdapter(Progress).validate_python(data)


def judge(ground: Ground, last: Progress, wanted: dict[str, dict[str, Request]] | None = None) -> None:
    """What holds after every campaign, however it went.

    Each planned request is kept once or counted in one reported failure; each kept text was sent whole for that very
    prompt, and for one request only; the key is nowhere; the store is whole.
    """
    wanted = ground.planned() if wanted is None else wanted
    kept = ground.kept()
    assert set(kept) <= {key for plan in wanted.values() for key in plan}, "something is kept that was not planned"
    for model in last.models:
        have = sum(key in kept for key in wanted[model.label])
        assert model.kept_before + model.done == have, f"{model.label}: {have} are kept, but {model} says otherwise"
        assert have + sum(model.failures.values()) == len(wanted[model.label]), f"{model.label}: {model}"
    received(ground, kept, wanted)
    no_key(ground)
    assert main(["--workspace", str(ground.workspace.root), "store", "verify"]) == 0


def received(ground: Ground, kept: Mapping[str, dict[str, object]], wanted: dict[str, dict[str, Request]]) -> None:
    """Each kept text is one that was sent whole, for that prompt on that wire, and kept for one request only."""
    whole = {call.text.replace(KEY, HIDDEN): call for call in ground.server.calls if call.whole}
    for plan in wanted.values():
        for key, request in plan.items():
            if key not in kept:
                continue
            assert kept[key]["request"] == {k: v for k, v in request.fields().items() if v is not None}
            call = whole.get(kept[key]["sample"]["text"])
            assert call, f"{key} was kept, but never sent whole: {kept[key]['sample']}"
            texts = [request.system or "", *(turn.text for turn in request.turns)]
            assert call.mark == mark_of(text for text in texts if text), f"{key} is the reply to another prompt"
            assert call.model == request.model
    shared = [text for text, times in Counter(one["sample"]["text"] for one in kept.values()).items() if times > 1]
    assert not shared, "one reply was kept for two requests"


def no_key(ground: Ground) -> None:
    """The key is in no file of the workspace and in nothing that was said, plain or in the usual disguises."""
    bare = KEY.encode()
    forms = (bare, base64.b64encode(bare)[:-4], KEY.replace("-", "\\u002d").encode(), bare[:20])
    for path in ground.workspace.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(form in content for form in forms), path
    assert not any(form.decode() in ground.said for form in forms)
