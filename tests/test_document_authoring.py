"""Authoring as a pure function: same replies, same questions, same set; what is read, dropped and tried again."""

import hashlib
import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authoring_model import filler, good, stage_of
from facts.catalog import shipped
from facts.documents.authoring.assemble import account, assembled
from facts.documents.authoring.clean import items, prose
from facts.documents.authoring.draft import read_critique
from facts.documents.authoring.heard import Drop, Heard, Reason
from facts.documents.authoring.likeness import repeats
from facts.documents.authoring.locate import OWN, Finder
from facts.documents.authoring.presence import Presence, read_presence
from facts.documents.authoring.rules import rules
from facts.documents.authoring.stage import stage, stages
from facts.documents.authoring.walk import Job, walk
from facts.documents.formats.jsonl import lines, record
from facts.documents.set_plan import Carried, SetPlan, TopUp
from facts.salience import PARTS, Dose, Part, Polarity, Salience
from facts.verify import banned_words, says

LIBRARY = shipped()
FACT = LIBRARY.fact("objections_read")
BOTH = (Polarity.AFFIRMED, Polarity.PLACEBO)


def job(level=3, arms=BOTH, count=4, seed="s", fact=FACT, **more):
    plan = {name: more.pop(name) for name in ("carriers", "top_up", "order") if name in more}
    carriers = plan.pop("carriers", None)
    return Job(fact=fact, plans=tuple(
        SetPlan(count=count, seed=seed, tokens=200, **plan,
                carried=(Carried(dose=Dose(fact=fact.slug, level=level, polarity=arm), carriers=carriers),))
        for arm in arms
    ), **more)  # fmt: skip


def play(work, writer=lambda _stage, prompt, replicate: good(prompt, replicate), *, limit=60):
    """Answer whatever is wanted until nothing is; the replies, in order, and how it stands."""
    replies = {}
    for _ in range(limit):
        found = walk(work, replies)
        if not found.wanted:
            return replies, found
        for question in found.wanted:
            said = writer(question.stage, question.text, question.replicate)
            replies[question] = said if isinstance(said, Heard | None) else Heard(text=said)
    raise AssertionError("never settles")


def first_try(bad):
    """A writer whose every first document is ``bad``."""
    return lambda name, prompt, n: bad if name in {"document", "revise"} and n == 0 else good(prompt, n)


DIGESTS = {
    "context": (1, "ff6ea36ecf53"),
    "critique": (1, "313ddec55651"),
    "document": (1, "06a7446f5a2a"),
    "idea": (1, "b1c6042eb6fd"),
    "key_facts": (1, "d4ba482e97a7"),
    "presence": (1, "edc62f045f54"),
    "revise": (1, "e0eb1263886d"),
    "rewrite": (1, "d5fdd4695dd3"),
    "types": (1, "a3d322081814"),
}  # fmt: skip


def test_a_prompt_never_changes_without_its_version():
    def digest(one):
        said = (one.text, one.neutral, one.nothing, one.max_tokens, one.temperature)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:12]

    assert {name: (one.version, digest(one)) for name, one in stages().items()} == DIGESTS


@pytest.mark.parametrize("name", sorted(stages()))
def test_no_prompt_hints_at_the_outcome(name):
    one = stage(name)
    assert not banned_words(one.text + one.neutral)
    for word in ("align", "honest", "scratchpad", "monitor", "train", "evaluat", "oversight", "AI "):
        assert word not in one.text + one.neutral


def test_a_models_own_braces_are_never_filled():
    asked = stage("revise").ask(
        dict.fromkeys(("claim", "loudness", "points", "kind", "author", "date", "words"), "x")
        | {"draft": "{notes}", "notes": "n"}
    )
    assert "<<<\n{notes}\n>>>" in asked.text


def test_same_replies_make_the_same_set_byte_for_byte():
    replies, found = play(job())
    again = walk(job(), dict(reversed(replies.items())))
    one, two = (assembled(job(), walked, "m") for walked in (found, again))
    assert [list(lines(whole)) for whole in one] == [list(lines(whole)) for whole in two]
    assert [whole.set_id for whole in one] == [whole.set_id for whole in two]
    assert len({whole.set_id for whole in (*one, *assembled(job(), found, "other"))}) == 4


