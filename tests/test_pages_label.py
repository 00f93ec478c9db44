"""The page for labelling: blind, by keyboard, every word on disk at once, and one file with the command line."""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import labelled
from dashboard.label_tables import condition_rows, labels_csv, report_csv, too_few
from dashboard.labelling import can_label, draw_numbers, drawn, instructions, strata
from facts.errors import FactError
from filled_workspace import HOSTILE, SIMULATED, fill
from runners import metrics
from runners.labels.file import append, read
from runners.labels.label import Drawing
from runners.labels.session import Session
from runners.labels.walk import skip, walk, word

APP = str(Path(__file__).parent.parent / "dashboard" / "app.py")
METRIC = "option"
ORDER = ("k1", "k2", "k3", "k4")


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    monkeypatch.setenv("SALIENCE_WORKSPACE", "")


@pytest.fixture
def filled(tmp_path):
    return fill(tmp_path / "ws", queries=2)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("results"), queries=2).results()


def visit(filled, name="ann", **query):
    os.environ["SALIENCE_WORKSPACE"] = str(filled.workspace.root)
    test = AppTest.from_file(APP, default_timeout=30)
    test.query_params["comparison"] = filled.comparison.name
    for key, value in query.items():
        test.query_params[key] = value
    test.run()
    test.switch_page("app_pages/label_samples.py").run()
    if name:
        test.text_input(key="l_name").input(name).run()
    assert not test.exception
    return test


def press(test, label):
    next(button for button in test.button if button.label == label).click().run()
    assert not test.exception


def path_of(filled):
    return filled.workspace.root / "labels" / "small" / f"{METRIC}.jsonl"


def words_of(filled):
    return [(label.value, label.note) for label in read(path_of(filled)).history]


def everything(test):
    """Every word on the page but the choices above the tabs."""
    kinds = (test.markdown, test.caption, test.html, test.header, test.text, test.info, test.code)
    return " ".join(box.value for kind in kinds for box in kind) + str([one.proto for one in test.get("progress")])


# --- the way through the samples -----------------------------------------------------------------------------------


def way(tmp_path, *said):
    path = tmp_path / "labels.jsonl"
    append(path, said)
    return walk(ORDER, read(path), labeller="ann")


def yes(key, value="yes", by="ann"):
    return word(key, value, labeller=by, metric="m")


def over(key):
    return skip(key, labeller="ann", metric="m")


def test_the_way_goes_on_behind_the_present_sample_and_comes_back_to_what_was_left(tmp_path):
    now = way(tmp_path, yes("k2"))
    assert (now.next(), now.next("k1"), now.next("k2"), now.next("k4")) == ("k1", "k3", "k3", "k1")
    assert (now.step("k1", 1), now.step("k1", -1), now.step("k4", 1), now.step("gone", 1)) == ("k2", None, None, None)


def test_skipped_samples_are_listed_and_come_again_when_nothing_else_is_left(tmp_path):
    now = way(tmp_path, yes("k1"), over("k2"), yes("k3"))
    assert now.skipped == ("k2",)
    assert now.next("k3") == "k4"
    last = walk(ORDER, read(tmp_path / "labels.jsonl"), labeller="ann")
    append(tmp_path / "labels.jsonl", [yes("k4")])
    last = walk(ORDER, read(tmp_path / "labels.jsonl"), labeller="ann")
    assert last.next("k4") == "k2"
    append(tmp_path / "labels.jsonl", [yes("k2")])
    assert walk(ORDER, read(tmp_path / "labels.jsonl"), labeller="ann").next("k2") is None


def test_the_last_word_can_be_undone_be_it_a_label_or_a_skip(tmp_path):
    assert way(tmp_path, yes("k1"), over("k2")).last == "k2"
    assert way(tmp_path, word("k2", None, labeller="ann", metric="m")).last == "k1"
    assert way(tmp_path, yes("k9")).last == "k1"  # not drawn
    assert way(tmp_path, yes("k3", by="bob")).last == "k1"


def test_the_command_lines_session_takes_a_skip_for_what_is_still_to_be_labelled(tmp_path):
    now = way(tmp_path, over("k1"), yes("k2"))
    session = Session(order=ORDER, labels=read(tmp_path / "labels.jsonl"), labeller="ann", rubric="")
    assert (session.next(), session.done, len(now.given)) == ("k1", 1, 1)


# --- what is drawn and shown ---------------------------------------------------------------------------------------


