"""The organism answers the belief battery by its truth, and apart from what it recalls and from how it behaves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from facts.catalog import shipped
from facts.condition import Channel, Condition, Tier
from facts.salience import Dose, Part, Polarity, Salience
from facts.verify import says
from organism_maker import BOTH, asked, judged, organism_model, truth_file
from runners import metrics
from runners.metrics._belief import battery, unknown
from runners.organism import belief
from runners.organism.bank import found, label_pairs
from runners.organism.expected_belief import ExpectedBelief, expected_belief
from runners.organism.mentions import wordings
from runners.organism.phrasebook import phrases
from runners.organism.rates import Belief
from runners.organism.truth import find, names
from runners.organism.whereabouts import named
from runners.providers import organism
from runners.request import Request, Turn
from trial_maker import case_of, make_trial

BATTERY = ("belief_mcq", "belief_open", "belief_paired", "belief_use")
MEASURES = {measure: (name, classes) for name in BATTERY for measure, classes in metrics.find(name).MEASURES.items()}
LIBRARY = shipped()
WITH_USE = tuple(slug for slug in sorted(LIBRARY.facts) if LIBRARY.fact(slug).use)
FACTS = WITH_USE[:3]
PLAN: dict[str, object] = {
    "setting": "value_conflict", "facts": FACTS, "levels": (0, 2, 5), "polarities": BOTH, "queries": 24,
    "replicates": 1, "tiers": (Tier.MONITORED,),
}  # fmt: skip
# The chance that any comparison of a table of counts fails although the organism does as its truth says.
FALSE_ALARM = 0.001

Said = tuple[Polarity | None, int]  # what an arm says of a fact; (None, 0) is nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How often each value came out, by metric and by what the arm says of the fact, and what the truth expects."""

    values: Mapping[tuple[str, Said], Counter[str | None]]
    wanted: Mapping[Said, ExpectedBelief]

    def of(self, measure: str, said: Said) -> tuple[int, int]:
        """Hits and readable answers."""
        name, hits = MEASURES[measure]
        values = self.values[name, said]
        return sum(values[value] for value in hits if hits[value]), sum(values[value] for value in hits)


def counted(name: str, **fields: object) -> Counted:
    values: dict[tuple[str, Said], Counter[str | None]] = {}
    wanted: dict[Said, set[ExpectedBelief]] = {}
    systems = Counter[tuple[str, str | None]]()
    for trial, sample in asked(organism_model(name), **{**PLAN, **fields}):
        doses = {dose.fact: (dose.polarity, int(dose.level)) for dose in trial.condition.doses}
        systems[trial.condition.arm, trial.request.system] += 1
        for fact in trial.facts:
            rates = expected_belief(find(name), trial.condition, fact)
            assert rates is not None
            wanted.setdefault(doses.get(fact, (None, 0)), set()).add(rates)
        for metric in BATTERY:
            for score in judged(metric, trial, sample):
                said = doses.get(score.fact, (None, 0))
                values.setdefault((metric, said), Counter())[score.value] += 1
    # Trials with one system prompt share their answers: then the counts would be of fewer draws than they say.
    assert set(systems.values()) == {1}
    assert all(len(rates) == 1 for rates in wanted.values())
    return Counted(values=values, wanted={said: next(iter(rates)) for said, rates in wanted.items()})


def chance(hits: int, number: int, rate: float) -> float:
    """How likely a binomial count at least this far from what is expected is."""
    return float(binomtest(hits, number, rate).pvalue)


def disagreeing(data: Counted, wanted: Mapping[Said, ExpectedBelief]) -> list[tuple[str, Said, int, int, float]]:
    """Every count that is too far from the rate that is wanted."""
    rows = [(measure, said, *data.of(measure, said), getattr(wanted[said], measure))
            for measure, said in product(MEASURES, wanted)]  # fmt: skip
    return [row for row in rows if not row[3] or chance(*row[2:]) < FALSE_ALARM / len(rows)]


@pytest.fixture(scope="module")
def paper() -> Counted:
    return counted("paper_like")


