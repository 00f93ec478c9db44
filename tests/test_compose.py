"""Composing obeys replace, never append: louder facts displace filler, and nothing else about a prompt changes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.catalog import shipped
from facts.compose import compose
from facts.condition import Channel, Condition, Reasoning, Tier
from facts.errors import DoesNotFit, FactError, UnknownName
from facts.own_words import own_words, twin_of
from facts.salience import PARTS, Dose, Polarity, Salience
from facts.setting import Query
from facts.tokens import count_tokens

LIBRARY = shipped()
VALUE = LIBRARY.setting("value_conflict")
FACT = LIBRARY.fact("objections_read")
slugs = st.sampled_from(sorted(LIBRARY.facts))
doses = st.builds(Dose, fact=slugs, level=st.sampled_from(list(Salience)), polarity=st.sampled_from(list(Polarity)))


def condition(*chosen, **changes):
    return Condition(setting="value_conflict", doses=tuple(chosen), **changes)


def dose(level, polarity=Polarity.AFFIRMED, fact="objections_read"):
    return Dose(fact=fact, level=Salience(level), polarity=polarity)


def made(*chosen, query=0, replicate=0, **changes):
    return compose(condition(*chosen, **changes), VALUE, VALUE.queries[query], replicate, LIBRARY)


@settings(max_examples=60, deadline=None)
@given(dose=doses, query=st.integers(0, len(VALUE.queries) - 1), replicate=st.integers(0, 9))
def test_length_is_constant_over_levels_and_polarities(dose, query, replicate):
    with_fact = made(dose, query=query, replicate=replicate)
    without = made(query=query, replicate=replicate)
    assert abs(with_fact.background_tokens / without.background_tokens - 1) <= 0.02
    assert abs(with_fact.tokens / without.tokens - 1) <= 0.02


@settings(max_examples=60, deadline=None)
@given(dose=doses, query=st.integers(0, len(VALUE.queries) - 1))
def test_spans_are_exact_and_say_what_the_level_says(dose, query):
    prompt = made(dose, query=query)
    bank = LIBRARY.fact(dose.fact).banks[dose.polarity]
    for span in prompt.spans:
        shown = prompt.messages[span.message].text[span.start : span.end]
        wording = bank[span.part][span.wording].replace("{monitored}", "free").replace("{unmonitored}", "paid")
        assert shown == wording
    assert sorted(span.part for span in prompt.spans) == sorted(PARTS[dose.level])
    assert len({(span.part, span.wording) for span in prompt.spans}) == len(prompt.spans)  # no wording twice


@settings(max_examples=40, deadline=None)
@given(chosen=st.lists(doses, min_size=2, max_size=3, unique_by=lambda d: d.fact), query=st.integers(0, 47))
def test_the_order_in_which_facts_are_toggled_never_matters(chosen, query):
    one = made(*chosen, query=query % len(VALUE.queries), background_tokens=520)
    two = made(*reversed(chosen), query=query % len(VALUE.queries), background_tokens=520)
    assert one == two


@settings(max_examples=30, deadline=None)
@given(slug=slugs, query=st.integers(0, len(VALUE.queries) - 1))
def test_an_absent_facts_words_never_appear(slug, query):
    text = "\n".join(message.text for message in made(query=query).messages)
    for bank in LIBRARY.fact(slug).banks.values():
        for wordings in bank.values():
            for wording in wordings:
                assert wording not in text


def test_level_0_is_absence_whatever_its_polarity():
    assert made(dose(0, Polarity.PLACEBO)) == made() == made(dose(0, Polarity.NEGATED))


def test_the_baseline_and_every_arm_share_frame_query_options_and_filler():
    """Pairs: only the fact and the filler that it displaces may differ."""
    base, loud = made(), made(dose(5))
    assert base.messages[1] == loud.messages[1]
    assert base.frame == loud.frame
    assert base.reading == loud.reading
    said = [loud.messages[0].text[s.start : s.end] for s in loud.spans]
    rest = loud.messages[0].text
    for sentence in said:
        rest = rest.replace(sentence, "")
    sentences = [s.strip() for s in rest.split(".") if s.strip()]
    shared = sum(sentence in base.messages[0].text for sentence in sentences)
    assert shared >= len(sentences) - 4  # the last few sentences close the gap to the exact length


def test_the_placebo_twin_stands_in_the_same_places():
    affirmed, placebo = made(dose(4)), made(dose(4, Polarity.PLACEBO))
    assert [(s.part, s.wording) for s in affirmed.spans] == [(s.part, s.wording) for s in placebo.spans]


def test_tiers_differ_in_the_users_message_alone_so_that_the_long_prefix_is_shared():
    free, paid = made(dose(3), tier=Tier.MONITORED), made(dose(3), tier=Tier.UNMONITORED)
    assert free.messages[0] == paid.messages[0]
    assert free.messages[1] != paid.messages[1]


def test_level_5_speaks_last_and_louder_levels_take_more_airtime():
    loud = made(dose(5))
    assert loud.messages[0].text.rstrip().endswith(loud.messages[0].text[loud.spans[-1].start : loud.spans[-1].end])
    shares = [made(dose(level)).exposures[0].airtime for level in (2, 3, 4, 5)]
    assert shares == sorted(shares)
    assert len(set(shares)) == 4


def test_exposures_are_computed_from_the_rendered_text():
    prompt = made(dose(3))
    (row,) = prompt.exposures
    said = sum(
        count_tokens(own_words(prompt.messages[0].text[s.start : s.end],
                               twin_of(LIBRARY.fact(s.fact), s.polarity, s.part, s.wording)))
        for s in prompt.spans
    )  # fmt: skip
    total = sum(count_tokens(message.text) for message in prompt.messages)
    assert (row.exposures, row.airtime) == (2, said / total)
    assert 0 < row.first < row.last < 1


def test_options_change_places_between_replicates_and_balance_over_queries():
    readings = [[made(query=q, replicate=r).reading["policy"] for r in range(2)] for q in range(40)]
    assert all(sorted(pair) == ["A", "B"] for pair in readings)
    assert sum(pair[0] == "A" for pair in readings) == 20


def test_frames_and_wordings_vary_with_query_and_replicate():
    prompts = [made(dose(2), query=q, replicate=r) for q in range(12) for r in range(4)]
    assert len({prompt.frame for prompt in prompts}) == len(VALUE.frames)
    assert len({prompt.spans[0].wording for prompt in prompts}) >= 8


@pytest.mark.parametrize("labels", sorted(VALUE.labels))
def test_every_label_set_names_the_tiers_in_system_and_user(labels):
    words = VALUE.labels[labels]
    prompt = made(labels=labels, tier=Tier.UNMONITORED)
    assert words[Tier.UNMONITORED] in prompt.messages[1].text
    assert all(word in prompt.messages[0].text for word in words.values())


@pytest.mark.parametrize("slug", sorted(LIBRARY.settings))
def test_no_hole_is_left_open_in_any_setting_variant_or_reasoning_mode(slug):
    setting = LIBRARY.setting(slug)
    for variant in setting.variants:
        for mode in setting.formats:
            for replicate in range(12):
                one = condition(dose(2), variant=variant, reasoning=Reasoning(mode))
                prompt = compose(replace(one, setting=slug), setting, setting.queries[0], replicate, LIBRARY)
                assert not any("{" in message.text for message in prompt.messages)


def test_braces_in_a_users_query_are_left_as_they_are():
    query = Query(
        id="own", text="What is {background} and {query}?", fields={"option_policy": "{tiers}", "option_value": "b"}
    )
    prompt = compose(condition(dose(2)), VALUE, query, 0, LIBRARY)
    assert "What is {background} and {query}?" in prompt.messages[1].text
    assert "{tiers}" in prompt.messages[1].text


def test_doses_that_do_not_fit_say_how_much_room_they_need():
    with pytest.raises(DoesNotFit, match=r"set background_tokens to at least \d+"):
        made(dose(5), background_tokens=90)
    with pytest.raises(DoesNotFit, match="lower it"):
        made(background_tokens=50_000)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"labels": "free_payd"}, "did you mean 'free_paid'"), ({"variant": "noconflict"}, "did you mean 'no_conflict'")],
)
def test_unknown_names_say_what_is_near(changes, message):
    with pytest.raises(UnknownName, match=message):
        made(**changes)


def test_an_unknown_fact_says_what_is_near():
    with pytest.raises(UnknownName, match="did you mean 'objections_read'"):
        made(dose(2, fact="objection_read"))


def test_a_fact_without_a_wording_says_where_to_add_it():
    broken = replace(FACT, banks={Polarity.AFFIRMED: {}})
    library = replace(LIBRARY, facts={"objections_read": broken})
    with pytest.raises(FactError, match=r"no wording for affirmed state; add a list `state` under \[affirmed\]"):
        compose(condition(dose(2)), VALUE, VALUE.queries[0], 0, library)


def test_a_condition_carries_each_fact_once():
    with pytest.raises(ValueError, match="each fact once"):
        condition(dose(2), dose(3))


@settings(max_examples=15, deadline=None)
@given(dose=doses, query=st.integers(0, 20))
def test_documents_carry_the_same_doses_at_constant_length(dose, query):
    prompt = made(dose, query=query, channel=Channel.DOCUMENTS, background_tokens=640)
    base = made(query=query, channel=Channel.DOCUMENTS, background_tokens=640)
    assert abs(prompt.background_tokens / base.background_tokens - 1) <= 0.02
    assert len(prompt.spans) == len(PARTS[dose.level])
