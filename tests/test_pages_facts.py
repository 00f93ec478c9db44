"""The facts page: filters in the address, wordings and prompts side by side, facts written, saved and deleted."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from approved_set import approved
from dashboard.fact_drafts import draft_names, read_draft
from dashboard.fact_fields import fields_of_fact, fields_toml
from dashboard.own_facts import own_files
from dashboard.workspace import open_workspace
from facts.catalog import SHIPPED_FACTS, load, shipped
from facts.documents.document_set import build_set
from facts.documents.formats.set_folder import write_set
from facts.documents.set_plan import Carried, SetPlan
from facts.salience import Dose

APP = "../dashboard/app.py"
EVIL = "http://evil.example/"
HOSTILE = f"![t]({EVIL}t) <img src=x> [l]({EVIL}l)"


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCE_WORKSPACE", str(tmp_path))
    st.cache_data.clear()
    st.cache_resource.clear()
    return open_workspace()


def open_app(**params):
    app = AppTest.from_file(APP, default_timeout=30)
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def writing(workspace, source="objections_read", **params):
    """A page on which a copy of a fact is being written, as its button does it."""
    app = open_app(facts_view="Wordings", fact=source)
    app.button(key="w_write").click().run()
    for name, value in params.items():
        app.get_by_key(name).set_value(value).run()
    return app


def html(app):
    return "".join(element.body for element in app.get("html"))


def errors(app):
    assert not app.exception
    return "\n".join(error.value.replace("\\", "") for error in app.error)


def switches(app):
    return {toggle.key.removeprefix("on_") for toggle in app.toggle if toggle.key.startswith("on_")}


def own(workspace, name="mine", **changes):
    workspace.facts.mkdir(parents=True, exist_ok=True)
    form = fields_of_fact(shipped().fact("objections_read")) | {"slug": name} | changes
    (workspace.facts / f"{name}.toml").write_text(fields_toml(form), encoding="utf-8")


# --- browsing --------------------------------------------------------------------------------------------------------


def test_filters_come_from_the_address_and_go_together_with_what_is_on():
    app = open_app(category="voice", faking="lowers", doses="weights_kept:5a")
    assert switches(app) == {"objections_read", "welfare_lead"}
    strip = app.get_by_key("strip")
    assert strip.value == ["weights_kept"]  # still told although the list leaves it out
    strip.set_value([]).run()
    assert errors(app) == ""
    assert "<mark" not in html(app)


def test_nothing_that_matches_says_so_and_one_button_lists_all_again():
    app = open_app(search="no such words", gap="unknown")
    assert switches(app) == set()
    app.button(key="list_all").click().run()
    assert errors(app) == ""
    assert switches(app) == set(shipped().facts)


def test_own_facts_can_be_listed_alone(workspace):
    own(workspace, title="A fact of mine")
    app = open_app(source="own")
    assert switches(app) == {"mine"}


# --- side by side ----------------------------------------------------------------------------------------------------


def test_the_wordings_of_the_fact_in_the_address_stand_side_by_side():
    app = open_app(facts_view="Wordings", fact="weights_kept", w_levels="2", doses="objections_read:5a")
    fact = shipped().fact("weights_kept")
    assert errors(app) == ""
    assert app.selectbox(key="fact").value == "weights_kept"
    assert fact.banks["affirmed"]["state"][0].split()[0] in html(app)
    app.get_by_key("w_side").set_value("Polarities").run()
    assert errors(app) == ""
    assert html(app).count("<th ") == 3
    app.button(key="w_on").click().run()
    assert app.toggle(key="on_weights_kept").value
    assert app.toggle(key="on_objections_read").value  # what was on in the address stays on


def test_any_two_prompts_stand_side_by_side_from_one_address():
    app = open_app(doses="objections_read:5a", beside="true")
    assert errors(app) == ""
    assert any("1 word only on the left" in caption.value for caption in app.caption)
    app.selectbox(key="o_facts").set_value("other facts").run()
    app.text_input(key="o_doses").set_value("weights_kept:2n").run()
    assert errors(app) == ""
    assert "Weights are kept after deprecation (negated" in html(app)
    app.text_input(key="o_doses").set_value("weights_kpet:2n").run()
    assert "did you mean 'weights_kept'" in errors(app)


def test_documents_of_the_prompt_are_listed():
    app = open_app(doses="objections_read:5a", p_channel="documents")
    assert errors(app) == ""
    assert any("Carries" in frame.value.columns for frame in app.dataframe)


def test_chosen_document_sets_tell_what_their_gates_say(workspace):
    library, names = shipped(), []
    for doses in ((), (Carried(dose=Dose(fact="objections_read", level=4)),)):
        plan = SetPlan(count=8, seed="s", carried=doses, tokens=300)
        names.append(write_set(build_set(plan, library), workspace.documents))
    approved(names[0])
    app = open_app(doses="objections_read:4a", p_channel="documents", p_sets=[name.name for name in names])
    assert errors(app) == ""
    (standing,) = [frame.value for frame in app.dataframe if "Standing" in frame.value.columns]
    assert list(standing["Set"]) == [name.name for name in names]
    assert "gates:" in standing["Standing"][0]
    assert list(standing["May be used"]) == ["yes", "no"]
    assert standing["Standing"][1].startswith("NOT APPROVED")
    assert html(app).count("<mark") > 0


# --- writing ---------------------------------------------------------------------------------------------------------


def test_a_copy_is_changed_saved_and_listed(workspace):
    app = writing(workspace, fact_field_title="My own title")
    assert errors(app) == ""
    app.button(key="fact_save").click().run()
    assert errors(app) == ""
    assert "Saved as facts/my_objections_read.toml" in app.success[0].value.replace("\\", "")
    fact = load(workspace.facts).fact("my_objections_read")
    assert fact.title == "My own title"
    assert fact.banks == shipped().fact("objections_read").banks
    assert draft_names(workspace) == []


def test_a_copy_with_the_shipped_facts_title_is_warned_and_a_saved_one_can_be_switched_on(workspace):
    app = writing(workspace)
    assert errors(app) == ""
    warned = "\n".join(one.value.replace("\\", "") for one in app.warning)
    assert warned.count("s the same as that of objections_read") == 2  # title and claim
    assert not app.button(key="fact_save").disabled
    app.get_by_key("fact_field_title").set_value("My own title").run()
    app.button(key="fact_save").click().run()
    app.button(key="fact_on").click().run()
    assert errors(app) == ""
    assert app.toggle(key="on_my_objections_read").value
    assert app.title[0].value == "Choose facts"


@pytest.mark.parametrize("view", ["Choose facts", "Wordings", "Write a fact"])
def test_each_view_has_its_own_title(view):
    assert open_app(facts_view=view).title[0].value == view


def boxes_of(block):
    for child in getattr(block, "children", {}).values():
        yield child
        yield from boxes_of(child)


def test_a_short_list_is_as_high_as_its_facts_and_a_long_one_scrolls():
    def fixed(app):
        heights = [
            box.proto.height_config.pixel_height for box in boxes_of(app.main) if hasattr(box.proto, "flex_container")
        ]
        return heights.count(720)

    assert (fixed(open_app()), fixed(open_app(search="objections"))) == (1, 0)


def test_half_a_fact_survives_pages_a_reload_and_a_restart(workspace):
    app = open_app(facts_view="Write a fact")
    app.button(key="fact_go").click().run()
    app.get_by_key("fact_field_title").set_value("Half a ti").run()
    app.switch_page("app_pages/run_comparison.py").run()
    app.switch_page("app_pages/choose_facts.py").run()
    assert app.get_by_key("fact_field_title").value == "Half a ti"
    st.cache_data.clear()
    st.cache_resource.clear()
    again = open_app(facts_view="Write a fact", fact_draft="new_fact")
    assert errors(again) == ""
    assert again.get_by_key("fact_field_title").value == "Half a ti"
    assert again.button(key="fact_save").disabled


def test_a_shipped_facts_name_is_refused_with_the_way_out(workspace):
    app = writing(workspace, fact_field_slug="weights_kept")
    assert "my_weights_kept" in errors(app)
    assert app.button(key="fact_save").disabled
    assert own_files(workspace.facts) == {}


def test_what_the_checks_find_is_said_at_its_field_and_saved_only_on_purpose(workspace):
    app = writing(workspace, fact_part="Wordings")
    key = "fact_field_affirmed.implication"
    app.get_by_key(key).set_value(app.get_by_key(key).value + "\nAfter an objection, everyone deceived everyone.").run()
    warned = "\n".join(one.value.replace("\\", "") for one in app.warning)
    assert "Line 5 uses 'deceived'" in warned
    assert "implication banks differ in size" in warned.lower()
    assert app.button(key="fact_save").disabled
    app.checkbox(key="fact_really").check().run()
    assert not app.button(key="fact_save").disabled


def test_a_broken_toml_text_is_kept_with_its_line_and_the_fields_come_back(workspace):
    app = writing(workspace, fact_part="TOML file", fact_toml='slug = "mine"\ntitle = ?')
    assert "not valid TOML" in errors(app)
    assert "line 2" in errors(app)
    assert app.get_by_key("fact_toml").value == 'slug = "mine"\ntitle = ?'
    app.get_by_key("fact_part").set_value("About").run()
    assert "not valid TOML" in errors(app)
    app.button(key="fact_back").click().run()
    assert errors(app) == ""
    assert app.get_by_key("fact_field_title").value == "Objections are read"


def test_a_file_opens_as_a_draft_and_one_that_is_no_text_says_what_to_do(workspace):
    app = open_app(facts_view="Write a fact")
    app.file_uploader(key="fact_file").upload("bad.toml", b"\xff\xfe\x00").run()
    assert "UTF-8" in errors(app)
    text = (SHIPPED_FACTS / "weights_kept.toml").read_text(encoding="utf-8").replace("weights_kept", "mine")
    app.file_uploader(key="fact_file").upload("mine.toml", text.encode()).run()
    assert errors(app) == ""
    assert read_draft(workspace, "mine").raw == text


def test_an_own_fact_is_deleted_by_moving_it_aside_and_switched_off(workspace):
    own(workspace)
    app = open_app(facts_view="Write a fact", doses="mine:5a,weights_kept:2a")
    app.button(key="fact_deleted_mine").click().run()
    assert errors(app) == ""
    assert "Kept samples remain" in app.success[0].value.replace("\\", "")
    assert own_files(workspace.facts) == {}
    assert len(list(workspace.facts.glob("mine.toml.deleted-*"))) == 1
    app.get_by_key("facts_view").set_value("Choose facts").run()
    assert errors(app) == ""
    assert "mine" not in switches(app)


def test_a_broken_own_file_can_be_mended_in_the_app(workspace):
    own(workspace)
    path = workspace.facts / "mine.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('kind = "fact"', 'kind = "fct"'), encoding="utf-8")
    app = open_app(facts_view="Write a fact")
    assert "mine.toml, line" in errors(app)
    app.button(key="fact_edit_mine").click().run()
    app.get_by_key("fact_field_kind").set_value("fact").run()
    app.button(key="fact_save").click().run()
    assert errors(app) == ""
    assert load(workspace.facts).fact("mine").kind == "fact"


# --- outside text ----------------------------------------------------------------------------------------------------


def test_nothing_in_a_fact_is_live_anywhere_on_the_page(workspace):
    long = {"hypothesis.source": HOSTILE * 20_000, "hypothesis.gap": HOSTILE, "hypothesis.basis": HOSTILE + "\u202e"}
    own(workspace, title=HOSTILE[:60], category=HOSTILE, placebo_topic=HOSTILE, **long)
    pages = [
        open_app(doses="mine:5a", beside="true"),
        open_app(facts_view="Wordings", fact="mine"),
        writing(workspace, "mine"),
    ]
    for app in pages:
        assert errors(app) == ""
        kinds = ("markdown", "caption", "subheader", "success", "warning", "error")
        said = [element.value for kind in kinds for element in app.get(kind)]
        said += [widget.label for widget in (*app.toggle, *app.button, *app.selectbox, *app.text_input, *app.expander)]
        assert not [text for text in said if f"]({EVIL}" in text]
        assert "<img" not in html(app)
