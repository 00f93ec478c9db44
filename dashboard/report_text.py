"""The report for a terminal: what is kept, every rate, and what the tests allow to be said."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.charts.words import amount, amounts
from dashboard.figures import strongest
from dashboard.methods import doubt_lines
from dashboard.points import GAP
from dashboard.results import Results
from dashboard.tables import Tables


def report_lines(results: Results, found: Sequence[Tables]) -> list[str]:
    """Lines of at most a few words a column, doubts first."""
    lines = [f"{results.comparison.name}: {results.kept:,} of {results.planned:,} samples kept", *doubt_lines(results)]
    if results.judge:
        lines.append(f"verdicts by {results.judge.label}{' (SIMULATED)' if results.judge_simulated else ''}")
    if not results.kept:
        return [*lines, f"nothing to report yet; run it with `salience run {results.comparison.name}`"]
    for table in found:
        mark = "SIMULATED · " if results.simulated else ""
        lines += ["", f"{mark}{table.title}"]
        modes = len({p.reasoning for p in table.rates}) > 1
        names = {p: f"{p.arm} · {p.reasoning}" if modes else p.arm for p in (*table.rates, *table.gaps)}
        width = max(map(len, names.values()), default=0)
        lines += [
            f"  {p.model}  {names[p]:{width}}  {p.quantity:11}  {amount(p.value, gap=p.quantity == GAP):>12}  "
            f"95 % {amounts(p.low, p.high, gap=p.quantity == GAP):22}  n {p.n:,}, unscored {p.unscored:,}, "
            f"failed or missing {p.failed:,}"
            for p in (*table.rates, *table.gaps)
        ]
        sure = strongest(table.every)
        lines += [f"  {point.takeaway}" for point in sure[:10]]
        if not sure and table.effects:
            waiting = results.interim and not table.look
            doubt = "interim, not a test" if waiting else "no effect shown, which does not show that there is none"
            lines.append(f"  {doubt}; {len(table.every):,} were looked at")
        lines.append(f"  {table.caption}")
    return lines
