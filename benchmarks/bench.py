"""Runs every benchmark within a bound of time, prints what is met and missed, and writes docs/benchmarks.md.

    python benchmarks/bench.py [--quick] [--only NAME ...] [--page PATH] [--json PATH] [--no-peers]

This is `make bench`: under 25 minutes on two cores; `make bench QUICK=1`, small sizes and one round, under 4, and it
writes no page. A benchmark that fails or takes too long is reported and the rest goes on. `--from PATH` writes the page
again from the JSON of an earlier run.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import peers
from benchmarks.bench_page import Part, as_json, page, part_of, verdicts
from benchmarks.figures import give, read

HERE = Path(__file__).parent
ROOT = HERE.parent
TOTAL_S, QUICK_S = 24 * 60, 220
LINES = 40  # of what a benchmark without figures prints
PACKAGES = ("openai", "anthropic", "httpx2", "aiohttp", "orjson", "diskcache", "numpy", "scipy", "statsmodels",
            "xllamacpp", "ray")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One benchmark: how many seconds it may take, and how many in a quick run (0: it is no part of one)."""

    name: str
    seconds: int
    quick: int = 0


# The most important first: what comes last may find no time left.
JOBS = (
    Job(name="sampling", seconds=420, quick=100),
    Job(name="scheduling", seconds=240, quick=40),
    Job(name="replay", seconds=60, quick=30),
    Job(name="adaptive", seconds=260, quick=80),
    Job(name="store", seconds=300, quick=40),
    Job(name="opening", seconds=240),
    Job(name="memory", seconds=420, quick=30),
    Job(name="effects", seconds=180),
    Job(name="documents", seconds=90),
    Job(name="embedded", seconds=180),
    Job(name="document_gates", seconds=240),
    Job(name="pages", seconds=240),
)

# No benchmarks, or statistics of minutes to hours (corrected_rates, like calibration/).
NOT_RUN = frozenset({
    "bench", "bench_page", "big_workspace", "corrected_rates", "fake_server", "figures", "peer_inspect", "peer_litellm",
    "peer_promptfoo", "peers", "token_table", "workload",
})  # fmt: skip
OTHER_S, OTHER_QUICK_S = 150, 30


def _source(name: str) -> str:
    return (HERE / f"{name}.py").read_text(encoding="utf-8")


def _has(source: str, option: str) -> bool:
    """Whether a benchmark takes this option: by itself, or as all that give figures do."""
    return f'"{option}"' in source or (option != "--peers" and "options(__doc__)" in source)


def jobs() -> list[Job]:
    """What is run: those above that are there, then every other benchmark of the folder; quickly if it can be."""
    names = {path.stem for path in HERE.glob("*.py")} - NOT_RUN
    known = [job for job in JOBS if job.name in names]
    rest = sorted(names - {job.name for job in known})
    quick = {name: OTHER_QUICK_S if _has(_source(name), "--quick") else 0 for name in rest}
    return [*known, *(Job(name=name, seconds=OTHER_S, quick=quick[name]) for name in rest)]


def machine() -> dict[str, str]:
    """What was measured on, in words."""
    info = Path("/proc/cpuinfo")
    models = {line.partition(":")[2].strip() for line in info.read_text(encoding="utf-8").splitlines()
              if line.startswith("model name")} if info.exists() else set()  # fmt: skip
    found = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "CPU": ", ".join(sorted(models)) or platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "load average at the start (1, 5, 15 min)": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if commit.returncode == 0:
        found["commit"] = commit.stdout.strip()
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _words(job: Job, quick: bool, with_peers: bool, out: Path) -> list[str]:
    source = _source(job.name)
    asked = {"--json": [str(out)], **({"--quick": []} if quick else {}), **({"--peers": []} if with_peers else {})}
    given = [word for option, more in asked.items() if _has(source, option) for word in (option, *more)]
    return [sys.executable, str(HERE / f"{job.name}.py"), *given]


