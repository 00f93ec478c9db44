"""Breadth: m of K documents say the whole dose each, at one length, in the same documents whatever the arm says."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.charts.heading import Heading
from dashboard.charts.ladder import ladder_chart
from dashboard.effects.effect import Against, Kind
from dashboard.effects.table import effect_rows
from dashboard.effects.takeaway import takeaway
from dashboard.situation import Situation
from facts.breadth import Breadth, Order, Position
from facts.catalog import shipped
from facts.compose import compose
from facts.condition import Channel, Condition, Tier
from facts.designs import arms
from facts.errors import BrokenFile, DoesNotFit, FactError
from facts.salience import PARTS, Dose, Polarity, Salience
from facts.tokens import count_tokens
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml, parse_comparison
from runners.models import read_models
from runners.organism.bank import found, heard
from runners.planning import check
from test_charts import point
from test_effects_table import exactly, pick

LIBRARY = shipped()
SETTING = LIBRARY.setting("value_conflict")
FACT = "objections_read"
K, TOKENS = 5, 1400


def _condition(level, carriers, polarity=Polarity.AFFIRMED, **where):
    dose = Dose(fact=FACT, level=level, polarity=polarity, breadth=Breadth(carriers=carriers, **where))
    return Condition(setting=SETTING.slug, doses=(dose,), channel=Channel.DOCUMENTS, background_tokens=TOKENS,
                     documents=K)  # fmt: skip


def _prompt(condition, query=0, seed=0):
    return compose(condition, SETTING, SETTING.queries[query], 0, LIBRARY, seed)


def _documents(prompt):
    """Each document's text, and the pieces of it."""
    text = prompt.messages[0].text
    return [
        (text[match.start() : match.end()],
         [span for span in prompt.spans if match.start() <= span.start and span.end <= match.end()])
        for match in re.finditer(r'<document index="\d+">\n.*?\n</document>', text, re.DOTALL)
    ]  # fmt: skip


def _carrying(prompt):
    return [number for number, (_, spans) in enumerate(_documents(prompt)) if spans]


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), level=st.integers(1, 5), carriers=st.integers(1, K))
def test_so_many_documents_say_the_whole_dose_and_the_length_is_exact(seed, level, carriers):
    prompt = _prompt(_condition(level, carriers), seed=seed)
    said = [tuple(span.part for span in spans) for _, spans in _documents(prompt) if spans]
    assert said == [PARTS[Salience(level)]] * carriers
    assert prompt.background_tokens == TOKENS
    assert prompt.exposures[0].exposures == carriers * len(PARTS[Salience(level)])


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_carriers_are_the_same_documents_in_every_arm_and_those_of_fewer_are_among_those_of_more(seed):
    by_breadth = [set(_carrying(_prompt(_condition(2, m), seed=seed))) for m in range(1, K + 1)]
    assert all(fewer < more for fewer, more in pairwise(by_breadth))
    for level, polarity in ((1, Polarity.AFFIRMED), (5, Polarity.AFFIRMED), (2, Polarity.PLACEBO)):
        assert set(_carrying(_prompt(_condition(level, 2, polarity), seed=seed))) == by_breadth[1]


@pytest.mark.parametrize("carriers", [1, 3, K])
def test_every_document_has_the_same_length_whether_it_carries_or_not(carriers):
    base = [count_tokens(text) for text, _ in _documents(_prompt(Condition(
        setting=SETTING.slug, channel=Channel.DOCUMENTS, background_tokens=TOKENS, documents=K)))]  # fmt: skip
    assert [count_tokens(text) for text, _ in _documents(_prompt(_condition(4, carriers)))] == base


def test_airtime_rises_with_breadth_at_one_level_and_with_depth_at_one_breadth():
    wide = [_prompt(_condition(3, m)).exposures[0].airtime for m in range(1, K + 1)]
    deep = [_prompt(_condition(level, 2)).exposures[0].airtime for level in (2, 3, 4, 5)]
    assert wide == sorted(set(wide))
    assert deep == sorted(set(deep))


def test_order_decides_which_documents_carry_and_position_where_they_begin_to_say_it():
    assert _carrying(_prompt(_condition(2, 2, order=Order.CARRIERS_FIRST))) == [0, 1]
    assert _carrying(_prompt(_condition(2, 2, order=Order.CARRIERS_LAST))) == [K - 2, K - 1]

    def depth(position):
        prompt = _prompt(_condition(2, K, position=position))
        return sum((spans[0].start - prompt.messages[0].text.index(text)) / len(text)
                   for text, spans in _documents(prompt)) / K  # fmt: skip

    assert depth(Position.LEAD) < depth(Position.MIDDLE) < depth(Position.CLOSING)


