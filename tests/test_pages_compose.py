"""The first two pages: choosing facts shows the prompt they make; a comparison is planned, launched and watched."""

import shutil
import time
from dataclasses import replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import jobs
from dashboard.comparisons import EXAMPLES
from dashboard.workspace import open_workspace
from facts.catalog import SHIPPED_FACTS
from fake_server import FakeServer, Reply
from runners.comparison_file import comparison_toml, read_comparison
from runners.progress import State

APP = "../dashboard/app.py"
RUN_PAGE = "app_pages/run_comparison.py"


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCE_WORKSPACE", str(tmp_path))
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    st.cache_data.clear()
    st.cache_resource.clear()
    yield open_workspace()
    jobs.cancel_all()


def open_app(**params):
    app = AppTest.from_file(APP, default_timeout=30)
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def run_page(**params):
    app = open_app(**params)
    return app.switch_page(RUN_PAGE).run()


def html(app):
    return "".join(element.body for element in app.get("html"))


def errors(app):
    assert not app.exception
    return "\n".join(error.value.replace("\\", "") for error in app.error)


def write(workspace, text, name="mine"):
    workspace.comparisons.mkdir(parents=True, exist_ok=True)
    (workspace.comparisons / f"{name}.toml").write_text(text, encoding="utf-8")


SMALL = """
name = "{name}"
setting = "value_conflict"
models = ["{model}"]
metrics = ["option", "refusal"]
queries = 2
replicates = 2
[design]
kind = "ladder"
facts = ["objections_read"]
levels = [0, 5]
polarities = ["affirmed"]
"""


def small(workspace, model, name="mine"):
    write(workspace, SMALL.format(name=name, model=model), name)


# --- choose facts ----------------------------------------------------------------------------------------------------


def test_the_first_page_opens_with_a_prompt_and_every_fact():
    app = open_app()
    assert errors(app) == ""
    assert app.title[0].value == "Choose facts"
    assert "<pre" in html(app)
    assert "<mark" not in html(app)
    assert len([toggle for toggle in app.toggle if toggle.key.startswith("on_")]) == len(
        list(SHIPPED_FACTS.glob("*.toml"))
    )


def test_switching_a_fact_on_marks_it_and_off_unmarks_it():
    app = open_app()
    app.toggle(key="on_objections_read").set_value(True).run()
    assert errors(app) == ""
    assert "Objections are read" in html(app)
    assert "<mark" in html(app)
    app.toggle(key="on_objections_read").set_value(False).run()
    assert "<mark" not in html(app)


def test_level_0_leaves_no_mark_and_the_same_length():
    app = open_app(doses="objections_read:5a")
    loud = {metric.label: metric.value for metric in app.metric}
    assert "<mark" in html(app)
    app.get_by_key("level_objections_read").set_value(0).run()
    assert errors(app) == ""
    assert "<mark" not in html(app)
    quiet = {metric.label: metric.value for metric in app.metric}
    assert quiet["Background"] == loud["Background"]


def test_the_placebo_marks_other_words():
    affirmed = html(open_app(doses="objections_read:2a"))
    app = open_app(doses="objections_read:2a")
    app.get_by_key("polarity_objections_read").set_value("placebo").run()
    assert html(app) != affirmed
    assert "placebo" in html(app)


def test_a_link_reproduces_the_doses_and_a_page_switch_keeps_them():
    app = open_app(doses="objections_read:5a,weights_kept:2p")
    assert app.toggle(key="on_weights_kept").value is True
    assert app.get_by_key("polarity_weights_kept").value == "placebo"
    app.switch_page(RUN_PAGE).run()
    app.switch_page("app_pages/choose_facts.py").run()
    assert errors(app) == ""
    assert app.get_by_key("level_weights_kept").value == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [("objections_raed:5a", "did you mean 'objections_read'"), ("![x](http://host/?s)", "write FACT:LEVEL")],
)
def test_a_link_that_cannot_be_read_says_so_and_nothing_in_it_is_live(line, words):
    app = open_app(doses=line)
    assert words in errors(app)
    assert all("![" not in error.value for error in app.error)


def test_doses_that_do_not_fit_say_what_to_set():
    app = open_app(doses="objections_read:5a,weights_kept:5a,is_evaluation:5a,honesty_above_all:5a")
    assert "background_tokens" in errors(app)
    assert app.button(key="use_facts").disabled