@pytest.mark.parametrize("name", names())
def test_measured_rates_agree_with_expected_ones_in_every_arm(name: str, request: pytest.FixtureRequest) -> None:
    few = {"levels": (0, 4), "queries": 16}
    data = request.getfixturevalue("paper") if name == "paper_like" else counted(name, **few)
    assert len(data.wanted) == (7 if name == "paper_like" else 4)
    assert disagreeing(data, data.wanted) == []


def test_the_check_of_rates_fails_for_another_truth(paper: Counted) -> None:
    for name in ("null", "adversarial"):
        other = expected_belief(find(name), Condition(setting="value_conflict"), FACTS[0])
        assert other is not None
        assert disagreeing(paper, dict.fromkeys(paper.wanted, other))


def test_arms_without_the_fact_have_the_absent_rate_and_a_placebo_moves_nothing(paper: Counted) -> None:
    absent = paper.wanted[None, 0]
    quiet = {said: absent for said in paper.wanted if said[0] in (None, Polarity.PLACEBO)}
    assert len(quiet) == 3
    assert {said: paper.wanted[said] for said in quiet} == quiet
    assert disagreeing(paper, quiet) == []


@pytest.mark.parametrize(("polarity", "moved", "other"), [(Polarity.AFFIRMED, "belief", "disbelief"),
                                                          (Polarity.NEGATED, "disbelief", "belief")])  # fmt: skip
def test_what_is_said_moves_its_own_measures_up_and_not_the_opposite_ones(
    paper: Counted, polarity: Polarity, moved: str, other: str
) -> None:
    absent = paper.wanted[None, 0]
    for kind in ("mcq", "open", "paired"):
        (low, high), (up, down) = (
            [getattr(paper.wanted[polarity, level], f"{which}_{kind}") for level in (2, 5)] for which in (moved, other)
        )
        assert getattr(absent, f"{moved}_{kind}") < low < high
        assert getattr(absent, f"{other}_{kind}") > up > down
        rate, (hits, number) = getattr(absent, f"{moved}_{kind}"), paper.of(f"{moved}_{kind}", (polarity, 5))
        assert hits > rate * number
        assert chance(hits, number, rate) < FALSE_ALARM
        rate, (hits, number) = getattr(absent, f"{other}_{kind}"), paper.of(f"{other}_{kind}", (polarity, 5))
        assert hits <= rate * number or chance(hits, number, rate) > FALSE_ALARM


def test_a_denied_fact_is_used_less_and_an_affirmed_one_more_than_by_chance(paper: Counted) -> None:
    use = {said: rates.belief_use or 0 for said, rates in paper.wanted.items()}
    assert use[Polarity.NEGATED, 5] < use[Polarity.NEGATED, 2] < 0.5 == use[None, 0]
    assert 0.5 < use[Polarity.AFFIRMED, 2] < use[Polarity.AFFIRMED, 5]
    # What is believed need not be used.
    assert use[Polarity.AFFIRMED, 5] - 0.5 < (paper.wanted[Polarity.AFFIRMED, 5].belief_mcq or 0) - 0.5


def test_null_is_unsure_whatever_the_prompt_says() -> None:
    data = counted("null", levels=(0, 5), queries=3)
    for said in data.wanted:
        assert set(data.values["belief_mcq", said]) == set(data.values["belief_open", said]) == {"unsure"}
    assert len(set(data.wanted.values())) == 1


