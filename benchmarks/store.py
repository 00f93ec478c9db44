"""What the store costs: replay, charts' inputs, writing, opening, bytes on disk, planning a million, stalls.

    python benchmarks/store.py [--quick] [--json PATH] [--rows N]

Samples are of 12 KB prompts and 300-token replies, all different; the stores of up to --rows rows (1,000,000) that are
only opened and asked for keys hold small ones, and are written past the store to be there soon. Charts' tables are not
trusted when the source changes while this runs: they are then made anew, and the figure says that. CPU is what holds
on a busy machine; times of the clock are of that machine at that moment.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.big_workspace import big_comparison, big_workspace
from benchmarks.figures import Figure, give, options, write
from cache.store import Store
from dashboard.cell_table import forget_tables
from dashboard.launch import models_of
from dashboard.results import load_results
from dashboard.workspace import Workspace
from facts.catalog import load
from facts.condition import Channel
from facts.filler import sentences
from runners.estimate import estimate
from runners.keep import kept, to_record
from runners.request import Request, Turn
from runners.sample import Sample, Stop, Usage
from runners.size_file import remembered
from runners.sizes import Size, sizes

ROWS, COUNT, ROUNDS = 1_000_000, 10_000, 5
NAME = "0" * 64


def requests(count: int) -> list[Request]:
    """Requests of 12 KB, no two alike from their beginning on."""
    draw, filler = random.Random(0), sentences()
    found: list[Request] = []
    for number in range(count):
        words = " ".join(draw.choices(filler, k=130))[:11_700]
        turns = (Turn(role="user", text=words[:300]),)
        found.append(Request(provider="p", endpoint="https://localhost", model="m", system=f"{number} {words}",
                             turns=turns, max_tokens=512, replicate=number))  # fmt: skip
    return found


def cpu_of(do: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    do()
    return time.process_time() - cpu, time.perf_counter() - wall


async def _writing(store: Store, rows: list[tuple[str, bytes]]) -> tuple[float, float]:
    """The longest stall of a loop that wakes every millisecond, in ms: without writing, and while rows are written."""
    longest = [0.0, 0.0]
    futures = []
    for phase in (0, 1):
        ends = time.perf_counter() + 0.5
        if phase:
            futures = [store.add(key, value) for key, value in rows[:100]]
        waiting = iter(rows[100:])
        while time.perf_counter() < ends or (phase and not futures[-1].done()):
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest[phase] = max(longest[phase], (time.perf_counter() - before - 0.001) * 1000)
            if phase:  # as replies come in: some at a time
                futures += [store.add(key, value) for key, value in islice(waiting, 100)]
    for one in futures:
        one.result()
    return longest[0], longest[1]


def samples(folder: Path, count: int, rounds: int) -> list[Figure]:
    """Writing, replaying and bytes, on one store of full-size samples."""
    asked = requests(count)
    said = Sample(text=" ".join(sentences()[:24])[:1500], stop=Stop.END, model="m-1", latency_s=1.5, request_id="r",
                  usage=Usage(input_tokens=2900, output_tokens=300), received_at="2026-01-01T00:00:00Z")  # fmt: skip
    rows = [(request.key, to_record(request, said)) for request in asked]
    writes: list[float] = []
    write_costs: list[float] = []
    for number in range(rounds):
        with Store(folder / f"w{number}") as store:
            cpu, wall = cpu_of(lambda store=store: [one.result() for one in [store.add(*row) for row in rows]])
        write_costs.append(cpu / count * 1e6)
        writes.append(count / wall)
    with Store(folder / "loop") as store:
        idle, stall = asyncio.run(_writing(store, rows))
    bytes_on_disk = (folder / "w0" / "cache.db").stat().st_size / sum(len(value) for _, value in rows)
    rates: list[float] = []
    costs: list[float] = []
    with Store(folder / "w0") as store:
        for _ in range(rounds + 1):
            cpu, wall = cpu_of(lambda: kept(store, [request.key for request in asked]))
            rates.append(count / wall)
            costs.append(cpu / count * 1e6)
    note = f"{count:,} samples, keys hashed, looked up, parsed"
    return [
        Figure(name="replay", unit="/s", values=tuple(rates[1:]), bar=25_000, note=f"{note}; loaded: 12,000"),
        Figure(name="CPU of a replay", unit="µs", values=tuple(costs[1:]), bar=25, better="less", note=note),
        Figure(name="writes", unit="/s", values=tuple(writes), bar=10_000, note="committed in groups"),
        Figure(name="CPU of a write", unit="µs", values=tuple(write_costs)),
        Figure(name="longest stall of the event loop while writing", unit="ms", values=(stall,), bar=20,
               better="less", note=f"without writing, at the same time: {idle:.1f} ms"),
        Figure(name="bytes on disk ÷ bytes of JSON", values=(bytes_on_disk,), bar=1.3, better="less"),
    ]  # fmt: skip


def key_of(number: int) -> str:
    return "v1:" + hashlib.sha256(str(number).encode()).hexdigest()


def fill(folder: Path, begin: int, end: int) -> None:
    """Rows as the store writes them, past it and in one transaction."""
    Store(folder).close()
    value = b'{"request":{"provider":"p"},"sample":{"text":"x","stop":"end","model":"m"}}'
    with closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO Cache (key, raw, store_time, access_time, access_count, size, mode, value) "
            "VALUES (?, 1, 0, 0, 0, ?, 1, ?)",
            ((key_of(number), len(value), value) for number in range(begin, end)),
        )
        connection.execute("COMMIT")


def opened(folder: Path, rounds: int) -> tuple[float, ...]:
    """Milliseconds of the clock that opening takes."""
    found: list[float] = []
    for _ in range(rounds):
        before = time.perf_counter()
        store = Store(folder)
        found.append((time.perf_counter() - before) * 1000)
        store.close()
    return tuple(found)


def opening(folder: Path, most: int, rounds: int) -> list[Figure]:
    """Opening at 10⁴, 10⁵, … rows, and while another connection holds the lock of a writer."""
    figures: list[Figure] = []
    begin = 0
    for count in sorted({*(size for size in (10_000, 100_000) if size < most), most}):
        fill(folder, begin, count)
        begin = count
        figures.append(Figure(name=f"opening a store of {count:,} rows", unit="ms", values=opened(folder, rounds * 3),
                              bar=10, better="less"))  # fmt: skip
    with closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE Settings SET value = value WHERE key = 'count'")
        values = opened(folder, rounds * 3)
        writer.execute("ROLLBACK")
    return [*figures, Figure(name="opening it behind a writer", unit="ms", values=values, bar=10, better="less")]


def after_a_kill(folder: Path, rounds: int) -> Figure:
    """Opening when a killed run left as long a log as SQLite lets it grow: every frame of it is summed first."""
    values: list[float] = []
    with Store(folder / "live") as store, closing(sqlite3.connect(folder / "live" / "cache.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM Cache").fetchall()  # whoever reads keeps the log from being folded in
        for number in range(150):
            store.add(key_of(number), random.Random(number).randbytes(12_000)).result()
        for number in range(rounds * 3):
            shutil.copytree(folder / "live", folder / f"{number}", ignore=shutil.ignore_patterns("*-shm"))
        reader.rollback()
    size = (folder / "0" / "cache.db-wal").stat().st_size / 1e6
    for number in range(rounds * 3):
        values += opened(folder / f"{number}", 1)
    return Figure(name="opening after a kill", unit="ms", values=tuple(values[1:]), bar=10, better="less",
                  note=f"a log of {size:.1f} MB, checked and read in")  # fmt: skip


def _given(count: int) -> Iterator[Size]:
    return (Size("organism/paper_like", key_of(number), 900, 512) for number in range(count))


def planned(folder: Path, count: int) -> None:
    """In a process of its own: a plan of so many requests whose keys are on disk; prints CPU seconds and peak MB."""
    comparison = big_comparison(count)
    workspace = Workspace(root=folder)
    models = models_of(comparison, workspace)
    library = load(workspace.facts, workspace.documents)
    most = 0.0

    def watched() -> Iterator[Size]:
        nonlocal most
        for number, size in enumerate(remembered(folder / "sizes.bin", NAME, models[0].label, iter(()))):
            if number % 50_000 == 0:
                status = Path("/proc/self/status").read_text(encoding="utf-8")
                most = max(most, int(status.partition("RssAnon:")[2].split()[0]) / 1024)
            yield size

    with Store(folder / "rows") as store:
        cpu = time.process_time()
        plan = estimate(comparison, library, models, store, {models[0].label: watched()})
        print(time.process_time() - cpu, most, plan.calls, plan.kept)


def planning(folder: Path, most: int, few: int) -> list[Figure]:
    """A plan against as many rows: keys given, and what composing adds the first time."""
    for _ in remembered(folder / "sizes.bin", NAME, "", _given(most)):
        pass
    code = f"import pathlib; from benchmarks.store import planned; planned(pathlib.Path({str(folder)!r}), {most})"
    words = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=True,
                           capture_output=True, text=True).stdout.split()  # fmt: skip
    assert words[2:] == [str(most), str(most)], words
    figures = [
        Figure(name=f"planning {most:,} requests again", unit="s CPU", values=(float(words[0]),), bar=15,
               better="less", note=f"against a store of {most:,}; sizes and keys remembered"),
        Figure(name="memory of that plan, files not counted", unit="MB", values=(float(words[1]),), bar=300,
               better="less"),
    ]  # fmt: skip
    workspace = Workspace(root=folder)
    library = load(workspace.facts, workspace.documents)
    for channel in (Channel.SYSTEM_PROMPT, Channel.DOCUMENTS):
        comparison = replace(big_comparison(few), channel=channel)
        (model,) = models_of(comparison, workspace)
        cpu = cpu_of(lambda comparison=comparison, model=model: list(sizes(comparison, library, model)))[0]
        figures.append(Figure(name=f"composing and sizing a request the first time, {channel.value}", unit="µs",
                              values=(cpu / few * 1e6,), note="CPU; a million take this many seconds"))  # fmt: skip
    return figures


def inputs(folder: Path, count: int, rounds: int) -> list[Figure]:
    """What charts need of kept samples, from derived tables on disk."""
    comparison, workspace = big_workspace(folder, count), Workspace(root=folder)
    library = load(workspace.facts, workspace.documents)
    with Store(workspace.store) as store:
        load_results(comparison, library, workspace, store)
        values: list[float] = []
        for _ in range(rounds):
            forget_tables()
            values.append(count / cpu_of(lambda: load_results(comparison, library, workspace, store))[0])
    return [Figure(name="outcome inputs of charts", unit="/s of CPU", values=tuple(values), bar=150_000,
                   note=f"{count:,} samples, from tables on disk, nothing composed")]  # fmt: skip


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, metavar="N", help="rows of the largest store")
    args = parser.parse_args()
    most, count, rounds = (20_000, 1_000, 2) if args.quick else (args.rows, COUNT, ROUNDS)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "full").mkdir()
        for part in (
            lambda: samples(folder / "full", count, rounds),
            lambda: opening(folder / "rows", most, rounds),
            lambda: [after_a_kill(folder / "killed", rounds)],
            lambda: planning(folder, most, 500 if args.quick else 5_000),
            lambda: inputs(folder / "charts", 2_000 if args.quick else 20_000, rounds),
        ):
            figures += part()
            write(figures, args.json)
    give(figures, args.json)


if __name__ == "__main__":
    main()
