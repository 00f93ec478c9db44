"""A fact being written is kept unfinished, saved beside the shipped ones, and no file is ever destroyed."""

from datetime import UTC, datetime

import pytest

from dashboard.fact_drafts import (
    Draft,
    draft_names,
    draft_of_text,
    draft_text,
    drop_draft,
    name_trouble,
    read_draft,
    replaced,
    start_draft,
    write_draft,
)
from dashboard.fact_fields import data_of, fields_of_fact, fields_toml
from dashboard.own_facts import decoded, free_name, mark_of, own_files, save_fact, set_aside
from dashboard.workspace import Workspace
from facts.catalog import SHIPPED_FACTS, load, shipped
from facts.complaints import complaints
from facts.errors import FactError, UnknownName

LIBRARY = shipped()
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FACT = LIBRARY.fact("objections_read")


@pytest.fixture
def workspace(tmp_path):
    return Workspace(root=tmp_path)


def a_form(**changes):
    return fields_of_fact(FACT) | {"slug": "mine"} | changes


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_a_draft_is_kept_unfinished_and_read_back_by_another_session(workspace):
    draft = start_draft(workspace, "", LIBRARY).with_field("title", "Half a ti")
    assert write_draft(workspace, draft) == ""
    assert draft_names(workspace) == ["new_fact"]
    assert read_draft(workspace, "new_fact") == draft


def test_a_copy_of_a_shipped_fact_has_a_name_of_its_own_and_no_number(workspace):
    draft = start_draft(workspace, "objections_read", LIBRARY)
    assert (draft.fields["slug"], draft.fields["number"]) == ("my_objections_read", "0")
    assert complaints(data_of(draft.fields)) == ()
    assert name_trouble(workspace, draft) == ""


def test_starting_again_never_takes_a_draft_that_there_is(workspace):
    write_draft(workspace, start_draft(workspace, "", LIBRARY))
    write_draft(workspace, start_draft(workspace, "", LIBRARY))
    assert sorted(draft_names(workspace)) == ["new_fact", "new_fact_2"]


def test_the_name_of_a_shipped_fact_is_refused_with_a_free_one(workspace):
    draft = start_draft(workspace, "objections_read", LIBRARY).with_field("slug", "weights_kept")
    assert "my_weights_kept" in name_trouble(workspace, draft)


def test_an_own_fact_keeps_its_comments_until_a_field_is_changed(workspace):
    save_fact(workspace.facts, "mine", "# why\n" + fields_toml(a_form()), NOW)
    draft = start_draft(workspace, "mine", load(workspace.facts))
    assert draft.text.startswith("# why")
    assert not draft.with_field("title", "Another title").text.startswith("# why")
    assert draft.fields["title"] == FACT.title


def test_a_broken_own_file_can_be_opened_and_mended(workspace):
    workspace.facts.mkdir(parents=True)
    (workspace.facts / "bad.toml").write_text("slug = ", encoding="utf-8")
    draft = start_draft(workspace, "bad", LIBRARY)
    assert "not valid TOML" in draft.broken
    assert draft.raw == "slug = "
    assert draft.with_text(fields_toml(a_form())).broken == ""


def test_broken_text_is_kept_and_the_fields_from_before_stay(workspace):
    draft = start_draft(workspace, "objections_read", LIBRARY).with_text("title = ")
    write_draft(workspace, draft)
    again = read_draft(workspace, draft.name)
    assert again.raw == "title = "
    assert again.broken
    assert again.fields["title"] == FACT.title


def test_saving_says_what_it_would_replace(workspace):
    draft = Draft(name="mine", fields=a_form())
    assert replaced(workspace, draft) == ""
    save_fact(workspace.facts, "mine", fields_toml(a_form()), NOW)
    assert "have a fact mine already" in replaced(workspace, draft)
    mine = start_draft(workspace, "mine", load(workspace.facts))
    assert replaced(workspace, mine) == ""
    save_fact(workspace.facts, "mine", "# by hand\n" + fields_toml(a_form()), NOW)
    assert "was changed since" in replaced(workspace, mine)


def test_a_draft_that_the_disk_does_not_take_is_kept_by_the_tab(tmp_path):
    (tmp_path / "drafts").write_text("in the way", encoding="utf-8")
    workspace, draft = Workspace(root=tmp_path), Draft(name="mine", fields=a_form())
    assert "only in this tab" in write_draft(workspace, draft)
    assert read_draft(workspace, "mine", draft_text(draft)) == draft


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": 3, "fields": 4}', "[" * 9999])
def test_a_damaged_draft_is_no_draft(workspace, text):
    folder = workspace.root / "drafts" / "facts"
    folder.mkdir(parents=True)
    (folder / "mine.json").write_text(text, encoding="utf-8")
    assert read_draft(workspace, "mine") is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A", "a/b", "a.b"])
def test_a_draft_has_no_path_for_a_name(workspace, name):
    assert read_draft(workspace, name) is None
    drop_draft(workspace, name, "discarded", NOW)


def test_a_dropped_draft_is_set_aside(workspace):
    write_draft(workspace, Draft(name="mine"))
    drop_draft(workspace, "mine", "discarded", NOW)
    assert draft_names(workspace) == []
    assert (workspace.root / "drafts" / "facts" / "mine.json.discarded-2026-11-27").exists()


def test_a_file_opens_as_a_draft_named_by_its_fact_and_a_broken_one_by_none(workspace):
    assert draft_of_text(workspace, fields_toml(a_form())).name == "mine"
    assert draft_of_text(workspace, "slug = ").name == "new_fact"


def test_an_unknown_fact_to_start_from_is_named(workspace):
    with pytest.raises(UnknownName, match="did you mean"):
        start_draft(workspace, "objections_raed", LIBRARY)


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_saved_fact_is_in_the_library_and_replacing_it_keeps_the_old_file(workspace):
    assert save_fact(workspace.facts, "mine", fields_toml(a_form()), NOW) is None
    assert load(workspace.facts).fact("mine").title == FACT.title
    aside = save_fact(workspace.facts, "mine", fields_toml(a_form(title="Another title")), NOW)
    assert aside is not None
    assert FACT.title in aside.read_text(encoding="utf-8")
    assert load(workspace.facts).fact("mine").title == "Another title"
    assert save_fact(workspace.facts, "mine", fields_toml(a_form(title="Another title")), NOW) is None


def test_deleting_sets_the_file_aside_as_often_as_it_is_done(workspace):
    for number in (1, 2):
        save_fact(workspace.facts, "mine", fields_toml(a_form()), NOW)
        aside = set_aside(own_files(workspace.facts)["mine"], "deleted", NOW)
        assert aside.name == f"mine.toml.deleted-2026-11-27{'' if number == 1 else '-2'}"
        assert "mine" not in load(workspace.facts).facts


def test_a_disk_that_takes_nothing_says_so_and_that_the_draft_is_kept(tmp_path):
    (tmp_path / "facts").write_text("in the way", encoding="utf-8")
    with pytest.raises(FactError, match="kept as a draft"):
        save_fact(tmp_path / "facts", "mine", "x", NOW)


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"\xff\xfe", "UTF-8"), (b"a" * 1_000_001, "larger than 1 MB"), ("é".encode("latin-1"), "UTF-8")],
)
def test_a_file_that_is_no_text_says_what_to_do(content, word):
    with pytest.raises(FactError, match=word):
        decoded("f.toml", content)


def test_free_names_and_marks():
    assert free_name("a", []) == "a"
    assert free_name("a", ["a", "a_2"]) == "a_3"
    assert mark_of(SHIPPED_FACTS / "none.toml") == ""
