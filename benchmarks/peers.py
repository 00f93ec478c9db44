"""Sets up what we are compared with, each in a folder of its own, and calls it; a peer that does not install says why.

    python benchmarks/peers.py [--folder FOLDER]

The folder is kept and used again: SALIENCE_PEERS, or fact-salience-peers in the temporary folder. Nothing of it ever
goes into the project's own environment. Needs a package registry once (pip's own settings), and npm for promptfoo.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.workload import Cost

HERE = Path(__file__).parent
INSTALL_S = 600
RUN_S = 240
PINNED = {
    "inspect_ai": ("inspect_ai==0.3.285", "openai==3.57.0"),
    # The last three: a hit of its cache imports what only its proxy is said to need.
    "litellm": ("litellm==1.110.2", "openai==3.57.0", "fastapi==0.165.0", "orjson==3.13.0", "soundfile==0.14.0"),
    "promptfoo": ("promptfoo@0.123.1", "node@22"),  # it refuses the Node.js of older systems, so one comes with it
}
SCRIPTS = {"inspect_ai": "peer_inspect.py", "litellm": "peer_litellm.py", "promptfoo": "peer_promptfoo.py"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One peer: how to call it, or the reason why it cannot be."""

    name: str
    python: str = ""
    folder: Path = Path()
    missing: str = ""

    @property
    def version(self) -> str:
        """The version that is pinned and measured."""
        return re.sub("==|@", " ", PINNED[self.name][0])

    @property
    def versions(self) -> str:
        """The same with what is pinned beside it."""
        return ", ".join(re.sub("==|@", " ", package) for package in PINNED[self.name])


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerCosts:
    """What a peer's calls cost: anew, and again from its own cache (None where it has none that serves)."""

    fresh: Cost
    replay: Cost | None
    note: str = ""


def home() -> Path:
    """Where peers are kept."""
    return Path(os.environ.get("SALIENCE_PEERS") or Path(tempfile.gettempdir()) / "fact-salience-peers")


def _last(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no reason given"


def _called(command: Sequence[str], folder: Path, seconds: float) -> str:
    """ "" when the command went well, else why not."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{Path(command[0]).name}: {error}"
    return "" if done.returncode == 0 else _last(done.stderr or done.stdout)


def set_up(name: str) -> Peer:
    """The peer, installed now unless it is there already; never raises for one that cannot be."""
    folder = home() / name
    pinned = PINNED[name]
    done = folder / "installed.json"
    python = str(folder / "bin" / "python") if name != "promptfoo" else sys.executable
    if done.exists() and json.loads(done.read_text(encoding="utf-8")) == list(pinned):
        return Peer(name=name, python=python, folder=folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Peer(name=name, missing=f"not installed: {error}")
    if name == "promptfoo":
        npm = shutil.which("npm")
        steps = [[npm, "install", "--no-audit", "--no-fund", *pinned]] if npm else []
    else:
        steps = [[sys.executable, "-m", "venv", str(folder)],
                 [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pinned]]  # fmt: skip
    if not steps:
        return Peer(name=name, missing="not installed: npm is not on this machine")
    for step in steps:
        if wrong := _called(step, folder, INSTALL_S):
            return Peer(name=name, missing=f"not installed: {wrong}")
    done.write_text(json.dumps(pinned), encoding="utf-8")
    return Peer(name=name, python=python, folder=folder)


def measure(peer: Peer, url: str, count: int, concurrency: int) -> PeerCosts | str:
    """The peer's calls in a process of their own, imports not counted; or why there are none."""
    if peer.missing:
        return peer.missing
    words = [peer.python, str(HERE / SCRIPTS[peer.name]), url, str(count), str(concurrency)]
    environment = {**os.environ, "PEER_FOLDER": str(peer.folder)}
    with tempfile.TemporaryDirectory() as scratch:
        try:
            done = subprocess.run(words, cwd=scratch, capture_output=True, text=True, timeout=RUN_S, check=False,
                                  env=environment)  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"did not end within {RUN_S} s"
    if done.returncode != 0:
        return f"failed: {_last(done.stderr)}"
    found = cast("dict[str, object]", json.loads(_last(done.stdout)))

    def cost(what: str) -> Cost | None:
        pair = cast("list[float] | None", found.get(what))
        return Cost(count=count, cpu_s=pair[0], wall_s=pair[1]) if pair else None

    fresh = cost("fresh")
    assert fresh is not None
    return PeerCosts(fresh=fresh, replay=cost("replay"), note=str(found.get("note", "")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--folder", help="instead of SALIENCE_PEERS")
    if folder := parser.parse_args().folder:
        os.environ["SALIENCE_PEERS"] = folder
    for name, packages in PINNED.items():
        print(f"{name:12} {set_up(name).missing or 'installed: ' + ', '.join(packages)}")


if __name__ == "__main__":
    main()