def run(job: Job, quick: bool, with_peers: bool, seconds: float) -> Part:
    """One benchmark in a process group of its own, killed with all its children when its time is over."""
    load, began = os.getloadavg()[0], time.monotonic()
    tree = ast.parse(_source(job.name))
    about = (ast.get_docstring(tree) or "").split("\n", 1)[0]
    trouble, found = "", ()
    with tempfile.TemporaryDirectory() as folder:
        out, said = Path(folder) / "figures.json", Path(folder) / "said"
        with said.open("w") as file:
            process = subprocess.Popen(_words(job, quick, with_peers, out), cwd=ROOT, stdout=file, stderr=file,
                                       start_new_session=True)  # fmt: skip
            try:
                if code := process.wait(timeout=seconds):
                    trouble = f"ended with exit status {code}"
            except subprocess.TimeoutExpired:
                trouble = f"stopped after {seconds:.0f} s"
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # servers and browsers that it left, too
                process.wait()
        place = f"{ROOT}/"  # no machine's folders on the page
        lines = said.read_text(encoding="utf-8", errors="replace").replace(place, "").splitlines()
        if out.exists():
            found = tuple(read(json.loads(out.read_text(encoding="utf-8").replace(place, ""))))
    printed = tuple(line.rstrip() for line in lines[-LINES:]) if not found else ()
    return Part(name=job.name, about=about, figures=found, printed=printed, trouble=trouble, load=load,
                seconds=time.monotonic() - began)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, one round, no page")
    parser.add_argument("--only", nargs="+", choices=[job.name for job in jobs()], metavar="NAME")
    parser.add_argument("--no-peers", action="store_true", help="install and measure no peers")
    parser.add_argument("--page", type=Path, help="write the page there (default: docs/benchmarks.md, none if quick)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write all that was found there")
    parser.add_argument("--from", type=Path, dest="earlier", metavar="PATH", help="run nothing: the page of that JSON")
    args = parser.parse_args()
    place: Path | None = args.page or (None if args.quick or args.only else ROOT / "docs" / "benchmarks.md")
    if args.earlier:
        data = json.loads(args.earlier.read_text(encoding="utf-8"))
        text = page(data["machine"], [part_of(part) for part in data["parts"]])
        (args.page or ROOT / "docs" / "benchmarks.md").write_text(text, encoding="utf-8")
        return
    found, parts = machine(), list[Part]()
    if not args.no_peers:
        for name in peers.PINNED:  # before the clock: installing is done once
            peer = peers.set_up(name)
            found[f"peer {name}"] = peer.missing or peer.versions
            print(f"{name}: {found[f'peer {name}']}", flush=True)
    if args.quick:
        found["size"] = "quick: small sizes and one round; bars are for full sizes on a quiet machine"
    ends = time.monotonic() + (QUICK_S if args.quick else TOTAL_S)
    for job in jobs():
        if (args.only and job.name not in args.only) or (args.quick and not job.quick):
            continue
        left = ends - time.monotonic()
        print(f"== {job.name}", flush=True)
        if left < 10:
            parts.append(Part(name=job.name, trouble="not run: the time for all was used up"))
        else:
            seconds = min(job.quick if args.quick else job.seconds, left)
            parts.append(run(job, args.quick, not args.no_peers, seconds))
        give(parts[-1].figures, None)
        print("\n".join([*parts[-1].printed, *filter(None, [parts[-1].trouble])]), flush=True)
    found["load average at the end"] = f"{os.getloadavg()[0]:.1f}"
    print("\n".join(["", *verdicts(parts)]))
    if args.json:
        args.json.write_text(json.dumps({"machine": found, "parts": as_json(parts)}, indent=1), encoding="utf-8")
    if place is not None:
        place.write_text(page(found, parts), encoding="utf-8")
        print(f"wrote {place}")


if __name__ == "__main__":
    main()
