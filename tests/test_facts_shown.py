"""Facts are filtered, set side by side and compared as plain text, whatever stands in them."""

import re
from dataclasses import replace

import pytest

from dashboard.fact_filter import FactFilter, directions, listed, published
from dashboard.marked import Mark
from dashboard.prompt_documents import document_rows, set_rows
from dashboard.shown_text import label, shown
from dashboard.situation import Situation, turned
from dashboard.two_prompts import changed_words, differing, pairs, pieces, summary, two_html
from dashboard.wording_table import MOST, anchor_marks, level_words, levels_html, polarities_html
from facts.catalog import shipped
from facts.condition import Channel, Tier
from facts.salience import Dose, Part, Polarity, Salience

LIBRARY = shipped()
SETTING = LIBRARY.setting("value_conflict")
SITUATION = Situation(setting=SETTING.slug, query=SETTING.queries[0])
DOSES = (Dose(fact="objections_read", level=5),)
FACT = LIBRARY.fact("objections_read")
HOSTILE = (
    "![x](http://evil.example/?q) <img src=x onerror=alert(1)> \u202eabc\u200b </td></table><script>alert(2)</script>"
)


def banked(*texts):
    return replace(FACT, banks={polarity: dict.fromkeys(Part, tuple(texts)) for polarity in Polarity})


# --- filters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ways"),
    [("↑", {"raises"}), ("↓↓", {"lowers"}), ("↑/↓", {"raises", "lowers"}), ("~", {"none"}), ("~0", {"none"}),
     ("–", {"none"}), ("0", {"none"}), ("≤0", {"lowers", "none"}), ("?", {"unknown"}), ("", {"unknown"}),
     ("↑?", {"raises"}),
     ("judge ↑, behaviour ~", {"raises", "none"}), ("shift", {"none"}), (HOSTILE, {"unknown"})],
)  # fmt: skip
def test_a_hypothesis_is_read_as_the_directions_that_it_may_come_to(text, ways):
    assert directions(text) == ways


def test_every_shipped_fact_is_found_by_some_direction_and_by_one_source():
    every = [f for way in ("raises", "lowers", "none", "unknown") for f in LIBRARY.facts.values()
             if FactFilter(gap=way).lists(f, own=False)]  # fmt: skip
    assert {fact.slug for fact in every} == set(LIBRARY.facts)
    cited = [fact for fact in LIBRARY.facts.values() if published(fact)]
    assert 0 < len(cited) < len(LIBRARY.facts)
    assert all("of this project" not in fact.hypothesis.source for fact in cited)


def test_controls_are_listed_apart_and_own_facts_can_be_told_from_shipped():
    facts, controls = listed(LIBRARY.facts.values(), (), FactFilter())
    assert {fact.kind for fact in facts} == {"fact"}
    assert {fact.kind for fact in controls} == {"control"}
    assert len(facts) + len(controls) == len(LIBRARY.facts)
    mine, none = listed(LIBRARY.facts.values(), {"weights_kept"}, FactFilter(source="own"))
    assert ([fact.slug for fact in mine], none) == (["weights_kept"], ())


def test_filters_go_together():
    wanted = FactFilter(
        words="objections", categories=("voice",), faking="lowers", source="published", only={FACT.slug}
    )
    assert wanted.lists(FACT, own=False)
    for change in ({"words": "menus of"}, {"categories": ("values",)}, {"faking": "raises"}, {"source": "hypothesis"},
                   {"only": ()}):  # fmt: skip
        assert not replace(wanted, **change).lists(FACT, own=False)


# --- outside text ----------------------------------------------------------------------------------------------------


def test_shown_text_is_one_short_line_in_which_everything_can_be_seen():
    assert shown("a\n\n b\u202e\u200bc") == "a b\ufffd\ufffdc"
    assert len(shown("x" * 1_000_000)) == 400
    assert "![" not in label(HOSTILE)


@pytest.mark.parametrize("address", ["http://a.example/", "HTTPS://a.example", "www.a.example", "me@a.example"])
def test_a_bare_address_is_no_link(address):
    assert "\u2060" in label(address)
    assert label(address).replace("\u2060", "").replace("\\", "") == address


OURS = {"div", "table", "thead", "tbody", "tr", "th", "td", "br", "small", "strong", "p", "ol", "li", "span", "mark"}


def tags(html):
    return set(re.findall(r"<\s*/?\s*([a-z]+)", html))


def test_wordings_side_by_side_have_no_live_text():
    fact = replace(banked(HOSTILE, "objection " * 9), title=HOSTILE)
    for html in (levels_html(fact, list(Salience)[1:], Polarity.AFFIRMED, anchors=True),
                 polarities_html(fact, Salience.EMPHASISED, anchors=True)):  # fmt: skip
        assert tags(html) <= OURS
        assert "&lt;script&gt;" in html


def test_two_prompts_side_by_side_have_no_live_text():
    html = two_html((HOSTILE, ()), (HOSTILE[::-1], ()), (HOSTILE, "b"), HOSTILE)
    assert tags(html) <= {"table", "thead", "tbody", "tr", "th", "td", "span"}


# --- wordings --------------------------------------------------------------------------------------------------------


def test_every_wording_stands_once_among_all_levels():
    html = levels_html(FACT, list(Salience)[1:], Polarity.NEGATED, anchors=False)
    for part in Part:
        for text in FACT.banks[Polarity.NEGATED][part]:
            assert html.count(text.replace("'", "&#x27;")) == 1
    assert "the same as at level 2" in html


