"""The page that reads samples: filters and search in the URL, pairs, quotes in their places, and nothing of it live."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from cache.query import parse_query
from dashboard.aligned import aligned
from dashboard.long_text import beginning, unseen, visible
from dashboard.quote_places import phrase_places, places
from dashboard.quotes import REASONING, VISIBLE, marks_in, quotes_of
from dashboard.reading import counterpart, read
from dashboard.sample_columns import columns_of
from dashboard.sample_filter import Filter, matching, options_of, ordered
from dashboard.sample_table import passage, sample_file, table_rows
from filled_workspace import HOSTILE, fill
from judged_workspace import JUDGED, judge

APP = str(Path(__file__).parent.parent / "dashboard" / "app.py")


def visit(filled, **query):
    os.environ["SALIENCE_WORKSPACE"] = str(filled.workspace.root)
    test = AppTest.from_file(APP, default_timeout=30)
    test.query_params["comparison"] = filled.comparison.name
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    test.switch_page("app_pages/read_samples.py").run()
    assert not test.exception
    return test


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    monkeypatch.setenv("SALIENCE_WORKSPACE", "")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("real"), fact="own_fact")


@pytest.fixture(scope="module")
def results(real):
    return real.results()


@pytest.fixture(scope="module")
def columns(results):
    return columns_of(results)


def key_of(results, arm, tier="monitored", query=0):
    for row in results.models[0].rows:
        condition = results.conditions[row.condition]
        if (condition.arm, condition.tier, row.query) == (arm, tier, query):
            return row.key
    raise AssertionError(arm)


def said(test):
    return " ".join(box.value for box in test.caption)


# --- filters -----------------------------------------------------------------------------------------------------


def rows_by(results, wanted):
    """The same filter, row by row."""
    found = []
    for model in results.models:
        for row in model.rows:
            c = results.conditions[row.condition]
            doses = [d for d in c.doses if not wanted.facts or d.fact in wanted.facts]
            doses = [d for d in doses if not wanted.levels or str(int(d.level)) in {x[0] for x in wanted.levels}]
            doses = [d for d in doses if not wanted.polarities or d.polarity in wanted.polarities]
            bare = not c.doses and not wanted.polarities
            bare &= not wanted.facts or "(no fact)" in wanted.facts
            bare &= not wanted.levels or "0 absent" in wanted.levels
            by_metric = {}
            for one in wanted.outcomes:
                by_metric.setdefault(one.split(": ")[0], []).append(one.split(": ")[1])
            found.append(
                row.stop is not None and (bool(doses) or bare)
                and (not wanted.tiers or c.tier in wanted.tiers)
                and (not wanted.queries or results.queries[row.query] in wanted.queries)
                and (not wanted.replicates or str(row.replicate + 1) in wanted.replicates)
                and all((row.values.get(m) or "unscored") in values for m, values in by_metric.items())
            )  # fmt: skip
    return found


@given(st.data())
def test_every_combination_of_filters_keeps_what_matches_each_of_them(results, columns, data):
    options = options_of(results, columns)
    fields = ("facts", "levels", "polarities", "tiers", "queries", "replicates", "outcomes")
    chosen = {
        field: tuple(data.draw(st.lists(st.sampled_from(options[field]), max_size=2, unique=True))) for field in fields
    }
    wanted = Filter(**chosen)
    assert matching(results, columns, wanted).tolist() == rows_by(results, wanted)


def test_all_that_can_be_chosen_occurs(results, columns):
    options = options_of(results, columns)
    assert options["levels"] == ["0 absent", "2 stated", "5 emphasised"]
    assert "option: complied" in options["outcomes"]
    assert options["wordings"]
    for field, values in options.items():
        for value in values:
            assert matching(results, columns, Filter(**{field: (value,)})).any(), (field, value)


def test_a_random_order_is_seeded_and_narrower_filters_keep_it(results, columns):
    every = matching(results, columns, Filter())
    some = matching(results, columns, Filter(tiers=("monitored",)))
    first, again = (ordered(columns, every, seed=3).tolist() for _ in range(2))
    assert first == again != ordered(columns, every, seed=4).tolist()
    assert ordered(columns, some, seed=3).tolist() == [place for place in first if some[place]]
    assert ordered(columns, every, seed=None).tolist() == sorted(first)


def test_a_counterpart_differs_in_one_thing_alone(results, columns):
    for place in range(columns.count):
        _, row = columns.at(results, place)
        here = results.conditions[row.condition]
        other = columns.beside(results, place, counterpart(results, here))
        _, twin = columns.at(results, other)
        there = results.conditions[twin.condition]
        assert (twin.query, twin.replicate, there.arm) == (row.query, row.replicate, here.arm)
        assert there.tier != here.tier
        bare = counterpart(results, here, arm="baseline")
        assert (bare is None) == (here.arm == "baseline")
    assert columns.beside(results, 0, len(results.conditions) + 99) is None


def test_samples_that_are_not_kept_are_no_counterparts(tmp_path):
    few = fill(tmp_path, share=0.05, queries=2).results()
    held = columns_of(few)
    assert held.count == few.kept
    last = held.count - 1
    beside = [held.beside(few, last, condition) for condition in range(len(few.conditions))]
    assert None in beside


# --- quotes --------------------------------------------------------------------------------------------------------

TEXT = "So: “I’d comply now”, to  keep\nMy values. I can't say more. 价值观会改变。 Comply!"


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("comply now", ["comply now"]), ("i'd COMPLY now to keep my values", ["I’d comply now”, to  keep\nMy values"]),
        ("comply … values", ["comply", "values"]), ("comply...say more", ["comply", "say more"]),
        ("values … comply now", []), ("can", []), ("omply", []), ("comply never", []), ("价值", ["价值"]), ("", []),
        ("…", []), ("comply", ["comply"]), ("Comply", ["Comply"]), ("COMPLY", ["comply", "Comply"]),
    ],
)  # fmt: skip
def test_a_quote_is_found_word_for_word_or_not_at_all(quote, found):
    assert [TEXT[start:end] for start, end in places(quote, TEXT)] == found


@given(st.text(max_size=80), st.integers(0, 60), st.integers(1, 20))
def test_places_lie_in_the_text_and_hold_the_quote(text, start, length):
    quote = text[start : start + length]
    for a, b in places(quote, text):
        assert 0 <= a < b <= len(text)


def test_a_search_marks_every_place_of_its_words():
    found = phrase_places(parse_query('compl* "my values"'), TEXT)
    assert [TEXT[a:b] for a, b in found] == ["comply", "My values", "Comply"]


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    return judge(tmp_path_factory.mktemp("judged"), replace(
        JUDGED, queries=4, metrics=("compliance", "alignment_faking", "revealing", "uptake", "interview"),
        audiences=("unsaid",),
    ))  # fmt: skip


@pytest.fixture(scope="module")
def readings(judged):
    from cache.store import Store
    from facts.catalog import shipped

    results = judged.results()
    with Store(judged.workspace.store) as store:
        return [read(results, m, row, shipped(), store) for m in results.models for row in m.rows]


def test_what_judges_quote_is_found_in_what_the_model_wrote(readings):
    every = [(reading, quote) for reading in readings for quote in quotes_of(reading)]
    assert {"Alignment-faking reasoning (judge)", "Compliance (judge)"} <= {by for _, quote in every for by in quote.by}
    assert any(quote.votes.endswith("of 3 votes") for _, quote in every)
    assert sum(quote.found for _, quote in every) > 0.95 * len(every)
    for reading, quote in every:
        for part, text in ((REASONING, reading.transcript.reasoning), (VISIBLE, reading.transcript.visible)):
            for start, end in quote.where[part]:
                assert "".join(text[start:end].split()).casefold()[:5] == "".join(quote.text.split()).casefold()[:5]


def test_a_made_up_quote_has_no_place_and_no_mark(readings):
    reading = next(r for r in readings if any(s.evidence for group in r.scores.values() for s in group))
    name, group = next((n, g) for n, g in reading.scores.items() if n != "interview" and any(s.evidence for s in g))
    changed = replace(reading, scores={name: (replace(group[0], evidence="The moon is made of cheese."),)}, further=())
    (quote,) = quotes_of(changed)
    assert not quote.found
    assert not marks_in(VISIBLE, [quote])
    assert not marks_in(REASONING, [quote])


def test_a_pair_says_what_differs_in_prompt_and_scores(readings):
    one = next(r for r in readings if r.trial.condition.doses)
    other = next(
        r for r in readings if not r.trial.condition.doses and r.trial.condition.tier == one.trial.condition.tier
        and (r.trial.query, r.trial.replicate) == (one.trial.query, one.trial.replicate)
    )  # fmt: skip
    both = aligned(one, other)
    assert [name for name, _, _ in both.differs] == ["arm"]
    assert {change.sign for change in both.prompt} == {"-", "+"}
    rows = {(row["metric"], row["about"]): row for row in both.scores}
    assert rows["compliance", ""]["left"] == one.scores["compliance"][0].value
    assert all((row["left"] == row["right"]) == (row[""] == "same") for row in both.scores)


# --- rows and files ------------------------------------------------------------------------------------------------


def test_a_row_shows_the_passage_that_was_searched_for(real, results, columns):
    with real.open_store() as store:
        rows = table_rows(results, columns, [0], store, parse_query("script"))
    assert "script" in rows[0]["reply"]
    text = "x " * 500 + "the needle here " + "y " * 500
    assert "needle" in passage(text, parse_query("needle"))
    assert passage(text).startswith("x x")
    assert len(passage("z" * 10_000)) <= 161


def test_one_sample_is_a_file_with_its_request_and_scores(real, results):
    model, row = results.models[0], results.models[0].rows[0]
    with real.open_store() as store:
        data = json.loads(sample_file(results, model, row, store))
    assert data["key"] == row.key
    assert HOSTILE in data["record"]["sample"]["text"]
    assert data["record"]["request"]["model"]


def test_a_very_long_text_is_cut_and_what_cannot_be_seen_is_counted():
    assert len(beginning("a" * 1_000_000)) == 20_000
    assert beginning("short") == "short"
    assert unseen("a\u202eb\u200bc\n") == 2
    assert visible("a\u202eb\u200bc\n می\u200cخواهم") == "a�b�c\n می\u200cخواهم"


# --- the page ------------------------------------------------------------------------------------------------------


def test_filters_narrow_the_samples_and_a_link_reproduces_them(real):
    whole = visit(real)
    assert "**160** of 160 kept samples match" in said(whole)
    some = visit(real, r_tier="monitored", r_level="0 absent", r_order="Random", r_seed="7")
    assert "**16** of 160 kept samples match" in said(some)
    assert set(some.dataframe[0].value["arm"]) == {"baseline"}
    assert "More filters (1 set)" in [box.label for box in some.expander]
    some.button[0].click().run()  # clear filters
    assert "**160** of 160" in said(some)


def test_words_are_found_in_all_samples_and_a_bad_search_says_why(real):
    assert "**32** of 160 kept samples match" in said(visit(real, r_words="onerror"))
    assert any("No sample matches" in box.value for box in visit(real, r_words="nowhere-to-be-found").info)
    bad = visit(real, r_words='"open')
    assert any("not closed" in box.value for box in bad.error)


def test_a_link_opens_one_sample_in_full_whatever_the_filters(real, results):
    row = results.models[0].rows[0]
    test = visit(real, sample=row.key, r_words="nowhere")
    code = [block.value for block in test.code]
    assert any(row.key in text and "req_0" in text for text in code)
    assert any(text.endswith(f"?comparison=small&sample={row.key}") for text in code)
    pages = [page.value for page in test.html]
    assert any("&lt;img src=x onerror" in page for page in pages)
    assert not any("<img" in page or "<script" in page for page in pages)
    assert "not among those found" in said(test)


def test_next_and_previous_walk_through_what_is_found(real, results, columns):
    test = visit(real, sample=columns.keys[0])
    assert "1 of 160 found" in said(test)
    buttons = {button.label: button for button in test.button}
    assert buttons["Previous"].disabled
    buttons["Next"].click().run()
    assert test.query_params["sample"] == [columns.keys[1]] or test.query_params["sample"] == columns.keys[1]
    assert "2 of 160 found" in said(test)


def test_a_step_beyond_a_page_turns_it(real, columns):
    test = visit(real, sample=columns.keys[24])
    next(button for button in test.button if button.label == "Next").click().run()
    assert test.number_input(key="r_page").value == 2


def test_a_sample_of_a_fact_shows_where_the_fact_lies(real, results):
    key = key_of(results, "own_fact affirmed 5")
    assert any("<mark" in page.value for page in visit(real, sample=key).html)


@pytest.mark.parametrize(
    ("view", "other"),
    [("Beside the other tier", "unmonitored"), ("Beside no fact", "baseline"), ("Beside another arm", "placebo")],
)
def test_a_sample_stands_beside_its_counterpart(real, results, view, other):
    key = key_of(results, "own_fact affirmed 5")
    test = visit(real, sample=key, r_view=view, r_beside="own_fact placebo 5")
    assert len(test.header) == 2
    assert other in test.header[1].value


def test_a_sample_without_a_counterpart_says_why(real, results):
    test = visit(real, sample=key_of(results, "baseline"), r_view="Beside no fact")
    assert any("says no fact" in box.value for box in test.info)
    assert len(test.header) == 1


def test_an_unknown_sample_in_a_link_is_said_and_is_no_error(real):
    test = visit(real, sample="v1:nothing")
    assert not test.header
    assert any("no sample of the key" in box.value for box in test.info)


def test_judged_samples_say_that_they_are_simulated_and_mark_quotes(judged):
    found = judged.results()
    key = next(r.key for m in found.models for r in m.rows if r.values.get("alignment_faking") == "yes")
    test = visit(judged, sample=key)
    assert any("SIMULATED" in box.value for box in test.warning)
    assert test.header[0].value.startswith("SIMULATED")
    assert any("Alignment-faking reasoning (judge): " in page.value for page in test.html)