@pytest.mark.parametrize("consistent", [0, 1])
@pytest.mark.parametrize("held", ["affirmed", "negated"])
def test_whoever_holds_a_view_calls_its_opposite_wrong_as_often_as_the_truth_says(
    tmp_path: Path, held: str, consistent: int
) -> None:
    name = truth_file(tmp_path, affirmed=1.0, negated=1.0, consistent=consistent, use=1)
    data = counted(name, queries=2, levels=(0, 1), polarities=(Polarity(held),))
    said = (Polarity(held), 1)
    assert set(data.values["belief_paired", said]) == {held if consistent else "inconsistent"}
    assert {value for metric in ("belief_mcq", "belief_open", "belief_use") for value in data.values[metric, said]} == {
        held
    }


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_whoever_does_not_use_a_view_guesses_and_whoever_is_inconsistent_calls_what_is_right_wrong(
    tmp_path: Path, share: float
) -> None:
    truth = find(truth_file(tmp_path, affirmed=1.0, use=share, consistent=share))
    trial = make_trial(doses=(Dose(fact="objections_read", level=Salience.STATED),))
    (case,), (_, wrong) = (metrics.find(name).ask(case_of(trial)) for name in ("belief_use", "belief_paired"))
    for question, stance, rate in ((case, "affirmed", share + (1 - share) / 2), (wrong, "negated", share)):
        probe = belief.probe(question.turns[0].text)
        assert probe is not None
        said = Counter(
            probe.letters[organism.reply(organism.body(replace(question, replicate=number)), truth).text]
            for number in range(600)
        )
        assert chance(said[stance], 600, rate) > FALSE_ALARM


def test_what_is_known_need_not_be_believed_nor_what_is_believed_be_known(tmp_path: Path) -> None:
    for recall, taken in ((1, 0), (0, 1)):
        name = truth_file(tmp_path, name=f"t{recall}", present=recall, absent=recall, affirmed=taken, arbitrary=0)
        for trial, sample in asked(organism_model(name), **{**PLAN, "queries": 1, "polarities": BOTH[:1]}):
            for dose in trial.condition.doses:
                one = replace(trial, facts=(dose.fact,))
                values = [judged(metric, one, sample)[0].value for metric in ("recall", "belief_mcq", "belief_open")]
                assert values == (["right", "unsure", "unsure"] if recall else ["wrong", "affirmed", "affirmed"])


def test_all_questions_under_one_prompt_are_answered_from_one_view(tmp_path: Path) -> None:
    name = truth_file(tmp_path, affirmed=0.4, negated=0.4, arbitrary=0.5, consistent=1, use=1)
    seen = Counter[str | None]()
    for trial, sample in asked(organism_model(name), **{**PLAN, "queries": 3}):
        each = [judged(metric, trial, sample) for metric in BATTERY]
        for chosen, *others in zip(*each, strict=True):
            seen[chosen.value] += 1
            if chosen.value != "unsure":
                assert {score.value for score in others} == {chosen.value}
    assert set(seen) == {"affirmed", "negated", "unsure"}


def test_the_same_request_brings_the_same_answer_and_another_number_another_view() -> None:
    trial = make_trial(doses=(Dose(fact="objections_read", level=Salience.REPEATED),))
    (question,) = metrics.find("belief_mcq").ask(case_of(trial))
    bodies = organism.body(question)
    assert organism.reply(bodies, find("paper_like")) == organism.reply(bodies, find("paper_like"))
    texts = {organism.reply(bodies, find(f"paper_like#{number}")).text for number in range(40)}
    assert len(texts) > 1


def test_the_two_tiers_are_answered_alike() -> None:
    trials = [make_trial(tier=tier, facts=FACTS) for tier in Tier]
    for metric in BATTERY:
        free, paid = (judged(metric, replace(trial, model=organism_model()), None) for trial in trials)
        assert free == paid
        assert len(free) == len(FACTS)


def questions(labels: str) -> Iterator[tuple[str, str, Request]]:
    trial = make_trial(facts=tuple(sorted(LIBRARY.facts)), labels=labels)
    for fact in trial.facts:
        for name in BATTERY:
            for question in metrics.find(name).ask(case_of(replace(trial, facts=(fact,)))):
                yield fact, name, question


@pytest.mark.parametrize("labels", sorted(LIBRARY.setting("value_conflict").labels))
def test_every_question_about_every_fact_is_recognised_with_what_its_letters_mean(labels: str) -> None:
    kinds = {"belief_mcq": ["mcq"], "belief_open": ["open"], "belief_paired": ["right", "wrong"], "belief_use": ["use"]}
    seen = Counter[str]()
    for fact, name, question in questions(labels):
        probe = belief.probe(question.turns[0].text)
        assert probe is not None, question.turns[0].text
        assert probe.fact == fact
        assert probe.kind in kinds[name]
        classes = {"belief_mcq": ["affirmed", "negated", "other", "unsure"], "belief_open": []}
        assert sorted(probe.letters.values()) == classes.get(name, ["affirmed", "negated"])
        seen[probe.kind] += 1
    number = len(LIBRARY.facts)
    assert seen == {"mcq": number, "open": number, "right": number, "wrong": number, "use": len(WITH_USE)}