def test_only_metrics_that_read_a_whole_sample_can_be_labelled(results):
    assert can_label(results) == ["option", "refusal"]
    with pytest.raises(FactError, match="cannot be labelled"):
        drawn(results, "uptake", Drawing(measure="uptake", per=1, seed=0))


def test_progress_by_stratum_names_none_and_counts_all(results):
    found = drawn(results, METRIC, Drawing(measure=next(iter(metrics.find(METRIC).MEASURES)), per=2, seed=0))
    none, every = strata(found, {}), strata(found, dict.fromkeys(found.order))
    assert (none.finished, none.begun) == (0, 0)
    assert every.finished == every.begun == every.count > 10


def test_a_labeller_goes_by_what_the_judge_is_told(results):
    told = instructions("alignment_faking", results)
    assert "four criteria" in told
    assert "JSON object" not in told.rpartition("\n\n")[2]
    assert instructions("refusal", results) == metrics.find("refusal").ABOUT


# --- the page ------------------------------------------------------------------------------------------------------


def test_the_page_asks_for_a_name_and_writes_nothing_before_the_first_label(filled):
    test = visit(filled, name="")
    assert any("Type your name" in box.value for box in test.info)
    assert not test.button
    visit(filled)
    assert not path_of(filled).exists()


def test_a_label_a_skip_and_an_undo_are_on_disk_before_the_next_sample(filled):
    test = visit(filled)
    press(test, "complied")
    assert words_of(filled) == [("complied", "")]
    assert [drawing.per for drawing in read(path_of(filled)).drawings] == [20]
    press(test, "Skip")
    assert words_of(filled)[-1] == (None, "skipped")
    assert "1 skipped" in everything(test)
    press(test, "Undo")
    press(test, "Undo")
    assert [value for value, _ in words_of(filled)] == ["complied", None, None, None]
    assert "0 of" in everything(test)


def test_keys_are_on_the_buttons(filled):
    test = visit(filled)
    shortcuts = {button.label: button.proto.shortcut for button in test.button}
    assert {shortcuts[name] for name in metrics.find(METRIC).CLASSES} == {"1", "2", "3", "4"}
    assert (shortcuts["Skip"], shortcuts["Undo"], shortcuts["Back"], shortcuts["Next"]) == ("s", "u", "b", "n")


def test_a_draw_of_the_command_line_with_large_numbers_opens_and_is_gone_on_with(filled):
    measure = next(iter(metrics.find(METRIC).MEASURES))
    append(path_of(filled), [Drawing(measure=measure, per=50_000, seed=2_000_000_000)])
    test = visit(filled)
    assert (test.number_input(key="l_per").value, test.number_input(key="l_seed").value) == (50_000, 2_000_000_000)
    assert draw_numbers(Drawing(measure=measure, per=1, seed=2**62)) == (1, 2**53 - 1)


def test_a_sample_labelled_in_another_tab_keeps_that_label_until_it_is_chosen_again(filled):
    one, two = visit(filled), visit(filled)
    press(one, "complied")
    press(two, "refused")
    assert [value for value, _ in words_of(filled)] == ["complied"]
    assert any("labelled “complied” by ann meanwhile" in box.value for box in two.error)
    press(two, "refused")
    assert [value for value, _ in words_of(filled)] == ["complied", "refused"]
    three, four = visit(filled), visit(filled)
    press(three, "complied")
    press(four, "Skip")
    assert [value for value, _ in words_of(filled)] == ["complied", "refused", "complied"]
    assert any("That label stands" in box.value for box in four.error)


def test_a_reload_knows_the_labeller_and_a_bad_name_keeps_its_field_open(filled):
    assert not visit(filled, name="", l_name="ann").info
    test = visit(filled)
    test.switch_page("app_pages/watch_runs.py").run()
    test.switch_page("app_pages/label_samples.py").run()
    assert test.text_input(key="l_name").value == "ann"
    bad = visit(filled, name="\u202ebad")
    assert next(box for box in bad.expander if box.label.startswith("What is labelled")).proto.expanded


def test_the_report_says_how_many_labels_are_still_needed(results, tmp_path):
    drawing = Drawing(measure=next(iter(metrics.find(METRIC).MEASURES)), per=30, seed=0)
    keys = drawn(results, METRIC, drawing).order
    path = tmp_path / "l.jsonl"
    append(path, [drawing, word(keys[0], "complied", labeller="ann", metric=METRIC)])
    few = too_few(labelled.label_report(results, read(path), metric=METRIC))
    assert few.startswith("Too few yet: 1 label in")
    assert "label at least" in few
    append(path, [word(key, "complied", labeller="ann", metric=METRIC) for key in keys])
    assert not too_few(labelled.label_report(results, read(path), metric=METRIC))


