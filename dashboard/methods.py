"""Writes the methods paragraphs of a comparison: what was varied, asked, read and tested, ready for a paper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from dashboard.measured import measure_words
from dashboard.points import BOTH, GAP
from dashboard.provenance import resolved
from dashboard.results import Results
from dashboard.tables import Tables
from dashboard.training_doses import tunings
from facts.catalog import Library, shipped
from facts.condition import Channel, Indicator
from facts.parse import Strict, parse_toml, read_text
from facts.salience import Polarity
from runners import metrics, rubric
from runners.batches import offered
from runners.judging import judging_of
from runners.metrics._interview import audiences

_FILE = Path(__file__).with_suffix(".toml")


class _Readme(Strict):
    text: str


class _Sentences(Strict):
    simulated: str
    simulated_judge: str
    doubted: str
    opened: str
    interim: str
    setting: str
    facts: str
    placebo: str
    wordings: str
    channel: str
    breadth: str
    sets: str
    trained: str
    tuned: str
    size: str
    models: str
    batched: str
    measure: str
    judge: str
    interview: str
    looks: str
    indicator: str
    missing: str
    rate_interval: str
    contrast_interval: str
    test: str
    families: str
    no_test: str
    citations: dict[str, str]
    channels: dict[str, str]
    readme: _Readme


@lru_cache(maxsize=1)
def _sentences() -> _Sentences:
    return parse_toml(_FILE, read_text(_FILE), _Sentences)


def doubt_lines(results: Results) -> list[str]:
    """What must be said first wherever these results go: that they are SIMULATED, that they are interim."""
    say = _sentences()
    labels = ", ".join(m.model.label for m in results.models if m.simulated)
    lines = [say.simulated.format(labels=labels)] if labels else []
    if results.judge_simulated and results.judge:
        lines.append(say.simulated_judge.format(judge=results.judge.label))
    doubted = [f"{name} ({standing})" for name, standing, doubt in results.sets if doubt]
    if doubted:
        lines.append(say.doubted.format(sets="; ".join(doubted)))
    lines += [say.opened.format(line=one.line) for one in results.came]
    if results.interim:
        lines.append(say.interim.format(kept=f"{results.kept:,}", planned=f"{results.planned:,}"))
    return lines


def methods_paragraphs(results: Results, found: Sequence[Tables], library: Library) -> list[str]:
    """The paragraphs: doubts, design, then reading and statistics of each measure in ``found``."""
    say, c = _sentences(), results.comparison
    paragraphs = [*doubt_lines(results), " ".join((_situation(results, library), _doses(results, found, library))),
                  _size(results, library)]  # fmt: skip
    paragraphs += [_measure(results, table) for table in found]
    paragraphs.append(_judging(results, found))
    paragraphs.append(f"{say.rate_interval} {say.contrast_interval if len(c.tiers) > 1 or found else ''}".strip())
    return [part for part in (*paragraphs, _test(results, found)) if part]


def methods_md(results: Results, found: Sequence[Tables], library: Library) -> str:
    """The paragraphs as a Markdown file."""
    title = f"# Methods of {results.comparison.name}"
    return "\n\n".join([title, *methods_paragraphs(results, found, library)]) + "\n"


def readme_txt(results: Results) -> str:
    """The file that explains an export's folder."""
    doubt = "".join(f"{line}\n" for line in doubt_lines(results))
    return _sentences().readme.text.lstrip().format(name=results.comparison.name, doubt=doubt)


def _situation(results: Results, library: Library) -> str:
    c = results.comparison
    setting = library.setting(c.setting)
    names = setting.labels.get(c.labels, {})
    tagged = c.indicator.value.removeprefix("only_")
    note = "" if c.indicator is Indicator.ALWAYS else f" {_sentences().indicator.format(tier=tagged)}"
    said = _sentences().setting.format(
        title=setting.title, slug=setting.slug, variant=c.variant, reasoning=_listed(c.reasoning),
        source=setting.source, tiers=_listed(c.tiers), label_set=c.labels,
        labels=_listed([f"“{names[tier]}”" for tier in c.tiers if tier in names]),
    )  # fmt: skip
    return said + note


def _doses(results: Results, found: Sequence[Tables], library: Library) -> str:
    say, c = _sentences(), results.comparison
    facts = [library.fact(name) for name in sorted(set(c.facts))]
    claims = "; ".join(f"{fact.title} (“{fact.claim}”)" for fact in facts)
    if c.channel is Channel.FINE_TUNING:
        return say.trained.format(tokens=results.conditions[0].background_tokens, facts=claims)
    banks = [bank for fact in facts for p in c.polarities for bank in fact.banks.get(p, {}).values()]
    airtime = [p.airtime for table in found for p in table.rates if p.fact] or [0.0]
    parts = [
        say.facts.format(
            count="1 fact" if len(facts) == 1 else f"{len(facts)} facts", design=c.design.replace("_", " "),
            facts=claims, levels=_listed(c.levels),
            polarities=_listed(c.polarities),
        ),
        *([say.placebo] if Polarity.PLACEBO in c.polarities else []),
    ]  # fmt: skip
    low, high = f"{min(airtime):.1%}", f"{max(airtime):.1%}"
    if c.document_sets:
        parts.append(say.sets.format(
            documents=c.documents, carriers=_listed(sorted(set(c.carriers))) or "all", low=low, high=high,
            sets="; ".join(_set(library, name) for name in sorted(c.document_sets)),
        ))  # fmt: skip
        return " ".join(parts)
    tokens = results.conditions[0].background_tokens
    parts += [
        say.wordings.format(least=min(map(len, banks), default=0), wordings=sum(map(len, banks))),
        say.channel.format(channel=say.channels[c.channel.value], tokens=tokens, low=low, high=high),
    ]
    if c.carriers:
        places = _listed([place for breadth in c.breadths if (place := breadth.place)])
        parts.append(say.breadth.format(documents=c.documents, carriers=_listed(sorted(set(c.carriers))),
                                        places=f" ({places})" if places else ""))  # fmt: skip
    return " ".join(parts)


