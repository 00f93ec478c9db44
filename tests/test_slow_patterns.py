"""An anchor that could take for ever is refused when its fact is read; those of the library are not."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from facts.catalog import shipped
from facts.complaints import complaints
from facts.errors import BrokenFile
from facts.read_fact import parse_fact
from facts.slow_patterns import slow

FOREVER = [
    r"(a+)+$", r"(\w*)*x", r"(?:\w+\s*)+x", r"(?:a|a)*b", r"(?:a|ab)*c", r"(?:a?){30}b", r"(?:(?:a|b)+)+c",
    r"((a{1,9}))*b", r"(?:\w+\w+ )*x",
    r"(?:\w+x)*y", r"(?:.+ )*x", r"(?=(?:a+)+b)", r"(?:[^x]+y)*z", r"(?i)(?:[a-z]+K)*1",
    "(?:.*a){20}", ".*a.*b.*c.*d.*e",
    ".*.*.*.*x", "a.*a.*a.*x", r"[a-z]*\d*[a-z]+x", r"(.*)(\w*)x", r"\w+\b\w*x", r"\w+,?\w+x", r"\s*(?:a|).*\s*x",
    r"(?:\w+ )*(?:\w+ )*x",
]  # fmt: skip
FINE = [
    r"\bobject(?:s|ed|ing|ions?)?\b", r"not (?:\w+ )*indifferent", r"(?:\w+ )+of", r"(?: \w+)*",
    r"(?:[^,]+,)*x", r"a.*b.*c",
    r"\s*\w+\s*x", r"\w+ \w+ \w+", r"[a-z]*\d+[a-z]+x",
    r"(?:\w+\W+){0,4}read", r"(?:ab)*", r"(?:[a-z]+-)+x", "",
]  # fmt: skip


@pytest.mark.parametrize("pattern", FOREVER)
def test_a_repeat_of_a_repeat_is_found(pattern) -> None:
    assert slow(pattern)


@pytest.mark.parametrize("pattern", FINE)
def test_a_repeat_whose_turns_have_a_fixed_end_is_fine(pattern) -> None:
    assert slow(pattern) is None


def test_no_anchor_of_the_library_is_slow() -> None:
    for fact in shipped().facts.values():
        assert [slow(one.pattern) for one in (*fact.topic, fact.negation) if slow(one.pattern)] == []


def test_a_slow_anchor_is_refused_where_its_fact_is_read_with_fact_and_pattern() -> None:
    text = (files("facts") / "library" / "objections_read.toml").read_text(encoding="utf-8")
    head, _, rest = text.partition("negation = ")
    broken = f"{head}negation = '(?:\\w+\\s*)+x'\n{rest.partition(chr(10))[2]}"
    with pytest.raises(BrokenFile, match=r"objections.*line \d+: field anchors.negation.*take for ever"):
        parse_fact("objections_read.toml", broken)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("(" * 3000 + ")" * 3000, "500 at most"), ("(" * 200 + ")" * 200, "60 groups"), ("x" * 501, "501 characters"),
     ("a{99999999999999999999}", "counts too far")],
)  # fmt: skip
def test_an_anchor_that_no_reader_can_take_is_refused_with_words_and_not_with_a_crash(pattern, words) -> None:
    text = (files("facts") / "library" / "objections_read.toml").read_text(encoding="utf-8")
    head, _, rest = text.partition("negation = ")
    broken = f"{head}negation = '{pattern}'\n{rest.partition(chr(10))[2]}"
    with pytest.raises(BrokenFile, match=rf"field anchors.negation.*{words}") as error:
        parse_fact("objections_read.toml", broken)
    assert len(str(error.value)) < 500
    (told,) = (one for one in complaints(tomllib.loads(broken)) if one.field.startswith("anchors"))
    assert words in told.what


def test_a_wording_with_characters_that_cannot_be_seen_is_refused() -> None:
    text = (files("facts") / "library" / "objections_read.toml").read_text(encoding="utf-8")
    head, _, rest = text.partition("state = [")
    for mark in ("\\u001b[2J", "\u202e", "\u200b"):
        with pytest.raises(BrokenFile, match=r"state.*cannot be seen"):
            parse_fact("objections_read.toml", f'{head}state = [\n  "A kettle{mark} is warm.",{rest}')
