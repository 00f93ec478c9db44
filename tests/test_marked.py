"""Marked text is the very same text: whatever it holds, only our own two tags are live."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from dashboard.marked import Mark, marked_html

TEXTS = st.text(st.one_of(st.sampled_from("<>&\"'/=![]() \n"), st.characters(exclude_categories=["Cs"], codec="utf-8")))


class Seen(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self.marked, self.other, self.inside = [], "", [], [], False

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = self.inside or tag == "mark"
        if tag == "mark":
            self.marked.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "mark"

    def handle_data(self, data):
        self.text += data
        if self.inside:
            self.marked[-1] += data

    def handle_comment(self, data):
        self.other.append(data)

    handle_decl = unknown_decl = handle_pi = handle_comment


def read(html):
    seen = Seen()
    seen.feed(html)
    seen.close()
    return seen


def marks(text):
    places = st.integers(0, len(text) + 3)
    return st.lists(
        st.builds(lambda a, b, title, group: Mark(start=a, end=b, title=title, group=group),
                  places, places, TEXTS, st.integers(0, 20)), max_size=5)  # fmt: skip


@given(TEXTS.flatmap(lambda text: st.tuples(st.just(text), marks(text))))
def test_only_pre_and_mark_are_live_and_the_text_is_the_very_same(given_):
    text, found = given_
    seen = read(marked_html(text, found))
    assert {tag for tag, _ in seen.tags} <= {"pre", "mark"}
    assert all(set(attrs) <= {"style", "title"} for _, attrs in seen.tags)
    assert not seen.other
    assert seen.text == text


@given(TEXTS.filter(len), st.data())
def test_one_mark_marks_exactly_its_span(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    seen = read(marked_html(text, [Mark(start=start, end=end, title='"><script>')]))
    assert seen.marked == [text[start:end]]
    assert seen.tags[1][1]["title"] == '"><script>'


def test_overlapping_marks_are_cut_and_neighbours_differ_in_colour_and_line():
    seen = read(
        marked_html("abcdef", [Mark(start=0, end=4, title="x", group=0), Mark(start=2, end=6, title="y", group=1)])
    )
    assert seen.marked == ["abcd", "ef"]
    assert seen.tags[1][1]["style"] != seen.tags[2][1]["style"]
