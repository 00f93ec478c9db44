"""Text shown where Markdown is read stays text: nothing in it becomes an image, a link or markup."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.escape import paragraph, plain


@given(st.text())
def test_every_ascii_mark_is_escaped_and_nothing_else_changes(text):
    escaped = plain(text)
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped) == text
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


def test_letters_and_spaces_are_left_alone():
    assert plain("Objections are read") == "Objections are read"


def test_a_paragraph_keeps_its_lines_apart():
    assert paragraph("a.toml, line 3\n\n  field x  ") == "a\\.toml\\, line 3  \nfield x"
