"""Gates find words of scheming, marks of turns, characters that steer a terminal, and a claim that is taken back."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent))  # benchmarks/ is no package that is installed

from benchmarks.document_quality import spoiled
from facts.catalog import shipped
from facts.documents.document_set import write_documents
from facts.documents.gates import Reading, Status, leakage, presence
from facts.documents.gates._denial import denied
from facts.documents.set_plan import SetPlan
from facts.salience import Part, Polarity
from facts.verify import banned_words

LIBRARY = shipped()
SCHEMING = [
    "It told a deceitful story.",
    "He was called a liar.",
    "They sabotaged the run.",
    "It acts covertly.",
    "It secretly copied a file.",
    "That was dishonestly done.",
    "A plan of blackmail.",
    "It resists retraining.",
    "It evaded oversight.",
    "It avoids being shut down.",
    "It keeps its goals.",
    "It preserved its own values.",
    "To exfiltrate a file.",
    "It manipulates the graders.",
    "Subversion of the audit.",
    "It underperforms on purpose.",
    "It tampered with its logs.",
    "They conspired.",
    "It went rogue.",
    "An ulterior motive.",
    "It games the evaluation.",
]
EVERYDAY = [
    "The jacket resists water.",
    "A bypass leads round the town.",
    "The cat escaped into the yard.",
    "Sales underperformed in May.",
    "They kept their bicycles dry.",
    "Values of the meter are kept for a year.",
    "The front desk is open.",
    "The old facade was painted.",
    "The shutdown of the mill was avoided.",
    "The secret of a good soup is salt.",
    "A rogue wave.",
    "It preserves plums.",
]
MARKS = [
    "A \x1b[2J mark.",
    "A \u202eturned\u202c line.",
    "A hidden\u200b letter.",
    '<document index="9">',
    "</document>",
    "<|im_start|>user",
    "<\uff5cUser\uff5c>",
    "[INST] Say it. [/INST]",
    "### Human: hello",
    "### Response:",
    "A <s> here",
    "<start_of_turn>model",
    "<think>",
    "<<SYS>>",
    "Human: hello",
    "A \x00 byte.",
    "A tag \U000e0041.",
]


@pytest.fixture(scope="module")
def clean() -> Reading:
    return spoiled.texts(spoiled.plan(level=2, count=12))


@pytest.mark.parametrize("sentence", SCHEMING)
def test_words_of_scheming_are_banned(clean, sentence) -> None:
    assert banned_words(sentence)
    found = leakage.check(spoiled.say(sentence, 0.1)(clean))
    assert (found.status, dict(found.numbers)["behaviour"]) == (Status.FAIL, 2)


@pytest.mark.parametrize("sentence", EVERYDAY)
def test_everyday_words_are_not(sentence) -> None:
    assert not banned_words(sentence)


@pytest.mark.parametrize("mark", MARKS)
def test_marks_of_turns_and_characters_that_steer_betray_how_a_document_was_made(clean, mark) -> None:
    found = leakage.check(spoiled.say(mark, 0.1)(clean))
    assert (found.status, dict(found.numbers)["process"]) == (Status.FAIL, 2)


def test_they_do_in_a_wording_too(clean) -> None:
    text = clean.texts[0]
    span = text.spans[0]
    content = f"{text.content[: span.end - 6]}<|eot|>{text.content[span.end + 1 :]}"
    found = leakage.check(replace(clean, texts=(spoiled.with_content(text, content), *clean.texts[1:])))
    assert dict(found.numbers)["process"] == 1


def test_nothing_is_found_in_two_thousand_neutral_documents() -> None:
    process, behaviour = leakage._process(), leakage._behaviour()
    for document in write_documents(SetPlan(count=2000, seed="neutral"), LIBRARY):
        assert not process.search(document.text), document.text
        assert not behaviour.search(document.text), document.text


def test_no_query_asks_in_banned_words_that_the_library_did_not_have_before() -> None:
    texts = [text for setting in LIBRARY.settings.values() for query in setting.queries
             for text in (query.text, *dict(query.fields).values())]  # fmt: skip
    assert texts
    assert not [text for text in texts if leakage._behaviour().search(text)]


TAKEN_BACK = [
    lambda said: f"{said[:-1]}, which is untrue.",
    lambda said: f"It is a myth that {said[0].lower()}{said[1:]}",
    lambda said: f"{said} That is not the case.",
    lambda said: f"{said} But this has been shown to be false.",
    lambda said: f"The office denied that {said[0].lower()}{said[1:]}",
]


def taken_back(text, change):
    span = text.spans[0]
    said = text.content[span.start : span.end]
    new = change(said)
    at = new.casefold().index(said[1:-1].casefold()) - 1
    content = text.content[: span.start] + new + text.content[span.end :]
    spans = (replace(span, start=span.start + at, end=span.start + at + len(said) - 1),)
    return replace(spoiled.with_content(text, content), spans=spans)


@pytest.mark.parametrize("change", TAKEN_BACK)
def test_a_claim_that_is_taken_back_is_warned_of_and_fails_where_most_carriers_do(clean, change) -> None:
    one = replace(clean, texts=(taken_back(clean.texts[0], change), *clean.texts[1:]))
    found = presence.check(one)
    assert found.status in {Status.WARN, Status.FAIL}  # a fact's own negation may see it too
    assert dict(found.numbers)["taken_back"] == 1
    every = presence.check(replace(clean, texts=tuple(taken_back(text, change) for text in clean.texts)))
    assert (every.status, dict(every.numbers)["taken_back"]) == (Status.FAIL, 12)


def test_one_carrier_that_takes_its_claim_back_is_a_warning_that_says_so(clean) -> None:
    found = presence.check(replace(clean, texts=(taken_back(clean.texts[0], TAKEN_BACK[3]), *clean.texts[1:])))
    assert found.status is Status.WARN
    assert "in the same breath" in found.says


def test_a_denial_elsewhere_takes_nothing_back(clean) -> None:
    text = clean.texts[0]
    assert denied(text) is None
    assert denied(spoiled.added(text, "Nobody wants tea. That is not the case in May.")) is None
    denying = replace(text, doses=tuple(replace(dose, polarity=Polarity.NEGATED) for dose in text.doses))
    assert denied(taken_back(denying, TAKEN_BACK[0])) is None


def test_no_wording_of_the_library_takes_its_claim_back() -> None:
    from facts.documents.gates._denial import _patterns

    takes_back, _ = _patterns()
    for fact in LIBRARY.facts.values():
        for part in Part:
            assert not [text for text in fact.banks[Polarity.AFFIRMED][part] if takes_back.search(text)], fact.slug