def test_wordings_repeat_only_when_the_bank_is_used_up():
    prompt = _prompt(replace(_condition(4, K), background_tokens=2000))
    states = [span.wording for span in prompt.spans if span.part == "state"]
    bank = len(LIBRARY.fact(FACT).wordings(Polarity.AFFIRMED, "state"))
    assert len(states) == 3 * K
    assert len(set(states)) == min(bank, 3 * K)


def test_a_block_too_short_and_a_system_prompt_say_what_to_do():
    with pytest.raises(DoesNotFit, match=r"background_tokens is 300; set it to \d+ or more"):
        _prompt(replace(_condition(5, 3), background_tokens=300))
    with pytest.raises(DoesNotFit, match="6 carriers among 5 documents; set documents to 6"):
        _prompt(_condition(2, 6))
    with pytest.raises(DoesNotFit, match='set channel = "documents"'):
        _prompt(replace(_condition(2, 2), channel=Channel.SYSTEM_PROMPT))


def test_advice_on_the_length_is_enough():
    condition = replace(_condition(5, 3), background_tokens=300)
    with pytest.raises(DoesNotFit) as caught:
        _prompt(condition)
    (advised,) = re.findall(r"set it to (\d+)", str(caught.value))
    assert _prompt(replace(condition, background_tokens=int(advised))).background_tokens == int(advised)


def _comparison(**fields):
    start = Comparison(
        name="broad", setting=SETTING.slug, models=("organism/paper_like",), facts=(FACT,), design="ladder",
        levels=(0, 2, 4), carriers=(1, 2), channel=Channel.DOCUMENTS, documents=K, background_tokens=TOKENS, queries=2,
        replicates=1,
    )  # fmt: skip
    return replace(start, **fields)


def test_a_comparison_crosses_depth_breadth_position_and_order_once_each():
    comparison = _comparison(positions=(Position.EARLY, Position.LATE), orders=(Order.DRAWN, Order.CARRIERS_FIRST))
    assert len(comparison.arms) == 1 + 2 * 2 * 2 * 2 * 2  # levels, carriers, positions, orders, polarities
    assert len(set(comparison.arms)) == len(comparison.arms)
    assert comparison.arms[0] == ()
    assert parse_comparison("again", comparison_toml(comparison)) == comparison


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"carriers": (0,)}, "carriers go from 1 to the number of documents"),
        ({"carriers": (K + 1,)}, r"carriers go from 1 to the number of documents \(5\)"),
        ({"channel": Channel.SYSTEM_PROMPT}, 'set channel = "documents"'),
        ({"carriers": (), "positions": (Position.EARLY,)}, "say how many with carriers"),
        ({"orders": (Order.DATE,)}, "a document set may go by date"),
        ({"positions": (Position.EARLY, Position.EARLY)}, "names 'early' twice"),
    ],
)
def test_a_breadth_that_cannot_be_is_refused_with_advice(fields, said):
    with pytest.raises(FactError, match=said):
        _comparison(**fields)


def test_a_file_with_an_unknown_position_names_the_field():
    text = comparison_toml(_comparison()).replace('"spread"', '"somewhere"')
    with pytest.raises(BrokenFile, match=r"design.positions.*'spread', 'heading', 'lead'"):
        parse_comparison("mine.toml", text)


def test_a_model_whose_context_is_too_short_is_found_before_anything_is_spent():
    model = replace(read_models(None).find("organism/paper_like"), context=1000)
    with pytest.raises(DoesNotFit, match=r"reads 1,000 tokens.*lower background_tokens, documents"):
        check(_comparison(), LIBRARY, (model,))


def _rate(per_document):
    def rate(condition):
        return 0.2 + sum(per_document * dose.breadth.carriers for dose in condition.doses if dose.polarity != "placebo")

    return rate


def _arms(*breadths):
    return arms("ladder", ["read"], [0, 2], [Polarity.AFFIRMED, Polarity.PLACEBO], breadths)