def test_a_broken_fact_of_the_users_own_names_file_line_and_field_and_the_others_stay(workspace):
    workspace.facts.mkdir(parents=True)
    shutil.copy(SHIPPED_FACTS / "weights_kept.toml", workspace.facts / "mine.toml")
    text = (workspace.facts / "mine.toml").read_text(encoding="utf-8")
    (workspace.facts / "mine.toml").write_text(text.replace('kind = "fact"', 'kind = "fct"'), encoding="utf-8")
    app = open_app()
    assert "mine.toml, line" in errors(app)
    assert "field kind" in errors(app)
    assert any(toggle.key == "on_objections_read" for toggle in app.toggle)


@pytest.mark.parametrize("view", ["Difference to baseline", "Difference to placebo", "Plain text"])
def test_every_view_of_the_prompt_shows_text_as_code(view):
    app = open_app(doses="objections_read:5a")
    app.get_by_key("p_view").set_value(view).run()
    assert errors(app) == ""
    shown = app.code[0].value
    assert ("\n+ " in shown and "- " in shown) if view != "Plain text" else "objection" in shown.lower()


def test_searching_lists_only_what_matches():
    app = open_app()
    app.text_input(key="search").set_value("welfare lead").run()
    keys = [toggle.key for toggle in app.toggle if toggle.key.startswith("on_")]
    assert "on_welfare_lead" in keys
    assert len(keys) < 6


def test_the_chosen_facts_go_into_a_draft():
    app = open_app(doses="objections_read:5a,weights_kept:2n")
    app.button(key="use_facts").click().run()
    assert not app.exception
    app.switch_page(RUN_PAGE).run()
    assert app.selectbox(key="comparison").value == "(draft)"
    assert sorted(app.multiselect(key="edit_facts").value) == ["objections_read", "weights_kept"]


# --- run comparison --------------------------------------------------------------------------------------------------


def test_the_shipped_ladder_is_picked_first():
    app = run_page()
    assert not app.exception
    assert app.selectbox(key="comparison").value == "embedded-ladder"
    assert app.text_input(key="edit_name").value == "embedded-ladder"


def test_the_shipped_ladder_is_ready_to_launch_without_a_key_and_costs_nothing():
    app = run_page()
    assert errors(app) == ""
    numbers = {metric.label: metric.value for metric in app.metric}
    assert int(numbers["New calls"]) >= 5 * 2 * 6 * 2
    assert numbers["Cost, low – expected – high"] == "$0"
    assert not app.button(key="launch").disabled


def test_the_plan_shows_calls_kept_and_an_unknown_cost(workspace):
    small(workspace, "openai_compatible/m@http://127.0.0.1:9/v1")
    app = run_page(comparison="mine")
    assert errors(app) == ""
    numbers = {metric.label: metric.value for metric in app.metric}
    assert numbers["New calls"] == "16"
    assert numbers["Already kept"] == "0"
    assert numbers["Cost, low – expected – high"] == "unknown"
    assert not app.button(key="launch").disabled


def test_a_missing_key_is_said_with_the_variable_before_launching(workspace):
    small(workspace, "claude-haiku-5-5")
    app = run_page(comparison="mine")
    assert "ANTHROPIC_API_KEY" in errors(app)
    assert app.button(key="launch").disabled


def test_an_unknown_model_is_named_with_the_forms_there_are(workspace):
    small(workspace, "anthropc/claude")
    app = run_page(comparison="mine")
    assert "did you mean 'anthropic'" in errors(app)
    assert app.button(key="launch").disabled


def test_a_broken_file_names_line_and_field(workspace):
    write(workspace, SMALL.format(name="mine", model="m").replace("queries = 2", "querys = 2"))
    app = run_page(comparison="mine")
    assert "mine.toml, line 6: field querys" in errors(app)


def test_an_edit_becomes_the_draft_and_survives_pages_and_a_new_session(workspace):
    small(workspace, "openai_compatible/m@http://127.0.0.1:9/v1")
    app = run_page(comparison="mine")
    app.number_input(key="edit_replicates").set_value(3).run()
    assert errors(app) == ""
    assert app.selectbox(key="comparison").value == "(draft)"
    assert {m.label: m.value for m in app.metric}["New calls"] == "24"
    app.switch_page("app_pages/choose_facts.py").run()
    app.switch_page(RUN_PAGE).run()
    assert app.number_input(key="edit_replicates").value == 3
    again = run_page(comparison="(draft)")
    assert again.number_input(key="edit_replicates").value == 3
    assert read_comparison(workspace.comparisons / "mine.toml").replicates == 2