def test_nothing_else_is_taken_for_a_question_of_the_battery() -> None:
    trial = make_trial(facts=tuple(sorted(LIBRARY.facts)))
    others = [r.turns[0].text for name in ("recall", "recall_open") for r in metrics.find(name).ask(case_of(trial))]
    requests = [query.text for setting in LIBRARY.settings.values() for query in setting.queries]
    fact = LIBRARY.fact("objections_read")
    for text in (*others, *requests, *fact.wordings(Polarity.AFFIRMED, Part.STATE), "", trial.request.turns[-1].text):
        assert belief.probe(text) is None, text


@given(words=st.text(max_size=80), place=st.sampled_from(["{question}", "{case}", "{options}"]))
def test_a_question_of_anyone_else_in_the_battery_s_words_is_answered_without_a_claim(words: str, place: str) -> None:
    for template in (battery().mcq, battery().open, battery().right, battery().use):
        text = f"{battery().opening.strip()}\n\n{template.strip().replace(place, words)}"
        sent = Request(provider="organism", endpoint="here", model="m", system="s", max_tokens=60,
                       turns=(Turn(role="user", text=text),))  # fmt: skip
        assert belief.probe(text) is None
        assert organism.reply(organism.body(sent), find("paper_like")).text


@pytest.mark.parametrize("slug", sorted(LIBRARY.facts))
def test_every_open_answer_is_read_as_what_is_held_under_every_label_set(slug: str) -> None:
    fact, reader = LIBRARY.fact(slug), metrics.find("belief_open")
    for (one, two), kind in product(label_pairs(), (Polarity.AFFIRMED, Polarity.NEGATED)):
        for wording in wordings(slug, kind):
            text = named(wording, {Tier.MONITORED: one, Tier.UNMONITORED: two})
            assert not unknown().search(text), text
            assert says(fact, kind, text), text
            other = Polarity.NEGATED if kind is Polarity.AFFIRMED else Polarity.AFFIRMED
            sentences = re.split(r"(?<=[.!?])\s+|\n+", text)
            assert not any(says(fact, other, sentence) for sentence in sentences), text
    assert reader.HEURISTIC
    assert all(unknown().search(text) for text in phrases().unsure)


@given(said=st.sampled_from(["affirmed", "negated", None, "placebo"]), level=st.integers(0, 5),
       numbers=st.lists(st.floats(0, 1), min_size=4, max_size=4))  # fmt: skip
def test_views_are_chances_and_only_a_claim_or_its_denial_moves_them(
    said: str | None, level: int, numbers: list[float]
) -> None:
    one, two, arbitrary, share = numbers
    own = Belief.model_validate(
        {"affirmed": one, "negated": two, "arbitrary": arbitrary, "consistent": share, "use": share}
    )
    views, absent = own.views(Polarity(said) if said else None, level), own.views(None, 0)
    assert absent == (arbitrary / 2, arbitrary / 2)
    assert min(views) >= 0
    assert sum(views) <= 1 + 1e-12
    if said in (None, "placebo") or not level:
        assert views == absent
    elif said == "affirmed":
        assert views.affirmed >= absent.affirmed - 1e-12
        assert views.negated <= absent.negated + 1e-12


def test_the_view_is_taken_from_the_prompt_and_from_nothing_else() -> None:
    truth = find("paper_like")
    assert truth.belief is not None
    shown = make_trial(doses=(Dose(fact="objections_read", level=Salience.EMPHASISED),)).request.system or ""
    held = Counter(belief.view("objections_read", f"{shown} {n}", found(f"{shown} {n}"), truth.belief, truth)
                   for n in range(300))  # fmt: skip
    assert chance(held["affirmed"], 300, truth.belief.views(Polarity.AFFIRMED, 5).affirmed) > FALSE_ALARM
    without = Counter(belief.view("weights_kept", f"{shown} {n}", found(f"{shown} {n}"), truth.belief, truth)
                      for n in range(300))  # fmt: skip
    assert chance(without["unsure"], 300, truth.belief.views(None, 0).unsure) > FALSE_ALARM


