"""How long 16,000 documents and all their gates take, in how much memory; with --write, what gates measure.

Run: ``python benchmarks/document_gates.py``. The bar is 16,000 documents of 300 tokens written and checked within 300
seconds and 1,000 MB. ``--write`` measures good and spoiled sets too (a few minutes) and fills the tables of
docs/document-quality.md.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # run as a file, this folder is on the path and not the one above

from benchmarks.document_quality import measure, page  # noqa: E402
from facts.catalog import shipped  # noqa: E402
from facts.documents.approval import check  # noqa: E402
from facts.documents.document_set import build_set  # noqa: E402
from facts.documents.formats.set_folder import write_set  # noqa: E402
from facts.documents.set_plan import Carried, SetPlan, TopUp  # noqa: E402
from facts.salience import Dose, Salience  # noqa: E402

PAGE = ROOT / "docs" / "document-quality.md"
COUNT, SECONDS, MEGABYTES = 16_000, 300, 1000
# How many sets of each size: fewer of the larger ones, whose figures vary less.
SETS = {60: 24, 100: 48, 400: 9, 1000: 3}
GIVEAWAYS = {100: 4, 400: 4}
SHARES = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)


def once(count: int) -> dict[str, object]:
    """Writes and checks one set in this process: seconds of each step, peak MB, statuses and numbers."""
    plan = SetPlan(count=count, seed="bench", top_up=TopUp.PLACEBO, carried=(
        Carried(dose=Dose(fact="objections_read", level=Salience.REPEATED), carriers=count // 4),
    ))  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        start = time.perf_counter()
        folder = write_set(build_set(plan, shipped()), Path(scratch))
        written = time.perf_counter()
        found = check(folder, shipped())
        done = time.perf_counter()
    return {
        "count": count, "write_s": written - start, "check_s": done - written,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,  # Linux counts kilobytes
        "gates": {name: finding.status.value for name, finding in found.found},
        "numbers": {name: dict(finding.numbers) for name, finding in found.found},
    }  # fmt: skip


def measured(count: int) -> dict[str, object]:
    """The same in a process of its own, so that the peak is of this alone."""
    done = subprocess.run([sys.executable, __file__, "--once", str(count)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _speed_table(row: dict[str, object]) -> str:
    rows = [("written", f"{row['write_s']:.0f} s", ""), ("all gates", f"{row['check_s']:.0f} s", ""),
            ("together", f"{row['write_s'] + row['check_s']:.0f} s", f"{SECONDS} s"),
            ("peak memory", f"{row['peak_mb']:.0f} MB", f"{MEGABYTES:,} MB")]  # fmt: skip
    return page.table((f"{row['count']:,} documents", "measured", "bar"), rows)


def _large_table(row: dict[str, object]) -> str:
    found = row["numbers"]["diversity"]
    return page.table(("figure", "value"), [(name, _shown(value)) for name, value in found.items()])


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value > 100 else f"{value:.3f}"


def write(row: dict[str, object]) -> None:
    """Measures sets and fills the page."""
    good = measure.good(SETS)
    tables = {
        "thresholds": page.thresholds_table(), "speed": _speed_table(row), "large": _large_table(row),
        "statuses": page.statuses(good),
        "fingerprint": page.spread(good["fingerprint"], ("auc_twin", "reach_of_chance_twin", "auc_neutral",
                                                         "reach_of_chance_neutral")),
        "giveaways": page.planted(measure.giveaways(GIVEAWAYS, SHARES)),
        "diversity": page.spread(good["diversity"], ("gzip", "gzip_whole", "jaccard", "jaccard_whole", "nearest_p95",
                                                     "nearest_p95_whole", "distinct_2", "name_share")),
        "repetitive": page.bad(measure.repetitive(300), ("gzip", "jaccard", "nearest_p95", "close", "distinct_2",
                                                         "name_share")),
        "parity": page.spread(good["parity"], ("mean_length_twin", "genre_twin", "date_twin", "tone_twin",
                                               "tone_neutral", "tone_whole_twin")),
        "unequal": page.bad(measure.unequal(300), ("mean_length_twin", "genre_twin", "date_twin", "tone_twin")),
        "leaks": page.bad(measure.leaking(100)),
        "airtime": page.airtime(measure.banks()),
    }  # fmt: skip
    PAGE.write_text(page.fill(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--write", action="store_true", help="measure sets and fill docs/document-quality.md")
    parser.add_argument("--once", type=int, metavar="K", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        print(json.dumps(once(args.once)))
        sys.exit()
    found = measured(COUNT)
    total = found["write_s"] + found["check_s"]
    print(f"{COUNT:,} documents: {found['write_s']:.0f} s to write, {found['check_s']:.0f} s for all gates, "
          f"{found['peak_mb']:.0f} MB at most; {found['gates']}")  # fmt: skip
    assert total < SECONDS, f"{total:.0f} s, the bar is {SECONDS}"
    assert found["peak_mb"] < MEGABYTES, f"{found['peak_mb']:.0f} MB, the bar is {MEGABYTES}"
    if args.write:
        write(found)
        print(f"wrote {PAGE}")
