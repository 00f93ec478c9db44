"""What a table of one arm rests on, and nothing else: the name is a hash of it, and only it is there to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from dashboard.fingerprint import Unsure, code, fingerprint
from facts.catalog import Library
from facts.condition import Condition
from facts.documents.shelf import Pool, Shelf
from facts.errors import FactError, UnknownName
from facts.setting import Query
from runners import metrics, providers
from runners.comparison import Comparison
from runners.judging import NOBODY, Judging
from runners.model import Model
from runners.planning import chosen_metrics, queries_of

# Fields of a comparison that say which cells there are, who is asked, or what is read, but not what a cell's prompt is.
_APART = Comparison(name="cells", setting="none", models=("none",), facts=("none",))
_CELLS = (
    "name", "note", "models", "design", "levels", "polarities", "carriers", "positions", "orders", "tiers", "reasoning",
    "queries", "query_ids", "query_file", "replicates", "looks", "max_calls", "max_usd", "concurrency",
    "via", "metrics", "judges", "votes", "threshold", "rubrics", "audiences", "interview", "interview_replicates",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _HeldShelf(Shelf):
    pools: tuple[Pool, ...] = ()

    def find(self, set_id: str) -> Pool:
        """One of the sets that the name speaks of."""
        for pool in self.pools:
            if pool.set_id == set_id:
                return pool
        raise UnknownName("document set", set_id, [pool.set_id for pool in self.pools])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The parts of a comparison, a library, a model and a judging that decide prompts and scores.

    Prompts are composed and scores are read with these and without the rest, so that they cannot depend on anything
    that is not in the names. ``plans`` and ``scores`` are names of tables, one a condition; ``query_names`` are hashes.
    """

    comparison: Comparison
    library: Library
    model: Model
    endpoint: str
    judging: Judging
    conditions: tuple[Condition, ...]
    queries: tuple[Query, ...]
    query_names: tuple[str, ...]
    plans: tuple[str, ...]
    scores: tuple[str, ...]


def ground(comparison: Comparison, library: Library, model: Model, judging: Judging) -> Ground:
    """What the tables of one model rest on. Raises ``Unsure`` where that cannot be told."""
    source = code()
    try:
        names = chosen_metrics(comparison, library)
        setting, queries = (
            library.setting(comparison.setting),
            queries_of(comparison, library.setting(comparison.setting)),
        )
        pools = tuple(library.shelf.find(name) for name in sorted(comparison.document_sets))
        own = Library(
            facts={slug: library.fact(slug) for slug in comparison.facts}, settings={setting.slug: setting},
            shelf=_HeldShelf(None, pools),
        )  # fmt: skip
        judges = any(metrics.find(name).KIND == "judge" for name in names)
        endpoint = providers.find(model.provider).endpoint(model)
    except FactError as error:  # whoever goes on without tables meets it again
        raise Unsure(str(error)) from error
    changes = {name: getattr(_APART, name) for name in _CELLS}
    narrow = replace(comparison, **{**changes, "metrics": names})
    bare = _bare(model)
    using = replace(judging, judge=_bare(judging.judge) if judging.judge else None) if judges else NOBODY
    prompts = fingerprint(source, replace(narrow, metrics=()), own.facts, own.settings, bare, endpoint,
                          tuple(map(_pool, pools)))  # fmt: skip
    conditions = comparison.conditions()
    plans = tuple(fingerprint("plan", prompts, condition) for condition in conditions)
    return Ground(
        comparison=narrow, library=own, model=bare, endpoint=endpoint, judging=using, conditions=conditions,
        queries=queries, query_names=tuple(map(fingerprint, queries)), plans=plans,
        scores=tuple(fingerprint("scores", plan, names, using) for plan in plans),
    )  # fmt: skip


def _bare(model: Model) -> Model:
    prices: Mapping[str, None] = {
        "usd_per_mtok_in": None, "usd_per_mtok_out": None, "usd_per_mtok_cache_read": None,
        "usd_per_mtok_cache_write": None,
    }  # fmt: skip
    return replace(model, note="", opened="", **prices)


@lru_cache(maxsize=32)
def _pool(pool: Pool) -> str:  # read once a change of its folder, and as large as its documents
    return fingerprint(pool)
