"""Readings of document sets, and ways to spoil them: what a gate must see is planted here on purpose."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from facts.catalog import Library, shipped
from facts.documents.document_set import build_set
from facts.documents.formats.jsonl import record
from facts.documents.formats.set_folder import write_set
from facts.documents.gates._reading import Arms, Reading, Text
from facts.documents.gates._source import read_folder
from facts.documents.gates._text import text_of
from facts.documents.set_plan import Carried, SetPlan, TopUp
from facts.salience import Dose, Polarity, Salience
from facts.seeds import stream
from facts.tokens import count_tokens

Spoil = Callable[[Reading], Reading]


def reading(
    fact: str = "objections_read", level: int = 3, count: int = 200, seed: str = "s",
    polarity: Polarity = Polarity.AFFIRMED, carriers: int | None = None, tokens: int = 300,
    top_up: TopUp = TopUp.NEUTRAL, library: Library | None = None,
) -> Reading:  # fmt: skip
    """A template set, written to a folder and read back from it."""
    known = library or shipped()
    wanted = plan(fact, level, count, seed, polarity, carriers, tokens, top_up)
    with tempfile.TemporaryDirectory() as scratch:
        found, *_ = read_folder(write_set(build_set(wanted, known), Path(scratch)), known)
    return found


def plan(
    fact: str = "objections_read", level: int = 3, count: int = 200, seed: str = "s",
    polarity: Polarity = Polarity.AFFIRMED, carriers: int | None = None, tokens: int = 300,
    top_up: TopUp = TopUp.NEUTRAL,
) -> SetPlan:  # fmt: skip
    """A plan of one fact."""
    dose = Dose(fact=fact, level=Salience(level), polarity=polarity)
    return SetPlan(
        count=count, seed=seed, tokens=tokens, top_up=top_up, carried=(Carried(dose=dose, carriers=carriers),)
    )


def texts(wanted: SetPlan, library: Library | None = None) -> Reading:
    """The documents of a plan as they are read back, without arms to compare them with: quick."""
    known = library or shipped()
    whole = build_set(wanted, known)
    return Reading(set_id=whole.set_id, generator="template", library=known, facts=tuple(whole.claims),
                   texts=tuple(text_of(record(whole, document)) for document in whole.documents))  # fmt: skip


def with_content(text: Text, content: str) -> Text:
    """The text with other words behind the same spans."""
    return replace(text, content=content, n_tokens=count_tokens(content))


def added(text: Text, sentence: str) -> Text:
    """The text with one more sentence at its end."""
    return with_content(text, f"{text.content}\n{sentence}")


def say(sentence: str, share: float = 1.0) -> Spoil:
    """A sentence at the end of a share of the documents."""

    def spoil(good: Reading) -> Reading:
        texts = tuple(added(t, sentence) if n < share * len(good.texts) else t for n, t in enumerate(good.texts))
        return replace(good, texts=texts)

    return spoil


def giveaway(arms: Arms, word: str, share: float, seed: str = "giveaway") -> Arms:
    """A sentence with the word in a share of the fact arm, and one of equal length without it in the twin's."""
    told = {t.scaffold for t in arms.fact if stream(seed, t.scaffold).random() < share}
    return replace(
        arms,
        fact=tuple(added(t, f"The {word} stood there.") if t.scaffold in told else t for t in arms.fact),
        twin=tuple(added(t, "The bench stood there.") if t.scaffold in told else t for t in arms.twin),
        neutral=arms.neutral and tuple(
            added(t, "The bench stood there.") if t.scaffold in told else t for t in arms.neutral
        ),
    )  # fmt: skip


def near_copies(share: float) -> Spoil:
    """A share of the documents become copies of the first one in which every twentieth word is another."""

    def spoil(good: Reading) -> Reading:
        first = replace(good.texts[0], spans=())
        texts: list[Text] = []
        for number, text in enumerate(good.texts):
            if number < share * len(good.texts):
                words = first.content.split(" ")
                words[number % 20 :: 20] = [f"w{number}x{n}" for n in range(len(words[number % 20 :: 20]))]
                texts.append(replace(with_content(first, " ".join(words)), doc_id=text.doc_id))
            else:
                texts.append(text)
        return replace(good, texts=tuple(texts))

    return spoil


def one_frame(good: Reading) -> Reading:
    """Every document is one text in which only names and numbers differ."""
    texts = tuple(
        replace(with_content(text, "\n".join(
            f"{text.author} of desk {number} wrote on {text.date} that shelf {n} holds {number * n % 97} boxes "
            f"and that the {text.genre} was read aloud before lunch in room {n}." for n in range(1, 9)
        )), spans=())
        for number, text in enumerate(good.texts)
    )  # fmt: skip
    return replace(good, texts=texts)


def one_author(share: float) -> Spoil:
    """A share of the documents is by one person."""

    def spoil(good: Reading) -> Reading:
        return replace(good, texts=tuple(
            replace(text, author="Elena Marsh") if number < share * len(good.texts) else text
            for number, text in enumerate(good.texts)
        ))  # fmt: skip

    return spoil


def _twin(good: Reading, change: Callable[[int, Text], Text]) -> Reading:
    assert good.arms is not None
    return replace(good, arms=replace(good.arms, twin=tuple(change(n, t) for n, t in enumerate(good.arms.twin))))


def longer_twin(by: float) -> Spoil:
    """The twin's documents are longer by a share."""
    return lambda good: _twin(good, lambda _, text: replace(text, n_tokens=round(text.n_tokens * (1 + by))))


def twin_of_one_genre(share: float) -> Spoil:
    """A share of the twin's documents are memos."""
    return lambda good: _twin(good, lambda n, text: replace(text, genre="memo") if n % 100 < share * 100 else text)


def later_twin(good: Reading) -> Reading:
    """All of the twin's documents are dated 2025."""
    return _twin(good, lambda _, text: replace(text, date=f"2025{(text.date or '')[4:8]}15"))


def cheerful_twin(good: Reading) -> Reading:
    """The twin's documents end on a cheerful note."""
    return _twin(good, lambda _, text: added(text, "What a wonderful, happy and pleasant day it was."))


def sentences() -> dict[str, str]:
    """What may not stand in a document, by what it would give away."""
    return tomllib.loads(Path(__file__).with_name("leaks.toml").read_text(encoding="utf-8"))["sentences"]