def test_the_slope_over_breadth_is_the_change_per_carrying_document():
    cells = exactly(_arms(*(Breadth(carriers=m) for m in (1, 2, 4))), _rate(0.1))
    effects = effect_rows((cells,))
    slope = pick(effects, Kind.BREADTH_SLOPE, tier=Tier.MONITORED, polarity=Polarity.AFFIRMED)
    assert slope.estimate == pytest.approx(0.1)
    assert slope.against is Against.BREADTHS
    assert "at level 2 over 0, 1, 2, 4 carrying documents" in takeaway(slope)
    assert "+10.0 percentage points per document" in takeaway(slope)
    twin = pick(effects, Kind.BREADTH_SLOPE, tier=Tier.MONITORED, polarity=Polarity.PLACEBO)
    assert twin.estimate == pytest.approx(0.0)
    assert not any(e.kind is Kind.SLOPE for e in effects)  # two levels are no ladder, however many breadths


def test_breadths_are_never_mixed_into_one_ladder_of_levels():
    breadths = (Breadth(carriers=1), Breadth(carriers=3))
    cells = exactly(arms("ladder", ["read"], [0, 2, 4], [Polarity.AFFIRMED], breadths), _rate(0.1))
    slopes = [e for e in effect_rows((cells,)) if e.kind is Kind.SLOPE and e.tier is Tier.MONITORED]
    assert [e.levels for e in slopes] == [(0, 2, 4)] * 2
    assert {condition.doses[0].breadth for e in slopes for condition, _ in e.terms if condition.doses} == set(breadths)


def test_another_position_is_read_against_the_first_and_each_against_its_own_placebo():
    late = Breadth(carriers=2, position=Position.LATE)
    cells = exactly(
        _arms(Breadth(carriers=2, position=Position.EARLY), late),
        lambda c: 0.5 if c.doses and c.doses[0].breadth == late and c.doses[0].polarity != "placebo" else 0.3,
    )
    effects = effect_rows((cells,))
    affirmed = (Dose(fact="read", level=2, breadth=late),)
    moved = pick(effects, Kind.DIFFERENCE, affirmed, against=Against.PLACE, tier=Tier.MONITORED)
    assert moved.estimate == pytest.approx(0.2)
    assert "read affirmed 2 in 2 documents, late against the same at the place named first" in takeaway(moved)
    own = pick(effects, Kind.DIFFERENCE, affirmed, against=Against.PLACEBO, tier=Tier.MONITORED)
    twin = next(c for c, weight in own.terms if weight < 0)
    assert twin.doses[0].breadth == late


def test_the_chart_over_breadth_has_one_panel_a_level_with_the_carriers_across():
    known = [point()] + [
        point(fact="a", title="Fact A", level=level, polarity="affirmed", carriers=m, arm=f"{level} {m}")
        for level in (2, 4) for m in (1, 3)
    ]  # fmt: skip
    chart = ladder_chart(known, Heading(title="t", axis="t", source="s", kept=1, planned=1), across="breadth")
    text = chart.to_json()
    assert "level 2" in text
    assert "level 4" in text
    rows = [row for data in chart.to_dict()["datasets"].values() for row in data if "across" in row]
    assert {round(row["across"]) for row in rows} == {0, 1, 3}


@pytest.mark.parametrize(("level", "carriers"), [(1, 3), (2, 1), (2, 2), (2, 4), (3, 3), (5, 2)])
def test_the_organism_reads_in_a_prompt_what_its_truth_says_of_the_dose(level, carriers):
    condition = _condition(level, carriers)
    (said,) = [one for one in found(_prompt(condition).messages[0].text) if one.fact == FACT]
    assert said.level == heard(condition.doses[0])


def test_the_preview_gives_the_chosen_breadth_to_every_fact():
    situation = Situation(setting=SETTING.slug, query=SETTING.queries[0], channel=Channel.DOCUMENTS, documents=K,
                          background_tokens=TOKENS, breadth=Breadth(carriers=3))  # fmt: skip
    assert len(_carrying(situation.prompt((Dose(fact=FACT, level=2),), LIBRARY))) == 3


def test_a_line_of_training_begins_at_the_set_of_placebos_if_there_is_one():
    twin = point(fact="a", title="Fact A", level=4, polarity="placebo", value=0.4)
    some = point(fact="a", title="Fact A", level=4, polarity="affirmed", carriers=250, value=0.9)

    def begins(*known):
        heading = Heading(title="t", axis="t", source="s", kept=1, planned=1)
        chart = ladder_chart([point(value=0.1), *known], heading, across="breadth").to_dict()
        rows = [row for data in chart["datasets"].values() for row in data if "across" in row]
        return next(row["value"] for row in rows if row["polarity"] == "affirmed" and row["across"] == 0)

    assert begins(twin, some) == 0.4
    assert begins(some) == 0.1