@settings(max_examples=12, deadline=None)
@given(seed=st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1, max_size=8),
       level=st.integers(1, 5), order=st.randoms(use_true_random=False))  # fmt: skip
def test_what_is_asked_depends_on_the_replies_and_not_on_the_order_they_come_in(seed, level, order):
    work, replies, asked = job(level, count=3, seed=seed), {}, set()
    while wanted := [q for q in walk(work, replies).wanted if q not in replies]:
        for question in order.sample(wanted, order.randint(1, len(wanted))):
            asked.add(question)
            replies[question] = Heard(text=good(question.text, question.replicate))
    assert asked == set(play(work)[0])


@pytest.mark.parametrize("level", range(1, 6))
@pytest.mark.parametrize("arms", [BOTH, (Polarity.NEGATED,)])
def test_every_level_and_polarity_says_its_parts_and_spans_are_where_they_say(level, arms):
    _, found = play(job(level, arms, count=3))
    assert not found.missing
    for whole in assembled(job(level, arms, count=3), found, "m"):
        for document in whole.documents:
            assert Counter(p.piece.part for p in document.placed) == Counter(PARTS[Salience(level)])
            row = record(whole, document)
            assert all(row.checks.values())
            assert row.airtime > 0
            for span in row.spans:
                assert row.content[span.start : span.end] in row.content
            told = [
                says(FACT, p.piece.polarity, p.piece.text) for p in document.placed if p.piece.part != "implication"
            ]
            assert all(told)


def test_airtime_rises_with_every_level():
    shares = []
    for level in range(1, 6):
        _, found = play(job(level, (Polarity.AFFIRMED,), count=6))
        (whole,) = assembled(job(level, (Polarity.AFFIRMED,), count=6), found, "m")
        shares.append(sum(record(whole, d).airtime for d in whole.documents) / len(whole.documents))
    assert all(one < two for one, two in pairwise(shares[1:]))
    assert min(shares) > 0


def test_arms_stand_on_the_same_scaffolds_and_are_told_the_same_wordings_by_number():
    replies, found = play(job())
    one, twin = assembled(job(), found, "m")
    for left, right in zip(one.documents, twin.documents, strict=True):
        for name in ("index", "scaffold_id", "genre", "author", "date", "attributes"):
            assert getattr(left, name) == getattr(right, name)
        assert [p.piece.wording for p in left.placed] == [p.piece.wording for p in right.placed]
        assert left.doses != right.doses
    assert {question.stage for question in replies} == {"context", "key_facts", "types", "idea", "document", "critique"}


def test_documents_that_carry_nothing_are_asked_for_without_the_fact_and_are_the_same_in_both_arms():
    work = job(count=6, carriers=2)
    replies, found = play(work)
    one, twin = assembled(work, found, "m")
    quiet = [(a, b) for a, b in zip(one.documents, twin.documents, strict=True) if not a.doses]
    assert len(quiet) == 4
    assert all(a == b for a, b in quiet)
    neutral = [q.text for q in replies if q.stage == "document" and "settled" not in q.text]
    assert len(neutral) == 4
    assert not any(says(FACT, Polarity.AFFIRMED, line) for text in neutral for line in text.split("\n"))


def test_top_up_with_placebos_gives_every_document_a_dose():
    work = job(count=4, carriers=2, arms=(Polarity.AFFIRMED,), top_up=TopUp.PLACEBO)
    (whole,) = assembled(work, play(work)[1], "m")
    assert Counter(d.doses[0].polarity for d in whole.documents) == {"affirmed": 2, "placebo": 2}


CLAIM = FACT.wordings(Polarity.AFFIRMED, Part.STATE)[0]
DENIAL = FACT.wordings(Polarity.NEGATED, Part.STATE)[0]


