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


def test_there_are_at_least_six_genres_with_two_layouts_each() -> None:
    assert len(genres()) >= 6
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