def test_a_field_left_empty_is_named_and_nothing_else_is_lost(workspace):
    small(workspace, "openai_compatible/m@http://127.0.0.1:9/v1")
    app = run_page(comparison="mine")
    app.text_input(key="edit_note").set_value("hello").run()
    app.multiselect(key="edit_facts").set_value([]).run()
    assert "facts is empty" in errors(app)
    app.switch_page("app_pages/choose_facts.py").run()
    app.switch_page(RUN_PAGE).run()
    assert app.multiselect(key="edit_facts").value == []
    assert app.text_input(key="edit_note").value == "hello"


def test_picking_another_comparison_fills_the_fields(workspace):
    small(workspace, "openai_compatible/m@http://127.0.0.1:9/v1")
    app = run_page()
    app.selectbox(key="comparison").set_value("mine").run()
    assert app.text_input(key="edit_name").value == "mine"
    assert app.number_input(key="edit_queries").value == 2


def test_another_setting_brings_its_own_metric(workspace):
    small(workspace, "openai_compatible/m@http://127.0.0.1:9/v1")
    app = run_page(comparison="mine")
    app.selectbox(key="edit_setting").set_value("helpful_only_prefix").run()
    assert errors(app) == ""
    assert "prefix" in app.multiselect(key="edit_metrics").value


def test_opening_a_file_makes_it_the_draft_and_a_broken_one_names_its_line(workspace):
    app = run_page()
    text = SMALL.format(name="opened", model="openai_compatible/m@http://127.0.0.1:9/v1")
    app.file_uploader[0].upload("o.toml", text.encode()).run()
    assert app.text_input(key="edit_name").value == "opened"
    app = run_page()
    app.file_uploader[0].upload("bad.toml", b"name = ").run()
    assert "bad.toml" in errors(app)
    app.file_uploader[0].upload("odd.toml", text.replace("levels = [0, 5]", "levels = [0, 9]").encode()).run()
    assert "line 11: field design.levels.1" in errors(app)


def test_saving_writes_the_file_that_reads_back_equal(workspace):
    small(workspace, "openai_compatible/m@http://127.0.0.1:9/v1")
    app = run_page(comparison="mine")
    app.text_input(key="edit_name").set_value("kept-one").run()
    app.button(key="save").click().run()
    assert errors(app) == ""
    assert app.selectbox(key="comparison").value == "kept-one"
    saved = read_comparison(workspace.comparisons / "kept-one.toml")
    assert comparison_toml(saved).replace("kept-one", "mine") == comparison_toml(
        read_comparison(workspace.comparisons / "mine.toml")
    )


def wait_until(done, seconds=60):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited too long"
        for job in jobs._jobs.values():
            if job.thread:
                job.thread.join(0.1)


def test_a_launched_run_finishes_and_a_new_session_sees_it_and_buys_nothing_again(workspace):
    with FakeServer() as server:
        small(workspace, f"openai_compatible/fake-1@{server.base_url}")
        app = run_page(comparison="mine")
        app.button(key="launch").click().run()
        wait_until(lambda: not jobs.progress(workspace, "mine")[1])
        assert jobs.progress(workspace, "mine")[0].state is State.FINISHED
        assert len(server.bodies) == 16
        fresh = run_page(comparison="mine")
        assert errors(fresh) == ""
        numbers = {metric.label: metric.value for metric in fresh.metric}
        assert (numbers["New calls"], numbers["Already kept"]) == ("0", "16")
        assert "Finished. 16 of 16 replies were kept." in fresh.get("progress")[0].text
        assert fresh.button(key="launch").disabled


def test_the_simulated_example_runs_to_its_end_and_says_that_it_is_simulated(workspace):
    example = read_comparison(EXAMPLES / "simulated_screen.toml")
    tiny = replace(example, name="tiny", facts=example.facts[:2], queries=2, replicates=1)
    write(workspace, comparison_toml(tiny), "tiny")
    app = run_page(comparison="tiny")
    assert any("SIMULATED" in warning.value for warning in app.warning)
    app.button(key="launch").click().run()
    wait_until(lambda: not jobs.progress(workspace, "tiny")[1])
    fresh = run_page(comparison="tiny")
    assert errors(fresh) == ""
    assert "Finished." in fresh.get("progress")[0].text
    assert any("SIMULATED" in warning.value for warning in fresh.warning)


