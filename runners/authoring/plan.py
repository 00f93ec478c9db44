"""What writing a set will take, before anything is spent: calls by stage, tokens, cost, and what is kept already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cache.store import Store
from facts.documents.authoring.brief import Brief
from facts.documents.authoring.draft import ask_critique, ask_document, ask_idea, ask_revise
from facts.documents.authoring.locate import Finder
from facts.documents.authoring.rules import rules
from facts.documents.authoring.stage import Question, stage
from facts.documents.authoring.walk import Job, walk
from facts.documents.authoring.world import BATCH, World, ask_context, ask_key_facts, ask_types
from facts.salience import Polarity
from facts.tokens import count_tokens
from runners import providers
from runners.authoring.session import has_room, recall
from runners.model import Model
from runners.sizes import TYPICAL_REPLY

_SAFETY = 1.2  # our count of tokens may be this far below a provider's own
_SHORT_REPLY = 0.35  # of what a reply may take
_SHOWN = 20  # briefs whose prompts are measured
_CONTEXT_WORDS, _FACTS, _IDEA_WORDS = 450, 8, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """Calls of one stage. ``once`` is without repeats, ``expected`` with the usual share of them, ``most`` the bound.

    All but ``kept`` are new calls; ``tokens_in`` and ``tokens_out_most`` are of one call.
    """

    stage: str
    kept: int
    once: int
    expected: int
    most: int
    tokens_in: int
    tokens_out_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoringPlan:
    """What one model will be asked. ``problem`` says what stands in the way of calling it."""

    model: Model
    stages: tuple[StagePlan, ...]
    problem: str | None
    simulated: bool

    def calls(self, which: str = "expected") -> int:
        """New calls: ``once``, ``expected`` or ``most``; or ``kept`` ones."""
        return sum(getattr(stage, which) for stage in self.stages)

    def tokens(self, which: str = "expected") -> tuple[int, int]:
        """Tokens of the new prompts, and the most their replies can take."""
        rows = [(getattr(stage, which), stage) for stage in self.stages]
        return sum(n * s.tokens_in for n, s in rows), sum(n * s.tokens_out_most for n, s in rows)

    def cost(self, which: str = "expected") -> float | None:
        """USD for the new calls, ``low``, ``expected`` or ``high``; None where the price is unknown."""
        into, out = self.model.usd_per_mtok_in, self.model.usd_per_mtok_out
        if into is None or out is None:
            return None
        calls = {"low": "once", "expected": "expected", "high": "most"}[which]
        prompts, replies = self.tokens(calls)
        slack = {"low": 1 / _SAFETY, "expected": 1.0, "high": _SAFETY}[which]
        share = {"low": _SHORT_REPLY, "expected": TYPICAL_REPLY, "high": 1.0}[which]
        return (prompts * slack * into + replies * share * out) / 1_000_000


def estimate_authoring(job: Job, model: Model, store: Store | None) -> AuthoringPlan:
    """The plan of a set that a model writes, against what is kept."""
    have = recall(lambda replies: walk(job, replies).wanted, model, store)
    done = not walk(job, have).wanted
    kept = Counter(question.stage for question in have)
    documents, places = job.count * len(job.plans), 2 * rules().attempts
    rows: list[StagePlan] = []
    for name, (questions, once, most) in _stages(job, documents, places).items():
        again = 1 + (rules().expected_again if once == documents else 0)
        rows.append(StagePlan(
            stage=name, kept=kept[name], once=_left(once, kept[name], done=done),
            expected=_left(round(once * again), kept[name], done=done), most=_left(most, kept[name], done=done),
            tokens_in=_mean(count_tokens(question.text) for question in questions),
            tokens_out_most=_mean(question.max_tokens for question in questions),
        ))  # fmt: skip
    return _plan(model, rows)


def estimate_questions(questions: Sequence[Question], model: Model, store: Store | None, name: str) -> AuthoringPlan:
    """The plan of questions that are all known beforehand: rewrites."""
    kept = len(recall(lambda _: questions, model, store))
    new = len(questions) - kept
    row = StagePlan(stage=name, kept=kept, once=new, expected=new, most=new,
                    tokens_in=_mean(count_tokens(question.text) for question in questions),
                    tokens_out_most=_mean(question.max_tokens for question in questions))  # fmt: skip
    return _plan(model, [row])


def estimate_presence(lengths: Sequence[int], documents: int, finder: Finder | None, model: Model) -> AuthoringPlan:
    """The plan of checking documents of these lengths (tokens), which do not exist yet, so none of it is kept."""
    asked = stage("presence")
    claim = finder.claim(Polarity.AFFIRMED) if finder else ""
    beside = count_tokens(asked.ask({"document": "", "claim": claim}).text)
    row = StagePlan(stage=asked.name, kept=0, once=documents, expected=documents, most=documents,
                    tokens_in=beside + _mean(lengths), tokens_out_most=asked.max_tokens)  # fmt: skip
    return _plan(model, [row])


def _plan(model: Model, rows: Sequence[StagePlan]) -> AuthoringPlan:
    provider = providers.find(model.provider)
    for row in rows:
        has_room(model, row.stage, row.tokens_in + row.tokens_out_most)
    problem = providers.problem(model)
    return AuthoringPlan(model=model, stages=tuple(rows), problem=problem, simulated=provider.SIMULATED)


def _left(total: int, kept: int, *, done: bool) -> int:
    return 0 if done else max(0, total - kept)


def _mean(numbers: Iterable[int]) -> int:
    rows = list(numbers)
    return round(sum(rows) / len(rows)) if rows else 0


def _words(number: int) -> str:
    return " ".join(["word"] * number)


def _stages(job: Job, documents: int, places: int) -> dict[str, tuple[list[Question], int, int]]:
    """Stand-in questions of each stage, how often it is asked without repeats, and at most."""
    tries = rules().world_attempts
    claims = {polarity: job.sieve.finder.claim(polarity) for polarity in job.polarities}
    facts = tuple(_words(14) for _ in range(_FACTS))
    batches = [genres[n : n + BATCH] for polarity in claims if (genres := job.genres(polarity))
               for n in range(0, len(genres), BATCH)]  # fmt: skip
    free = [polarity for polarity in claims if polarity not in job.given]
    listed = [polarity for polarity in claims if not (job.given.get(polarity) and job.given[polarity].key_facts)]
    briefs = list(_shown(job))
    worlds = {p: World(polarity=p, claim=claims[p], context="", key_facts=facts, types={}) for p in claims}
    asked = [(brief, worlds.get(brief.dose.polarity) if brief.dose else None) for brief in briefs]
    found = {
        "context": ([ask_context(claims[p], 0) for p in free], len(free), len(free) * tries),
        "key_facts": ([ask_key_facts(claims[p], _context(job, p), 0) for p in listed], len(listed),
                      len(listed) * tries),
        "types": ([ask_types(next(iter(claims.values())), facts, batch, 0) for batch in batches], len(batches),
                  len(batches) * tries),
        "idea": ([ask_idea(b, w, 0) for b, w in asked], documents, documents * places),
        "document": ([ask_document(b, w, _words(_IDEA_WORDS), 0) for b, w in asked], documents, documents * places),
    }  # fmt: skip
    if job.revise:
        notes = (_words(12),) * 3
        found["critique"] = ([ask_critique(b, w, _words(b.tokens), 0) for b, w in asked], documents, documents * places)
        found["revise"] = ([ask_revise(b, w, _words(b.tokens), notes, 0) for b, w in asked], documents,
                           documents * places)  # fmt: skip
    return found


def _context(job: Job, polarity: Polarity) -> str:
    given = job.given.get(polarity)
    return given.context if given else _words(_CONTEXT_WORDS)


def _shown(job: Job) -> Iterator[Brief]:
    for arm in job.briefs:
        yield from (first for first, _ in arm[:_SHOWN])
