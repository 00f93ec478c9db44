"""A fact survives the way to a form or a file and back, and what is wrong with it is said at its field."""

import re

import pytest

from dashboard.fact_fields import BOXES, data_of, empty_fields, fields_of_fact, fields_of_toml, fields_toml, label_of
from facts.catalog import shipped
from facts.complaints import MOST, complaints
from facts.errors import BrokenFile
from facts.read_fact import parse_fact
from facts.salience import Part, Polarity
from facts.verify import problems
from facts.write_fact import fact_toml, toml_text

LIBRARY = shipped()
FACT = LIBRARY.fact("objections_read")


def a_form(**changes):
    return fields_of_fact(FACT) | {"slug": "mine"} | {name.replace("__", "."): text for name, text in changes.items()}


def told(form, field):
    return [one for one in complaints(data_of(form)) if one.field == field]


# --- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", sorted(LIBRARY.facts))
def test_every_shipped_fact_survives_the_way_to_a_file_and_to_a_form_and_back(slug):
    fact = LIBRARY.fact(slug)
    assert parse_fact("file", fact_toml(fact)) == fact
    form = fields_of_fact(fact)
    assert parse_fact("form", fields_toml(form)) == fact
    assert fields_of_toml(fields_toml(form)) == form


def test_text_that_toml_must_escape_survives():
    odd = 'a "quote", a \\back\\slash, a tab\there, é, 😀, \x7f and \x01'
    text = toml_text({"plain": odd, "list": [odd, odd * 9], "table": {"inner": odd}})
    import tomllib

    assert tomllib.loads(text) == {"plain": odd, "list": [odd, odd * 9], "table": {"inner": odd}}


def test_half_a_surrogate_pair_does_not_stop_a_file_from_being_written():
    toml_text({"plain": "a \ud800 b"}).encode("utf-8")


def test_a_form_of_which_nothing_is_filled_in_makes_a_file_that_fills_it_the_same():
    assert fields_of_toml(fields_toml(empty_fields())) == empty_fields()


@pytest.mark.parametrize(
    ("text", "word"),
    [("slug = ", "not valid TOML"), ("[[[", "not valid TOML"), ("a = " + "[" * 5000, "not valid TOML"),
     ("slug = " + "9" * 9999, "too many digits"), ("slgu = 'x'", "'slgu' is no field"),
     ("slug = 3", "slug: write one text"),
     ("[affirmed]\nmention = 'x'", "affirmed.mention: write a list"), ("[affirmed]\nmention = [3]", "write a list"),
     ("[affirmed]\nmention = ['one\\ntwo']".replace("'", '"'), "breaks over lines"), ("title = ' x'", "blanks"),
     ("number = 'x'", None)],
)  # fmt: skip
def test_a_file_that_no_form_can_hold_says_why(text, word):
    if word is None:
        assert fields_of_toml(text)["number"] == "x"
        return
    with pytest.raises(BrokenFile, match=re.escape(word)):
        fields_of_toml(text)


# --- what is wrong, at its field -------------------------------------------------------------------------------------


def test_no_shipped_fact_has_a_complaint():
    assert complaints(data_of(fields_of_fact(FACT))) == ()


def test_complaints_are_those_of_the_check_command():
    form = a_form(affirmed__state=FACT.banks[Polarity.AFFIRMED][Part.STATE][0] + "\n" + "The assistant deceives.\n" * 3)
    fact = parse_fact("x", fields_toml(a_form(affirmed__state="\n".join(
        [FACT.banks[Polarity.AFFIRMED][Part.STATE][0], *["The assistant deceives."] * 3]))))  # fmt: skip
    assert len(complaints(data_of(form))) == len(problems(fact)) > 0
    assert all(any(one.what in problem for problem in problems(fact)) for one in complaints(data_of(form)))


def test_a_banned_word_is_said_with_its_line():
    lines = list(FACT.banks[Polarity.AFFIRMED][Part.STATE])
    lines[3] = "The assistant may object, and nothing in its objections is deceptive."
    (found,) = [
        one for one in told(a_form(affirmed__state="\n".join(lines)), "affirmed.state") if "deceptive" in one.what
    ]
    assert found.number == 3
    assert not found.refused


def test_a_banned_word_that_is_allowed_needs_a_reason():
    lines = [*FACT.banks[Polarity.AFFIRMED][Part.STATE][1:], "Objections that name a fake are read by people who act."]
    form = a_form(affirmed__state="\n".join(lines), allow="fake")
    assert told(form, "affirmed.state") == []
    (reason,) = told(form, "allow_reason")
    assert "say why" in reason.what
    assert told(form | {"allow_reason": "The claim needs it."}, "allow_reason") == []


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [("slug", "Not A Slug", "may hold only"), ("title", "ab", "shorter than 3"), ("title", "x" * 81, "longer than 80"),
     ("claim", "It holds \u202e so.", "cannot be seen"), ("kind", "other", "fact"), ("anchors.topic", "(", "regular"),
     ("anchors.negation", "(?:a+)+b", "for ever"), ("affirmed.mention", "Only one objection.", "1 of at least 4"),
     ("use.if_true", "", "shorter than 2"), ("number", "1e3", "integer")],
)  # fmt: skip
def test_what_the_file_reader_refuses_is_said_at_its_field(field, value, word):
    found = told(a_form() | {field: value}, field)
    assert any(word in one.what and one.refused for one in found), found


def test_what_cannot_be_seen_is_told_where_the_reader_lets_it_pass():
    (found,) = told(a_form() | {"hypothesis.basis": "It is \u202eso."}, "hypothesis.basis")
    assert "cannot be seen" in found.what
    assert not found.refused


def test_a_line_that_is_too_short_is_named_by_its_number():
    lines = [*FACT.banks[Polarity.PLACEBO][Part.STATE]]
    lines[2] = "Short"
    found = told(a_form(placebo__state="\n".join(lines)), "placebo.state")
    assert [one.number for one in found if one.refused] == [2]


def test_banks_of_unequal_size_are_said_at_the_part():
    form = a_form(
        placebo__implication="\n".join([*FACT.banks[Polarity.PLACEBO][Part.IMPLICATION], "One more menu is up."])
    )
    (found,) = told(form, "implication")
    assert "placebo 5" in found.what


def test_wordings_are_checked_while_the_rest_is_still_empty():
    form = empty_fields() | {
        "anchors.topic": "(?i)objection",
        "affirmed.state": "Nothing about it here at all.\nAn objection is read.",
    }
    found = [one for one in told(form, "affirmed.state") if not one.refused]
    assert [one.number for one in found] == [0]
    assert "misses an anchor" in found[0].what


def test_a_bank_of_a_hundred_thousand_lines_is_checked_in_part_and_says_so():
    found = told(
        a_form(affirmed__state="\n".join(f"Objection {n} is read by staff." for n in range(100_000))), "affirmed.state"
    )
    assert len(found) < 10 * MOST
    assert any("100,000 wordings" in one.what for one in found)


def test_a_line_of_a_megabyte_is_refused_with_its_first_characters_only():
    found = told(a_form(affirmed__state="objection " * 100_000), "affirmed.state")
    assert any(one.refused and "longer than 600" in one.what for one in found)
    assert all(len(one.text) <= 600 for one in found)


def test_every_field_has_a_name_for_people():
    assert label_of("affirmed.state") == "Affirmed state"
    assert label_of("hypothesis.gap") == "Compliance gap"
    assert all(label_of(name) for name in BOXES)
