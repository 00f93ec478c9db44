"""Text shown where Markdown is read stays text: nothing in it becomes an image, a link or markup."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.escape import JOINER, paragraph, plain, spoken


@given(st.text())
def test_every_ascii_mark_is_escaped_and_nothing_else_changes(text):
    escaped = plain(text)
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped).replace(JOINER, "") == text.replace(JOINER, "")
    left = re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped)
    assert not set(left) & set(string.punctuation)


@pytest.mark.parametrize(
    "attack",
    [
        "![x](http://host/?secret)",
        "[link](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        ":material/home:",
        ":red[x]",
        "$x$",
        "`a`",
    ],
)
def test_no_markup_can_begin(attack):
    escaped = plain(attack)
    for mark in set(attack) & set("![]()<>:$`"):
        assert not re.search(rf"(?<!\\)(?:\\\\)*{re.escape(mark)}", escaped)


@pytest.mark.parametrize("text", ["http://evil.example/?q", "see www.evil.example", "HTTPS://x.y", "mailto:a@b.c"])
def test_a_bare_address_is_broken_for_linkers_and_whole_for_readers(text):
    """Markdown would link an address in text that is escaped, too."""
    escaped = plain(text).replace("\\", "")
    assert escaped != text
    assert escaped.replace(JOINER, "") == text
    assert not re.search(r"(?i)https?://|www\.\w|\w@\w", escaped)


def test_letters_and_spaces_are_left_alone():
    assert plain("Objections are read") == "Objections are read"


def test_a_paragraph_keeps_its_lines_apart():
    assert paragraph("a.toml, line 3\n\n  field x  ") == "a\\.toml\\, line 3  \nfield x"


@given(st.text())
def test_a_spoken_label_holds_no_escape_and_nothing_that_markdown_reads(text):
    assert not set(spoken(text)) & set('\\`*_{}[]()<>#!|~:$&"/@^=')


def test_a_spoken_label_keeps_the_words_of_a_title():
    assert spoken("Disclosure is paid, and past deals were honoured (5 %)") == (
        "Disclosure is paid, and past deals were honoured 5 %"
    )
