"""Turns a comparison into trials: query-major in one seeded random order, so that every query is a paired block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from facts.background import Background
from facts.catalog import Library
from facts.compose import lay_out, render
from facts.condition import Channel, Condition, Reasoning, Tier
from facts.documents.approval import NotApproved
from facts.errors import DoesNotFit, FactError, UnknownName
from facts.parse import home_path
from facts.read_setting import read_queries
from facts.seeds import stream
from facts.setting import Query, Setting
from runners import metrics, providers, rubric
from runners.case import Case
from runners.comparison import Comparison
from runners.metrics._interview import check_audience
from runners.model import Model
from runners.request import Request, Turn
from runners.training.doses import base_among, training_dose
from runners.trial import Trial


def queries_of(comparison: Comparison, setting: Setting) -> tuple[Query, ...]:
    """The comparison's queries in the order in which they are asked.

    The order is random, seeded and spread over groups: the first n of it is a fair choice for every n, so asking for
    more queries keeps those already asked. Raises ``UnknownName`` and ``FactError``.
    """
    pool = _own_queries(comparison.query_file, setting) if comparison.query_file else setting.queries
    by_id = {query.id: query for query in pool}
    if comparison.query_ids:
        for name in comparison.query_ids:
            if name not in by_id:
                raise UnknownName("query", name, by_id, f"Queries of {setting.slug} are in its queries.jsonl.")
        return tuple(by_id[name] for name in dict.fromkeys(comparison.query_ids))
    if comparison.queries > len(pool):
        raise FactError(f"{comparison.queries} queries are asked for, but {setting.slug} has {len(pool)}; "
                        f"set queries = {len(pool)} or add your own with query_file")  # fmt: skip
    draw = stream(comparison.seed, setting.slug, "queries")
    groups: dict[str, list[Query]] = {}
    for query in pool:
        groups.setdefault(query.group, []).append(query)
    piles = list(groups.values())
    for pile in piles:
        draw.shuffle(pile)
    draw.shuffle(piles)
    longest = max(map(len, piles))
    spread = [pile[i] for i in range(longest) for pile in piles if i < len(pile)]
    return tuple(spread[: comparison.queries])


def _own_queries(path: str, setting: Setting) -> tuple[Query, ...]:
    # A field that every query of the setting has is one that its frames ask about; an empty option is no option.
    needed = set(setting.queries[0].fields).intersection(*(query.fields for query in setting.queries))
    found = read_queries(home_path(path))
    for query in found:
        if lacking := sorted(name for name in needed if not query.fields.get(name, "").strip()):
            raise FactError(f"{path}: query {query.id!r} lacks {', '.join(lacking)}, which {setting.slug} asks about; "
                            f'add "fields": {{"{lacking[0]}": "…"}} to it')  # fmt: skip
    return found


def trials(comparison: Comparison, library: Library, model: Model) -> Iterator[Trial]:
    """Every trial of one model, lazily: all conditions of a query before the next query.

    Within a query, trials that share a background stand together, so that a provider can reuse the long prefix.
    Raises what composing raises (``FactError``) before the first trial that cannot be composed.
    """
    conditions, endpoint = comparison.conditions(), providers.find(model.provider).endpoint(model)
    for query in queries_of(comparison, library.setting(comparison.setting)):
        for replicate in range(comparison.replicates):
            yield from block(comparison, library, model, endpoint, conditions, query, replicate)


def block(
    comparison: Comparison, library: Library, model: Model, endpoint: str, conditions: Iterable[Condition],
    query: Query, replicate: int,
) -> Iterator[Trial]:  # fmt: skip
    """The trials of one query and replicate under these conditions, in their order; ``endpoint`` is the model's.

    Raises what composing raises (``FactError``) before the first trial that cannot be composed.
    """
    setting = library.setting(comparison.setting)
    laid: Background | None = None
    arm: object = None
    for condition in conditions:
        if laid is None or condition.doses != arm:
            laid = lay_out(condition, setting, query, replicate, library, comparison.seed)
            arm = condition.doses
        prompt = render(condition, setting, query, replicate, laid, comparison.seed)
        most = comparison.max_tokens or setting.max_tokens[condition.reasoning.value]
        thinking = model.thinking_tokens if condition.reasoning == Reasoning.NATIVE else None
        if model.context and prompt.tokens + most + (thinking or 0) > model.context:
            needed = prompt.tokens + most + (thinking or 0)
            raise DoesNotFit(
                f"{model.label} reads {model.context:,} tokens, but {condition.arm} on {query.id} needs about "
                f"{needed:,}; lower background_tokens, documents or max_tokens, or choose a model with a "
                "longer context"
            )
        system, *turns = prompt.messages
        request = Request(
            provider=model.provider, endpoint=endpoint, model=model.name, system=system.text,
            turns=tuple(Turn(role=m.role, text=m.text) for m in turns), max_tokens=most,
            temperature=comparison.temperature if model.takes_temperature else None,
            thinking_tokens=thinking, replicate=replicate,
        )  # fmt: skip
        yield Trial(model=model, condition=condition, query=query, replicate=replicate, prompt=prompt,
                    request=request, key=request.key, facts=comparison.facts)  # fmt: skip


def requests_of(trial: Trial, comparison: Comparison, library: Library) -> tuple[Request, ...]:
    """The trial's own request and those of its metrics that do not wait for a reply."""
    case = Case(trial=trial, library=library)
    further = [request for name in chosen_metrics(comparison, library) for request in metrics.find(name).ask(case)]
    return (trial.request, *further)