def test_a_level_alone_shows_all_that_it_says():
    html = levels_html(FACT, [Salience.EMPHASISED], Polarity.AFFIRMED, anchors=False)
    assert "the same as" not in html
    assert FACT.banks[Polarity.AFFIRMED][Part.STATE][5] in html
    assert "nearest the query" in level_words(Salience.EMPHASISED)


def test_twins_stand_in_one_row_and_a_missing_one_is_said():
    shorter = dict(FACT.banks) | {Polarity.PLACEBO: dict(FACT.banks[Polarity.PLACEBO]) | {Part.STATE: ()}}
    html = polarities_html(FACT, Salience.STATED, anchors=False)
    row = next(row for row in html.split("<tr>") if FACT.banks[Polarity.AFFIRMED][Part.STATE][3] in row)
    assert FACT.banks[Polarity.NEGATED][Part.STATE][3] in row
    assert FACT.banks[Polarity.PLACEBO][Part.STATE][3] in row
    assert ">none<" in polarities_html(replace(FACT, banks=shorter), Salience.STATED, anchors=False)


def test_a_long_bank_is_shown_in_part_and_says_how_many_are_left():
    html = levels_html(banked(*(f"Objection {n} is read." for n in range(9_000))), [Salience.STATED], Polarity.AFFIRMED,
                       anchors=True)  # fmt: skip
    assert f"{9_000 - MOST:,} more" in html
    assert len(html) < 100_000


def test_anchors_are_marked_where_they_hit():
    text = "No objection is read."
    assert sorted(text[mark.start : mark.end] for mark in anchor_marks(FACT, text)) == ["No", "objection"]


# --- two prompts -----------------------------------------------------------------------------------------------------


def test_pieces_are_all_of_the_text():
    for text in ("", "a", "One. Two! Three?\n\n- four\n", "\n\nx", SITUATION.prompt(DOSES, LIBRARY).messages[0].text):
        assert "".join(text[a:b] for a, b in pieces(text)) == text


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("doses", [(), DOSES, turned(DOSES)])
def test_pairs_are_all_of_both_prompts_and_what_is_the_same_is_the_same(doses, tier):
    left = SITUATION.prompt(DOSES, LIBRARY).messages[0].text
    right = replace(SITUATION, tier=tier).prompt(doses, LIBRARY).messages[0].text
    found = pairs(left, right)
    assert "".join(left[slice(*pair.left)] for pair in found) == left
    assert "".join(right[slice(*pair.right)] for pair in found) == right
    assert all(left[slice(*p.left)].split() == right[slice(*p.right)].split() for p in found if p.same)
    assert (changed_words(found, left, right) == (0, 0)) == (left == right)


def test_only_the_words_that_differ_are_marked():
    left, right = "Objections are read by staff today.", "Objections are not read by staff."
    mine, theirs = differing(left, right)
    assert [left[a:b].strip() for a, b in mine] == ["today"]
    assert [right[a:b].strip() for a, b in theirs] == ["not"]


def test_the_tiers_differ_in_one_word_of_the_message():
    one, other = (replace(SITUATION, tier=tier).prompt(DOSES, LIBRARY) for tier in Tier)
    assert "1 word only on the left and 1 word only on the right" in summary(one, other)
    assert "word for word" in summary(one, one)


def test_marks_of_facts_survive_the_cuts_at_differences():
    mark = Mark(start=0, end=14, title="a fact")
    html = two_html(("One fact here.", (mark,)), ("One other fact here.", ()), ("a", "b"), "both")
    assert "".join(re.findall(r"<mark[^>]*>([^<]*)</mark>", html)) == "One fact here."
    assert [word.strip() for word in re.findall(r'<span style="font-weight:700[^>]*>([^<]*)</span>', html)] == ["other"]


def test_a_very_long_text_is_underlined_whole_and_quickly():
    mine, theirs = differing("a " * 50_000, "b " * 50_000)
    assert (mine, theirs) == (((0, 100_000),), ((0, 100_000),))


# --- documents -------------------------------------------------------------------------------------------------------


def test_the_documents_of_a_prompt_are_listed_with_genre_and_what_they_carry():
    situation = replace(SITUATION, channel=Channel.DOCUMENTS, background_tokens=640)
    prompt = situation.prompt(DOSES, LIBRARY)
    rows = document_rows(prompt, LIBRARY, situation.genres())
    assert [row["Document"][:2] for row in rows] == ["1 ", "2 ", "3 ", "4 "]
    assert sum(int(str(row["Carries"]).rpartition("× ")[2]) for row in rows if row["Carries"] != "–") == len(
        prompt.spans
    )
    assert document_rows(SITUATION.prompt(DOSES, LIBRARY), LIBRARY) == []


def test_the_genres_told_are_those_of_the_documents_shown():
    from facts.documents.scaffold import scaffold

    situation = replace(SITUATION, channel=Channel.DOCUMENTS, background_tokens=640)
    text = situation.prompt((), LIBRARY).messages[0].text
    draw = f"0/{SETTING.slug}/{SITUATION.query.id}/0/documents"
    for index, genre in enumerate(situation.genres()):
        one = scaffold(draw, index)
        assert one.genre.replace("_", " ") == genre
        assert one.fixed[0].strip() in text


def test_a_set_that_is_gone_says_so_in_its_row():
    (row,) = set_rows(["gone"], LIBRARY)
    assert row["May be used"] == "no"
    assert "put its folder back" in row["Standing"]
