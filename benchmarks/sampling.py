"""What a sample costs: our sampler, the bare SDK call and peers in turn, against one fake server, in one run.

    python benchmarks/sampling.py [--quick] [--json PATH] [--peers]

CPU milliseconds a sample and requests a second, with 12 KB prompts, 300-token replies, no latency and 64 concurrent;
and how fast each answers the same again from what it keeps.
Rounds alternate ours and the others, so that a ratio is of neighbours in time; the machine is rarely quiet.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import peers, replay
from benchmarks.figures import Figure, give, options, write
from benchmarks.workload import Cost, bare, ours, serving

OURS, POST, CREATE = "ours", "bare post()", "bare create()"
CONCURRENT = 64
# Peers make fewer calls, or they would take most of the time.
CALLS = {"inspect_ai": 200, "litellm": 400, "promptfoo": 200}
BARS = {"inspect_ai": 15.0, "litellm": 5.0}
REPLAY_BARS = {"inspect_ai": 300.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """What every round cost, by who made the calls: anew, and again from what they keep. ``notes`` are on peers."""

    fresh: dict[str, list[Cost]] = field(default_factory=dict[str, list[Cost]])
    again: dict[str, list[Cost]] = field(default_factory=dict[str, list[Cost]])
    notes: dict[str, str] = field(default_factory=dict[str, str])


def measure(url: str, count: int, times: int, names: Iterable[str]) -> Iterator[Rounds]:
    """Ours, the bare SDK and each peer in turn, as often as asked; all that there is so far after each round."""
    found = Rounds(fresh={OURS: [], POST: [], CREATE: []}, again={OURS: []})
    with_us = [peers.set_up(name) for name in names]
    bare(url, 100, CONCURRENT, raw=True)  # warm imports and sockets
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ours(url, 100, CONCURRENT, folder / "warm")
        for turn in range(times):
            found.fresh[OURS].append(ours(url, count, CONCURRENT, folder / str(turn)))
            found.fresh[POST].append(bare(url, count, CONCURRENT, raw=True))
            found.fresh[CREATE].append(bare(url, count, CONCURRENT, raw=False))
            found.again[OURS] += replay.kept(folder / f"kept{turn}", 5 * count, 1)
            for peer in with_us:
                few = CALLS[peer.name] // (1 if count >= 1000 else 2)
                theirs = peers.measure(peer, url, few, CONCURRENT)
                if isinstance(theirs, str):
                    found.notes[peer.name] = theirs
                    continue
                found.notes[peer.name] = f"{peer.version}; {few} calls a round; {theirs.note}".rstrip("; ")
                found.fresh.setdefault(peer.name, []).append(theirs.fresh)
                if theirs.replay:
                    found.again.setdefault(peer.name, []).append(theirs.replay)
            yield found


def figures(found: Rounds, names: Iterable[str], count: int) -> list[Figure]:
    """Costs and the ratios of each round."""
    mine, raw = found.fresh[OURS], found.fresh[POST]
    about = f"{count:,} a round"
    shown = [
        Figure(name="CPU of a sample, ours", unit="ms", values=tuple(c.cpu_ms for c in mine), bar=1.6, better="less",
               note=about),
        Figure(name="CPU of the bare SDK call, post()", unit="ms", values=tuple(c.cpu_ms for c in raw), note=about),
        Figure(name="CPU of a sample, ours more than the bare post()", unit="ms", bar=0.5, better="less",
               values=tuple(a.cpu_ms - b.cpu_ms for a, b in zip(mine, raw, strict=True))),
        Figure(name="CPU of the SDK's typed create()", unit="ms",
               values=tuple(c.cpu_ms for c in found.fresh[CREATE])),
        Figure(name="requests a second, ours", unit="/s", values=tuple(c.per_s for c in mine)),
        Figure(name="requests a second, bare post()", unit="/s", values=tuple(c.per_s for c in raw)),
    ]  # fmt: skip
    for name in names:
        for what, costs, bars in (("requests", found.fresh, BARS), ("replays", found.again, REPLAY_BARS)):
            theirs = costs.get(name, [])
            ratios = tuple(a.per_s / b.per_s for a, b in zip(costs[OURS], theirs, strict=False))
            shown += [
                Figure(name=f"{what} a second, {name}", unit="/s", values=tuple(c.per_s for c in theirs),
                       note=found.notes.get(name, "")),
                Figure(name=f"{what} a second, ours / {name}", unit="×", values=ratios, bar=bars.get(name)),
            ]  # fmt: skip
        theirs = found.fresh.get(name, [])
        shown += [
            Figure(name=f"CPU of a sample, {name}", unit="ms", values=tuple(c.cpu_ms for c in theirs)),
            Figure(name=f"CPU of a sample, {name} / ours", unit="×",
                   values=tuple(b.cpu_ms / a.cpu_ms for a, b in zip(mine, theirs, strict=False))),
        ]  # fmt: skip
    return shown


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--peers", action="store_true", help="install and measure peers too (peers.py says where)")
    args = parser.parse_args()
    count, times = (500, 1) if args.quick else (2000, 3)
    names = list(CALLS) if args.peers else []
    with serving() as url:
        shown: list[Figure] = []
        for found in measure(url, count, times, names):
            shown = figures(found, names, count)
            write(shown, args.json)
        give(shown, args.json)


if __name__ == "__main__":
    main()