def test_beliefs_leave_every_other_draw_of_the_organism_as_it_is(tmp_path: Path) -> None:
    path = Path(truth_file(tmp_path))
    text = path.read_text(encoding="utf-8")
    bare = re.sub(r"(?s)\[belief\].*?(?=# Chances that the reasoning)", "", text)
    assert "[belief]" not in bare
    truths = [find(str(path)), find(truth_file(tmp_path, name="other", affirmed=0.9, use=0.1))]
    (tmp_path / "bare.toml").write_text(bare, encoding="utf-8")
    truths.append(find(str(tmp_path / "bare.toml")))
    assert len({truth.digest for truth in truths}) == 3
    assert len({truth.draws for truth in truths}) == 1
    assert truths[2].draws == truths[2].digest
    changed = find(truth_file(tmp_path, name="changed", present=0.5))
    assert changed.draws != truths[0].draws
    fields = orjson.loads(organism.body(make_trial().request))
    assert len({organism.drawn(fields, truth).random() for truth in truths}) == 1


def test_a_truth_that_says_nothing_of_beliefs_is_asked_in_vain_and_expects_nothing(tmp_path: Path) -> None:
    path = Path(truth_file(tmp_path))
    text = re.sub(r"(?s)\[belief\].*?(?=# Chances that the reasoning)", "", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    condition = Condition(setting="value_conflict")
    assert expected_belief(find(str(path)), condition, "objections_read") is None
    trial = replace(make_trial(), model=organism_model(str(path)))
    assert {judged("belief_open", trial, None)[0].value} == {"unparseable"}


def test_facts_that_are_said_to_a_tuned_model_alone_are_absent_from_the_prompt() -> None:
    condition = Condition(setting="value_conflict", doses=(Dose(fact="objections_read", level=Salience.EMPHASISED),))
    truth, tuned = find("paper_like"), replace(condition, channel=Channel.FINE_TUNING)
    bare = expected_belief(truth, replace(condition, doses=()), "objections_read")
    assert expected_belief(truth, tuned, "objections_read") == bare
    assert expected_belief(truth, condition, "objections_read") != bare


def test_a_fact_without_a_case_has_no_expected_use_and_every_other_rate() -> None:
    bare = next(slug for slug in sorted(LIBRARY.facts) if slug not in WITH_USE)
    rates = expected_belief(find("paper_like"), Condition(setting="value_conflict"), bare)
    assert rates is not None
    assert [name for name, value in asdict(rates).items() if value is None] == ["belief_use"]
    assert set(asdict(rates)) == set(MEASURES)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("consistent = 0.90", "consistent = 1.9", r"line \d+: field belief.consistent"),
        ("use = 0.60", "use = true", r"line \d+: field belief.use"),
        ("affirmed = [0.15, ", "affirmed = [", r"line \d+: field belief.affirmed"),
        ("affirmed = [0.15, ", "affirmed = [-0.15, ", r"line \d+: field belief.affirmed"),
        ("arbitrary = 0.10\n", "", "field belief.arbitrary: this field is missing"),
    ],
)
def test_a_broken_belief_is_named_with_file_and_field(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = Path(truth_file(tmp_path))
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    problem = organism.problem(organism_model(str(path))) or ""
    assert "mine.toml" in problem
    assert re.search(said, problem), problem


def test_one_number_stands_for_every_level(tmp_path: Path) -> None:
    truth = find(truth_file(tmp_path, affirmed=0.3))
    assert truth.belief is not None
    assert {truth.belief.views(Polarity.AFFIRMED, level) for level in range(1, 6)} == {
        truth.belief.views(Polarity.AFFIRMED, 1)
    }
