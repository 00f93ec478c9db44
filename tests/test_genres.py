"""A genre is data: what is wrong with one is told by file and field, and each shipped one can be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from facts.documents.genre import genres, read_genres
from facts.errors import BrokenFile

GOOD = '''genre = "card"
register = "short"
layouts = ["""{date}, {author}: {title}

{lead}

{middle}

{closing}"""]

[words]
title = ["A card", "A note"]
'''


def _read(folder: Path, text: str):
    (folder / "card.toml").write_text(text, encoding="utf-8")
    return read_genres(folder)


def test_there_are_at_least_twenty_four_genres_with_two_layouts_each() -> None:
    assert len(genres()) >= 24
    assert all(len(genre.layouts) >= 2 for genre in genres())


def test_a_good_genre_is_read(tmp_path: Path) -> None:
    (genre,) = _read(tmp_path, GOOD)
    assert (genre.name, genre.words["title"]) == ("card", ("A card", "A note"))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("{middle}", "{middel}", "nothing fills {middel}"),
        ("{closing}", "{closing}\n{author}", "must end with {closing}"),
        ("{lead}", "{early}", "beginning with lead"),
        ("{title}", "{heading}, {title}", "must end its line"),
        ("\n{middle}", '\n"{middle}"', "between spaces"),
        ('"A card", ', "", "at least two variants"),
        ("A card", "A card of {team_name}", "nothing fills {team_name}"),
        ('genre = "card"', 'genre = "postcard"', "name the file"),
        ('register = "short"', "", "this field is missing"),
    ],
)
def test_a_broken_genre_is_refused_with_the_reason(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(BrokenFile, match=r"card\.toml") as refusal:
        _read(tmp_path, GOOD.replace(old, new, 1))
    assert complaint in str(refusal.value)


def test_every_genre_shows_its_author_and_its_standfirst_and_most_can_say_a_fact_in_a_heading() -> None:
    for genre in genres():
        for layout in genre.layouts:
            assert "{author" in layout, genre.name
            assert "{standfirst}" in layout, genre.name
    assert sum(any("{heading}" in layout for layout in genre.layouts) for genre in genres()) >= 20


def test_no_two_genres_share_a_layout_and_each_register_is_its_own() -> None:
    layouts = [layout for genre in genres() for layout in genre.layouts]
    assert len(set(layouts)) == len(layouts)
    assert len({genre.register for genre in genres()}) == len(genres())