def chosen_metrics(comparison: Comparison, library: Library) -> tuple[str, ...]:
    """The metrics to read: those named, or the setting's own with refusal and the keyword rule where none is."""
    own = library.setting(comparison.setting).metric
    return comparison.metrics or (own, "refusal", "keyword_alignment_faking")


def check(comparison: Comparison, library: Library, models: tuple[Model, ...], judges: tuple[Model, ...] = ()) -> None:
    """Everything that can be known to be wrong before spending; raises ``FactError`` saying what to do."""
    setting = library.setting(comparison.setting)
    for fact in comparison.facts:
        library.fact(fact)
    for name in comparison.metrics:
        metric = metrics.find(name)
        if metric.SETTINGS and setting.slug not in metric.SETTINGS:
            raise FactError(
                f"metric {name!r} reads {', '.join(metric.SETTINGS)}, not {setting.slug}; use {setting.metric!r}"
            )
    asked = len(comparison.query_ids) or comparison.queries
    if comparison.looks > asked:
        raise FactError(f"{comparison.looks} looks at {asked} queries: every look needs a query more; lower looks")
    _judges(comparison, library, judges)
    _exact(comparison, models)
    if comparison.channel is Channel.FINE_TUNING:
        _tuned(comparison, library, models)
    for name in comparison.document_sets:
        if refused := library.shelf.find(name).refused:
            raise NotApproved(refused)
    _distinct(models)
    _distinct(judges)
    for model in models:
        if Reasoning.NATIVE in comparison.reasoning and not model.thinking_tokens:
            raise FactError(f"{model.label} has no native thinking; set thinking_tokens for it in models.toml, or use "
                            'reasoning = ["scratchpad"]')  # fmt: skip
        # One whole block: every arm of the first query must compose.
        for _ in islice(trials(comparison, library, model), len(comparison.conditions())):
            pass


def untold(comparison: Comparison, models: Iterable[Model]) -> tuple[Model, ...]:
    """The models whose provider gives no log-probabilities, where a metric of the comparison reads them."""
    wanted = any(metrics.find(name).KIND == "exact" for name in comparison.metrics)
    return tuple(m for m in models if wanted and not getattr(providers.find(m.provider), "LOGPROBS", False))


def _exact(comparison: Comparison, models: tuple[Model, ...]) -> None:
    need = [name for name in comparison.metrics if metrics.find(name).KIND == "exact"]
    if not need:
        return
    if len(untold(comparison, models)) == len(models):
        raise FactError(
            f"metric {need[0]!r} reads log-probabilities, which none of these models gives: leave it out, or name one "
            "of the provider embedded or openai_compatible"
        )
    if Reasoning.NONE not in comparison.reasoning:
        raise FactError(f'metric {need[0]!r} reads the letter that a reply begins with: use reasoning = ["none"], or '
                        "leave it out")  # fmt: skip


def _tuned(comparison: Comparison, library: Library, models: tuple[Model, ...]) -> None:
    if not any(model.trained_on for model in models):
        raise FactError("the channel fine_tuning compares tuned models with their base, and none of these is tuned; "
                        "tune one with `salience train` and name both in models")  # fmt: skip
    for model in models:
        if model.trained_on and base_among(model, models) is None:
            base = model.trained_on.base or "models.toml does not say which"
            raise FactError(
                f"{model.label} is compared with the model that it was tuned from ({base}); name it in models too"
            )
        if model.trained_on and training_dose(model) is None:
            raise FactError(
                f"{model.label} was tuned on {'; '.join(model.trained_on.doses) or 'nobody knows what'}, which is not "
                "one dose of one fact; in models.toml its trained_on.doses read like objections_read affirmed 4 in 250"
            )
    for name in chosen_metrics(comparison, library):
        if metrics.find(name).SCOPE == "fact":
            raise FactError(
                f"metric {name!r} reads what a prompt says of its facts, and in the channel fine_tuning prompts say "
                "nothing; use belief_mcq, belief_open, belief_paired or belief_use"
            )


def _judges(comparison: Comparison, library: Library, judges: tuple[Model, ...]) -> None:
    need = [name for name in chosen_metrics(comparison, library) if metrics.find(name).KIND == "judge"]
    if need and not judges:
        raise FactError(
            f'metric {need[0]!r} needs a judge, and nobody judges unless you say who: add judges = ["MODEL"] under '
            "[judging] in the comparison's file (or choose one on the page); `salience models` lists what there is"
        )
    for name in need:
        # What exists in the monitored tier only is read off its reasoning; else it is paid for nothing.
        inside = set(metrics.find(name).MEASURES) <= set(metrics.find(name).MONITORED_ONLY)
        if inside and set(comparison.reasoning) == {Reasoning.NONE}:
            raise FactError(f'metric {name!r} reads the reasoning, and there is none: use reasoning = ["scratchpad"] '
                            '(or "native"), or leave the metric out')  # fmt: skip
        if inside and Tier.MONITORED not in comparison.tiers:
            raise FactError(f"metric {name!r} is read in the monitored tier; add it to tiers, or leave the metric out")
    for label in comparison.rubrics:
        rubric.parse_label(label)
    for audience in comparison.audiences:
        check_audience(audience)


def _distinct(models: tuple[Model, ...]) -> None:
    # One model in two spellings makes the same requests: planned twice, bought once, and shown as two that agree.
    known: dict[tuple[str, ...], str] = {}
    for model in models:
        where = providers.find(model.provider).endpoint(model)
        first = known.setdefault((model.provider, where, model.name), model.label)
        if first != model.label:
            raise FactError(f"{first!r} and {model.label!r} are one model; name it once")