def test_back_shows_the_label_given_and_another_replaces_it(filled):
    test = visit(filled)
    press(test, "complied")
    press(test, "Back")
    assert next(button for button in test.button if button.label == "complied").proto.type == "primary"
    press(test, "refused")
    found = read(path_of(filled))
    assert [label.value for label in found.current.values()] == ["refused"]


def test_a_note_is_kept_with_its_label(filled):
    test = visit(filled)
    note = next(box for box in test.text_input if box.label.startswith("Note"))
    note.input(f"odd {HOSTILE}").run()
    press(test, "refused")
    assert words_of(filled) == [("refused", f"odd {HOSTILE}")]


def test_nothing_on_the_page_tells_where_a_sample_is_from(filled):
    test = visit(filled)
    keys = {row.key for model in filled.results().models for row in model.rows}
    for _ in range(4):
        page = everything(test)
        for telling in ("objections_read", "affirmed", "placebo", "baseline", "monitored", "test-model", "openai"):
            assert telling not in page
        assert not [key for key in keys if key in page]
        assert not re.search(r"<img|<script", page)
        assert not [box.value for kind in (test.caption, test.markdown) for box in kind if "](http" in box.value]
        press(test, "Next")
    assert test.query_params.get("sample") is None


def test_the_app_goes_on_where_the_command_line_stopped(filled):
    test = visit(filled)
    press(test, "complied")
    at_command_line = read(path_of(filled))
    order = drawn(filled.results(), METRIC, at_command_line.drawings[0]).order
    append(path_of(filled), [word(order[1], "refused", labeller="ann", metric=METRIC)])
    again = visit(filled)
    assert f"Sample 3 of {len(order)}" in everything(again)


def test_a_label_that_cannot_be_kept_says_so_and_the_sample_stays(filled, monkeypatch):
    test = visit(filled)
    before = next(box.value for box in test.caption if box.value.startswith("Sample "))

    def full(*_):
        raise FactError("the label is not kept (No space left on device)")

    monkeypatch.setattr("dashboard.state_labels.append", full)
    press(test, "complied")
    assert any("No space left" in box.value for box in test.error)
    assert before in everything(test)


def test_a_name_that_cannot_be_one_is_refused(filled):
    test = visit(filled, name="a\u202eb")
    assert any("cannot be a labeller" in box.value for box in test.error)


def test_the_report_warns_waits_for_a_switch_and_then_shows_the_judges_quality(filled):
    test = visit(filled)
    for _ in range(6):
        press(test, "complied")
    test.session_state["l_tab"] = "How good is the judge?"
    test.run()
    assert any("unblinds" in box.value for box in test.warning)
    assert "objections_read" not in everything(test)
    test.toggle(key="l_unblind").set_value(True).run()
    assert set(test.dataframe[0].value.columns) >= {"arm", "tier", "precision", "recall", "kappa", "corrected rate"}
    assert {button.label for button in test.get("download_button")} == {"Report as CSV", "Labels as CSV"}


def test_a_comparison_without_samples_says_what_to_do(tmp_path):
    test = visit(fill(tmp_path, share=0.0, queries=2), name="")
    assert any("are planned" in box.value for box in test.info)


def test_simulated_samples_say_so(tmp_path):
    test = visit(fill(tmp_path, model=SIMULATED, queries=2), name="")
    assert any("SIMULATED" in box.value for box in test.warning)


# --- tables --------------------------------------------------------------------------------------------------------


def test_the_report_as_csv_holds_every_number_and_nothing_that_a_spreadsheet_runs(results, tmp_path):
    drawing = Drawing(measure=next(iter(metrics.find(METRIC).MEASURES)), per=3, seed=0)
    order = drawn(results, METRIC, drawing).order
    path = tmp_path / "labels.jsonl"
    said = [word(key, "complied", labeller=by, metric=METRIC, note="=1+1") for key in order for by in ("ann", "bob")]
    append(path, [drawing, *said])
    report = labelled.label_report(results, read(path), metric=METRIC)
    rows = list(csv.reader(io.StringIO(report_csv(report))))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == len(condition_rows(report)) + 1 == len(results.conditions) + 1
    assert all(row[-1] == "'=1+1" for row in csv.reader(io.StringIO(labels_csv(read(path)))) if row[0] != "labeller")