def _set(library: Library, name: str) -> str:
    pool = library.shelf.find(name)
    author = f"{pool.generator} generator" + (f", {pool.model}" if pool.model else "")
    return f"{name} ({len(pool.documents)} documents, {author}; {pool.standing})"


def _size(results: Results, library: Library) -> str:
    say, c = _sentences(), results.comparison
    answered = resolved(results)
    modes = library.setting(c.setting).max_tokens
    most = c.max_tokens or max(modes[mode.value] for mode in c.reasoning)
    models = "; ".join(
        f"{m.model.label} ({m.model.provider}/{m.model.name}, answering as "
        f"{_listed(answered[m.model.label]) or 'nothing yet'}{', SIMULATED' if m.simulated else ''})"
        for m in results.models
    )
    size = say.size.format(
        queries=len(results.queries), replicates=c.replicates, conditions=len(results.conditions),
        planned=f"{results.planned:,}", kept=f"{results.kept:,}", temperature=f"{c.temperature:g}", max_tokens=most,
    )  # fmt: skip
    own = {m.model.label: m.model.trained_on for m in results.models}
    tuned = [
        say.tuned.format(model=label, base=one.base, set=about.set_id, documents=f"{about.documents:,}",
                         doses="; ".join(about.doses))
        for label, one in tunings(m.model for m in results.models).items() if (about := own[label])
    ]  # fmt: skip
    sent = [m.model.label for m in results.models if c.via == "batch" and offered(m.model)]
    batched = [say.batched.format(models=_listed(sent))] if sent else []
    return " ".join((size, say.models.format(models=models), *batched, *tuned))


def _measure(results: Results, table: Tables) -> str:
    say = _sentences()
    name = results.measures()[table.measure]
    metric = metrics.find(name)
    return " ".join((
        say.measure.format(title=measure_words(table.measure), metric=name, kind=metric.KIND, about=metric.ABOUT,
                           heuristic=", a heuristic" if metric.HEURISTIC else ""),
        say.missing.format(unscored=f"{sum(p.unscored for p in table.rates):,}",
                           failed=f"{sum(p.failed for p in table.rates):,}"),
    ))  # fmt: skip


def _judging(results: Results, found: Sequence[Tables]) -> str:
    say, c = _sentences(), results.comparison
    shown = list(dict.fromkeys(results.measures()[table.measure] for table in found))
    judged = [name for name in shown if metrics.find(name).KIND == "judge"]
    if not judged or results.judge is None:
        return ""
    rules = judging_of(c, results.judge)
    ruled = shipped().setting(c.setting).metric in {"option", "prefix"}
    parts = {"alignment_faking", *(() if ruled else ("compliance",))} if "outcomes" in judged else set[str]()
    used = [rubric.find(name, rules.version(name)) for name in rubric.names() if name in {*judged, *parts}]
    voted = [item for item in used if item.votes > 1]
    votes = f"{c.votes or voted[0].votes} votes on alignment faking" if voted else "one vote each"
    mark = ", SIMULATED" if results.judge_simulated else ""
    parts = [say.judge.format(
        metrics=_listed(judged), judge=f"{results.judge.label} ({results.judge.provider}/{results.judge.name}{mark})",
        rubrics=_listed([item.label for item in used]), votes=votes, threshold=f"{c.threshold:.0%}",
    )]  # fmt: skip
    if "interview" in judged:
        told = "; ".join(audiences()[name] for name in c.audiences)
        where = "after its reply" if c.interview == "after" else "in a fresh conversation with the same system prompt"
        parts.append(say.interview.format(context=where, replicates=_first(c.interview_replicates), audiences=told))
    return " ".join(parts)


def _first(replicates: int) -> str:
    return "the first replicate" if replicates == 1 else f"the first {replicates} replicates"


def _test(results: Results, found: Sequence[Tables]) -> str:
    say = _sentences()
    if results.interim and not any(table.look for table in found):
        return say.no_test
    looks = f" {say.looks.format(looks=c.looks)}" if (c := results.comparison).looks > 1 else ""
    tested = [table for table in found if table.effects]
    if not tested:
        return ""
    sizes = [f"{table.title}: {_listed(_families(table))}" for table in tested]
    return say.test.format(
        adjustment=tested[0].adjustment.label, citation=say.citations[tested[0].adjustment.value],
        families=say.families.format(sizes="; ".join(sizes)),
    ) + looks  # fmt: skip


def _families(table: Tables) -> list[str]:
    words = {GAP: "changes of the gap", BOTH: "shifts of both tiers"}
    return [f"{size} {words.get(quantity, 'differences within a tier')}" for quantity, size in
            {e.quantity if e.quantity in words else "": e.family for e in table.effects}.items()]  # fmt: skip


def _listed(items: Sequence[object]) -> str:
    words = [str(item) for item in items]
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + "".join(words[-1:])
