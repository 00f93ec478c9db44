"""Says in words what writing a set will take, the first document with its spans marked, and what became of the set."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from dashboard.plan_text import usd
from dashboard.terminal_text import printable, quoted
from facts.documents.authoring.assemble import Account
from facts.documents.authoring.heard import Drop
from facts.documents.authoring.presence import expected
from facts.documents.authoring.rules import rules
from facts.documents.document import Document
from facts.documents.document_set import DocumentSet
from runners.authoring.plan import AuthoringPlan
from runners.authoring.session import Session


def plan_lines(plan: AuthoringPlan) -> list[str]:
    """The plan for a terminal."""
    mark = " (SIMULATED)" if plan.simulated else ""
    into, out = plan.tokens()
    costs = [plan.cost(which) for which in ("low", "expected", "high")]
    cost = "unknown" if None in costs else " – ".join(map(usd, costs)) if costs[2] else "$0"
    kept, total = plan.calls("kept"), plan.calls("kept") + plan.calls("expected")
    head = (
        f"{plan.model.label}{mark}: about {plan.calls('expected'):,} new calls, at most {plan.calls('most'):,}; "
        f"{kept:,} already kept ({kept / total if total else 0:.0%}); about {into:,} tokens in, at most {out:,} out; "
        f"cost {cost}"
    )
    return [
        head,
        f"  {'stage':10} {'kept':>6} {'about':>7} {'at most':>8} {'tokens in':>10} {'out at most':>12}  (a call)",
        *(f"  {s.stage:10} {s.kept:6,} {s.expected:7,} {s.most:8,} {s.tokens_in:10,} {s.tokens_out_most:12,}"
          for s in plan.stages),
        *([f"  cannot call {plan.model.label}: {plan.problem}"] if plan.problem else []),
    ]  # fmt: skip


def plan_json(plan: AuthoringPlan) -> dict[str, object]:
    """The plan for a script."""
    into, out = plan.tokens()
    return {
        "model": plan.model.label, "simulated": plan.simulated, "problem": plan.problem,
        "calls": {which: plan.calls(which) for which in ("kept", "once", "expected", "most")},
        "tokens_in": into, "tokens_out_most": out,
        "cost_usd": {which: plan.cost(which) for which in ("low", "expected", "high")},
        "stages": [{"stage": s.stage, "kept": s.kept, "once": s.once, "expected": s.expected, "most": s.most,
                    "tokens_in": s.tokens_in, "tokens_out_most": s.tokens_out_most} for s in plan.stages],
    }  # fmt: skip


def marked(document: Document) -> str:
    """The document behind a gutter, its fact sentences in brackets that say what each does."""
    text, at = "", 0
    for place in document.placed:
        piece = place.piece
        text += f"{document.text[at : place.start]}⟦{piece.polarity} {piece.part}: {piece.text}⟧"
        at = place.end
    return quoted(text + document.text[at:])


def about(document: Document) -> str:
    """One line on a document."""
    doses = " + ".join(map(str, document.doses)) or "no fact"
    said = len(document.placed)
    return (f"{document.genre.replace('_', ' ')} by {document.author}, {document.date}; {doses}; "
            f"{document.n_tokens} tokens, {said} fact sentence{'s' if said != 1 else ''}")  # fmt: skip


def drop_lines(drops: Iterable[Drop], most: int = 5) -> list[str]:
    """Why replies were dropped, the last few."""
    return [f"  dropped at {d.stage}: {rules().say[d.reason]}{_shown(d.detail)}" for d in list(drops)[-most:]]


def _shown(detail: str) -> str:
    return f" ({printable(' '.join(detail.split()))[:160]})" if detail else ""


def set_lines(whole: DocumentSet, said: Account) -> list[str]:
    """What became of a set: asked, made, dropped by reason."""
    arm = ", ".join(sorted({str(one.dose) for one in whole.plan.carried})) or "neutral"
    mark = " (SIMULATED)" if said.simulated else ""
    lines = [f"{whole.set_id}  {whole.generator} by {said.model}{mark}  {arm}: asked {said.asked}, made {said.made}"
             + (f", missing {len(said.missing)}" if said.missing else "")]  # fmt: skip
    if said.revised is not None:
        lines.append(f"  revisions kept: {said.revised} of {said.made}")
    if said.groups is not None and said.kept is not None:
        share = f" ({1 - said.kept / said.groups:.0%} fell back)" if said.groups else ""
        lines.append(f"  filler rewritten: {said.kept} of {said.groups} groups{share}")
    names = {reason.value: text for reason, text in rules().say.items()}
    lines += [f"  dropped at {where}: {count} × {names[why]}" for (where, why), count in said.drops.items()]
    if said.verifier:
        by_id = {document.doc_id: document for document in whole.documents}
        scored = [(v.presence, expected(by_id[name])) for name, v in said.verdicts.items() if v.presence]
        agree = sum(one is other for one, other in scored)
        lines.append(f"  presence by {said.verifier}: {agree} of {len(scored)} as they should be, "
                     f"{len(said.verdicts) - len(scored)} unscored")  # fmt: skip
    return lines


class Ticker:
    """Progress on stderr: one line that is rewritten on a terminal, a line every few seconds elsewhere."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.last = 0.0 if self.live else time.monotonic()

    def show(self, session: Session) -> None:
        """How far a session is."""
        now = time.monotonic()
        if now - self.last < (0.2 if self.live else 10.0):
            return
        self.last = now
        new, kept, failed = sum(session.bought.values()), sum(session.kept_before.values()), len(session.failures)
        unknown = session.budget.unknown_cost or session.model.usd_per_mtok_out is None
        spent = "cost unknown" if unknown else f"{usd(session.budget.spent_usd)} spent"
        line = f"{session.model.label}: {new:,} replies bought, {kept:,} kept before, {failed:,} failed · {spent}"
        print(f"\r\x1b[2K{line}" if self.live else line, end="" if self.live else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """The line is done with."""
        if self.live:
            print(file=sys.stderr)
