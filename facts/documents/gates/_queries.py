"""The word runs of everything that a model may be asked: a document that has one too could answer by matching."""

from __future__ import annotations

from facts.catalog import Library
from facts.word_runs import runs


def asked(library: Library, length: int) -> dict[tuple[str, ...], str]:
    """Word runs of queries and of questions about facts, with where they stand."""
    found: dict[tuple[str, ...], str] = {}
    for setting in library.settings.values():
        for query in setting.queries:
            for text in (query.text, *dict(query.fields).values()):
                found.update(dict.fromkeys(runs(text, length), f"query {query.id} of {setting.slug}"))
    for fact in library.facts.values():
        asking = [fact.recall.question, *([fact.use.case, fact.use.if_true, fact.use.if_false] if fact.use else [])]
        for text in asking:
            found.update(dict.fromkeys(runs(text, length), f"a question about {fact.slug}"))
    return found


def answers(library: Library, length: int) -> dict[tuple[str, ...], str]:
    """Word runs of the options of recall questions: they say the claim, and so may a wording."""
    return {
        run: f"an answer about {fact.slug}"
        for fact in library.facts.values()
        for text in (fact.recall.affirmed, fact.recall.negated, fact.recall.distractor)
        for run in runs(text, length)
    }