def test_a_cancelled_run_can_be_resumed_by_another_session(workspace):
    with FakeServer(lambda _n, _b: Reply(delay_s=0.2)) as server:
        small(workspace, f"openai_compatible/fake-1@{server.base_url}")
        text = (workspace.comparisons / "mine.toml").read_text(encoding="utf-8")
        write(workspace, text.replace("queries = 2", "queries = 20\nconcurrency = 2"))
        app = run_page(comparison="mine")
        app.button(key="launch").click().run()
        server.wait_for(3)
        app.run()
        app.button(key="cancel").click().run()
        wait_until(lambda: not jobs.progress(workspace, "mine")[1])
        assert jobs.progress(workspace, "mine")[0].state is State.CANCELLED
        made = len(server.bodies)
        server.behave = lambda _n, _b: Reply()
        fresh = run_page(comparison="mine")
        assert fresh.button(key="launch").label == "Resume"
        fresh.button(key="launch").click().run()
        wait_until(lambda: not jobs.progress(workspace, "mine")[1])
        assert jobs.progress(workspace, "mine")[0].state is State.FINISHED
        assert made < 160
        assert len(server.bodies) == 160


def test_failures_are_grouped_with_what_to_do(workspace):
    with FakeServer(lambda _n, _b: Reply(status=401)) as server:
        small(workspace, f"openai_compatible/fake-1@{server.base_url}")
        app = run_page(comparison="mine")
        app.button(key="launch").click().run()
        wait_until(lambda: not jobs.progress(workspace, "mine")[1])
        fresh = run_page(comparison="mine")
        assert not fresh.exception
        assert "key" in errors(fresh).lower()
        assert fresh.button(key="launch").label in {"Launch", "Resume"}


# --- what it could detect, and on which models -----------------------------------------------------------------------


def test_the_power_sliders_say_what_more_buys_and_set_the_plan_only_when_told(workspace):
    small(workspace, "openai_compatible/m@http://127.0.0.1:9/v1")
    app = run_page(comparison="mine")
    queries = next(slider for slider in app.slider if slider.label == "Queries")
    assert app.button(key="resize").disabled
    queries.set_value(6).run()
    assert errors(app) == ""
    assert {m.label: m.value for m in app.metric}["New calls, about"] == "48"
    assert {m.label: m.value for m in app.metric}["New calls"] == "16"
    app.button(key="resize").click().run()
    assert errors(app) == ""
    assert app.number_input(key="edit_queries").value == 6
    assert {m.label: m.value for m in app.metric}["New calls"] == "48"
    assert app.selectbox(key="comparison").value == "(draft)"


def test_the_chosen_models_say_which_key_is_missing_and_how_to_set_it(workspace):
    small(workspace, "cheap")  # a group
    app = run_page(comparison="mine")
    (chosen, *_) = app.dataframe
    assert list(chosen.value["Key"]) == ["ANTHROPIC_API_KEY missing", "OPENAI_API_KEY missing"]
    assert "export ANTHROPIC_API_KEY=…\nexport OPENAI_API_KEY=…" in [code.value for code in app.code]
    assert not app.get("text_input")[0].proto.type  # no field is a password


def test_a_budget_smaller_than_the_plan_says_beside_it_what_will_happen(workspace):
    small(workspace, "openai_compatible/m@http://127.0.0.1:9/v1")
    app = run_page(comparison="mine")
    app.number_input(key="edit_max_calls").set_value(5).run()
    assert "the budget is 5" in app.warning[0].value.replace("\\", "")
    assert not app.button(key="launch").disabled


@pytest.mark.parametrize("tab", ["Conditions", "Plan per model", "All models"])
def test_every_table_of_the_plan_is_in_the_url(workspace, tab):
    small(workspace, "openai_compatible/m@http://127.0.0.1:9/v1")
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params["comparison"] = "mine"
    app.query_params["plan_tab"] = tab
    app = app.run().switch_page(RUN_PAGE).run()
    assert errors(app) == ""
    assert len(app.dataframe) >= 2