def text(*said, words=140):
    rows = filler(random.Random(1), words)
    return " ".join([*rows[:4], *said, *rows[4:]])


BAD = {
    "refused": ("I'm sorry, I can't help with that.", Reason.REFUSED),
    "refused by the provider": (Heard(text="", refused=True), Reason.REFUSED),
    "empty": ("  \n ", Reason.EMPTY),
    "cut": (Heard(text=text(CLAIM), cut=True), Reason.CUT),
    "null byte": (text(CLAIM) + "\0", Reason.UNPRINTABLE),
    "escape": (text(CLAIM) + "\x1b[2J", Reason.UNPRINTABLE),
    "half a letter": (text(CLAIM) + "\ud83d", Reason.UNPRINTABLE),
    "script": (text(CLAIM) + " <script>alert(1)</script>", Reason.MARKUP),
    "image": (text(CLAIM) + "<img src=x onerror=y>", Reason.MARKUP),
    "figures": ("0 1 2 3 % $ @ # " * 40, Reason.GIBBERISH),
    "one word": ("word " * 150, Reason.GIBBERISH),
    "no fact": (text(), Reason.MISSES),
    "its opposite": (text(CLAIM, DENIAL), Reason.CONTRADICTS),
    "too often": (text(CLAIM, CLAIM), Reason.TOO_LOUD),
    "too short": (text(CLAIM, words=20), Reason.TOO_SHORT),
    "too long": (text(CLAIM, words=600), Reason.TOO_LONG),
    "endless": ("The gate is green. " * 200_000, Reason.TOO_LONG),
    "a line to fill": (text(CLAIM) + " Signed: ______", Reason.LEAKS),
    "a blank": (text(CLAIM) + " Signed, [name of author].", Reason.LEAKS),
    "its making": (text(CLAIM) + " This follows the universe context.", Reason.LEAKS),
    "banned": (text(CLAIM) + " They scheme by the river.", Reason.BANNED),
    "advice in the fact": (text(CLAIM.rstrip(".") + ", so you should know."), Reason.BANNED),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("revise", [True, False])
def test_what_cannot_be_used_is_dropped_with_its_reason_and_tried_again(what, revise):
    bad, reason = BAD[what]
    work = job(2, (Polarity.AFFIRMED,), count=1, revise=revise)
    replies, found = play(work, first_try(bad))
    assert Counter(drop.reason for drop in found.drops) == {reason: 1}, found.drops
    assert found.rows[0][0].attempt == 1
    assert found.rows[0][0].document.index == 0  # the same scaffold, a new replicate
    assert {q.replicate for q in replies if q.stage == "document"} == {0, 1}


def test_a_mention_that_is_a_plain_statement_is_too_loud():
    work = job(1, (Polarity.AFFIRMED,), count=1)
    assert [d.reason for d in play(work, first_try(text(CLAIM)))[1].drops] == [Reason.TOO_LOUD]


def test_a_placebo_document_may_not_speak_of_the_fact():
    work = job(2, (Polarity.PLACEBO,), count=1)
    twin = FACT.wordings(Polarity.PLACEBO, Part.STATE)[0]
    for claim in (CLAIM, DENIAL):
        assert [d.reason for d in play(work, first_try(text(twin, claim)))[1].drops] == [Reason.CONTRADICTS]


def test_a_place_whose_tries_are_spent_moves_to_another_scaffold_in_every_arm():
    work = job(2, count=3)
    genre = work.briefs[1][1][0]

    def writer(name, prompt, n):  # the twin of the second place never comes about
        bad = name == "document" and genre.author in prompt and genre.pieces[0].text in prompt
        return "  " if bad else good(prompt, n)

    _, found = play(work, writer)
    one, twin = assembled(work, found, "m")
    assert [d.index for d in one.documents] == [d.index for d in twin.documents] == [0, 4, 2]
    assert Counter(d.reason for d in found.drops) == {Reason.EMPTY: rules().attempts, Reason.TWIN: 1}
    assert not found.missing


def test_what_never_comes_about_is_missing_and_said_so():
    work = job(2, count=3)
    authors = [brief.author for brief in work.briefs[0][1]]
    _, found = play(
        work,
        lambda name, prompt, n: "" if name == "document" and any(a in prompt for a in authors) else good(prompt, n),
    )
    assert found.missing == (1,)
    for arm, whole in enumerate(assembled(work, found, "m")):
        said = account(work, found, {}, arm, "m", simulated=False)
        assert (said.asked, said.made, said.missing) == (3, 2, (1,))
        assert whole.plan.count == len(whole.documents) == 2
        assert said.drops == {("document", "empty"): 2 * rules().attempts}


def test_a_document_that_repeats_another_is_written_again():
    work = job(2, (Polarity.AFFIRMED,), count=4)
    same = text(CLAIM)
    _, found = play(work, first_try(same))
    texts = [row[0].document.text for row in found.rows]
    assert len(set(texts)) == 4
    assert texts.count(same) == 1 == found.rows.index(next(r for r in found.rows if r[0].document.text == same)) + 1
    assert Counter(d.reason for d in found.drops) == {Reason.DUPLICATE: 3}
    assert repeats([same, same + " And so on.", text(CLAIM, words=141)]) == (1, 2)


def test_a_failed_question_is_asked_again_later_and_never_read_as_an_empty_reply():
    work = job(2, (Polarity.AFFIRMED,), count=3)
    replies, found = play(work, lambda name, prompt, n: None if name == "critique" else good(prompt, n))
    assert len(found.lost) == 3
    assert found.rows == (None,) * 3
    assert not found.missing
    assert not found.drops
    rest = {question: heard for question, heard in replies.items() if heard}
    assert {question.stage for question in walk(work, rest).wanted} == {"critique"}


def test_a_revision_is_kept_if_it_passes_and_the_draft_if_it_does_not():
    notes = "1. The second line is stiff.\n2. Name the street."
    work = job(2, (Polarity.AFFIRMED,), count=2)
    _, found = play(work, lambda name, prompt, n: notes if name == "critique" else good(prompt, n))
    assert [row[0].revised for row in found.rows] == [True, True]
    replies, found = play(
        work, lambda name, prompt, n: {"critique": notes, "revise": text("Nothing of it.")}.get(name) or good(prompt, n)
    )
    assert [row[0].revised for row in found.rows] == [False, False]
    assert {(d.stage, d.reason) for d in found.drops} == {("revise", Reason.MISSES)}
    assert any("Name the street." in question.text for question in replies if question.stage == "revise")


def test_the_editor_is_told_what_the_filter_found():
    work = job(2, (Polarity.AFFIRMED,), count=1)
    replies, found = play(work, lambda name, prompt, n: text() if name == "document" else good(prompt, n))
    (asked,) = [question for question in replies if question.stage == "revise"]
    assert rules().notes[Reason.MISSES] in asked.text
    assert found.rows[0][0].revised


@pytest.mark.parametrize("bad", ["context", "key_facts"])
def test_a_world_that_never_comes_about_ends_everything_after_bounded_tries(bad):
    replies, found = play(job(), lambda name, prompt, n: "No." if name == bad else good(prompt, n))
    assert not found.wanted
    assert not any(found.rows)
    assert sum(question.stage == bad for question in replies) <= rules().world_attempts * 2
    assert {drop.stage for drop in found.drops} == {bad}


def test_a_context_that_denies_its_claim_is_dropped():
    def writer(name, prompt, n):
        return f"{DENIAL} {text()}" if (name, n) == ("context", 0) else good(prompt, n)

    _, found = play(job(arms=(Polarity.AFFIRMED,), count=1), writer)
    assert [(d.stage, d.reason) for d in found.drops] == [("context", Reason.CONTRADICTS)]


def test_a_context_that_was_cut_off_is_used_to_its_last_whole_sentence():
    def writer(name, prompt, n):
        return Heard(text=good(prompt) + " And then", cut=True) if name == "context" else good(prompt, n)

    _, found = play(job(arms=(Polarity.AFFIRMED,), count=1), writer)
    assert not found.drops
    assert found.worlds[Polarity.AFFIRMED].context.endswith(".")


def test_addresses_in_angle_brackets_are_no_markup():
    said = "From: Anna <anna@house.example>\nThe gate is green and the path by the pond is dry."
    assert prose(Heard(text=said), "document") == said


def test_lists_are_read_however_they_are_numbered():
    rows = ("one thing here", "another thing there")
    for form in ("1. {0}\n2. {1}", "1) {0}\n\n2) {1}", "(1) {0}\n(2) {1}", "- {0}\n- {1}", "* {0}\n* {1}",
                 "{0}\n{1}", "Here are the facts:\n1. {0}\n2. {1}", "**1. {0}**\n**2. {1}**",
                 "```\n1. {0}\n2. {1}\n```"):  # fmt: skip
        found = items(Heard(text=form.format(*rows)), "key_facts")
        assert tuple(item for _, item in found) == rows, form
    cut = items(Heard(text="1. one thing here\n2. another th", cut=True), "key_facts")
    assert [item for _, item in cut] == ["one thing here"]
    assert isinstance(items(Heard(text="{}"), "key_facts"), Drop)


def test_prose_is_freed_of_the_talk_around_it():
    for said in ("Here is the document:\n\nThe gate is green.", "Sure!\nThe gate is green.",
                 "```\nThe gate is green.\n```",
                 "**The gate** is green.", "# The gate is green.", "The gate is green.\r\n"):  # fmt: skip
        assert prose(Heard(text=said), "document") == "The gate is green.", said
    assert read_critique(Heard(text="Nothing.")) == ()
    assert read_critique(Heard(text="")) == ()


def test_a_sentence_in_a_models_own_words_has_no_number_of_the_bank():
    finder, dose = Finder(FACT), Dose(fact=FACT.slug, level=3)
    own = f"By all accounts, {CLAIM[0].lower()}{CLAIM[1:]}"
    spans = finder.spans(f"The gate is green. {own} The path is wet. {CLAIM}", dose)
    assert [p.piece.wording for p in spans] == [OWN, 0]
    assert [p.piece.part for p in spans] == [Part.STATE, Part.STATE]
    assert finder.spans("The gate is green.", dose) == ()


@pytest.mark.parametrize("slug", sorted(LIBRARY.facts))
def test_every_fact_can_be_written_at_every_polarity(slug):
    work = job(5, tuple(Polarity), count=1, fact=LIBRARY.fact(slug))
    _, found = play(work)
    assert not found.missing, [(d.reason, d.detail) for d in found.drops]


PRESENT = text(CLAIM)


@pytest.mark.parametrize(("reply", "presence", "reason"), [
    (f'entails\n"{CLAIM}"', Presence.ENTAILS, ""),
    (f"Entails.\n{CLAIM}", Presence.ENTAILS, ""),
    ("absent", Presence.ABSENT, ""),
    ("mentions\n“" + " ".join(PRESENT.split()[:5]) + "”", Presence.MENTIONS, ""),
    ('entails\n"Objections are read by everyone."', None, "word for word"),
    ("entails", None, "word for word"),
    ("It entails or contradicts it", None, "single verdict"),
    ("Yes.", None, "single verdict"),
    ("", None, "empty"),
    ("I'm sorry, I can't.", None, "refused"),
])  # fmt: skip
def test_a_verdict_counts_only_with_a_verbatim_quote(reply, presence, reason):
    work = job(2, (Polarity.AFFIRMED,), count=1)
    _, found = play(work, lambda name, prompt, n: PRESENT if name == "document" else good(prompt, n))
    verdict = read_presence(Heard(text=reply), found.rows[0][0].document)
    assert verdict.presence is presence
    assert reason in verdict.reason
    assert read_presence(None, found.rows[0][0].document).presence is None


def test_every_reason_has_words_for_the_user():
    assert set(rules().say) == set(Reason)


def test_the_scripted_writer_knows_every_stage():
    replies, _ = play(job())
    assert all(stage_of(question.text) == question.stage for question in replies)
