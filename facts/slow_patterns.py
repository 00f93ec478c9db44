"""Finds what makes a regular expression take for ever on some texts: a repeat inside a repeat with nothing between.

`(?:\\w+)*` can read one word in more ways than there are atoms; `(?:\\w+ )*` in one, since its blank is no letter. A
pattern passes where each turn of a long repeat ends or begins at a character that nothing else in it can match, and has
one part at most that can be read in more ways than one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Protocol, cast

_LONG = 9  # so many turns and more are a long repeat
_ANYTHINGS = 2  # of `.*` in one pattern: three take a minute on 600 equal letters
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT"})
_NO_WIDTH = frozenset({"AT", "ASSERT", "ASSERT_NOT"})
_LETTERS = tuple(map(chr, (*range(32, 127), 0x09, 0x0A, 0xE9, 0x4E2D)))  # what two classes are tried with
# Where an item of the parsed pattern keeps its parts.
_PLACES = {
    "MAX_REPEAT": slice(2, 3), "MIN_REPEAT": slice(2, 3), "POSSESSIVE_REPEAT": slice(2, 3), "SUBPATTERN": slice(3, 4),
    "BRANCH": slice(1, 2), "ASSERT": slice(1, 2), "ASSERT_NOT": slice(1, 2), "GROUPREF_EXISTS": slice(1, 3),
}  # fmt: skip
Item = tuple[object, object]


class _Parser(Protocol):
    def parse(self, pattern: str) -> Sequence[Item]: ...


def _inside(kind: str, value: object) -> tuple[Sequence[Item], ...]:
    """The parts that an item of the parsed pattern is made of."""
    if kind == "ATOMIC_GROUP":
        return (cast("Sequence[Item]", value),)
    if kind not in _PLACES:
        return ()
    parts = cast("Sequence[object]", value)[_PLACES[kind]]
    if kind == "BRANCH":
        (parts,) = cast("Sequence[Sequence[object]]", parts)
    return tuple(cast("Sequence[Item]", part) for part in parts if part is not None)


def _items(tree: Sequence[Item]) -> Iterator[tuple[str, object]]:
    """Every item of the pattern, at any depth."""
    for name, value in tree:
        yield str(name), value
        for part in _inside(str(name), value):
            yield from _items(part)


def _category(name: str, letter: str) -> bool:
    among = {"WORD": letter.isalnum() or letter == "_", "DIGIT": letter.isdigit(), "SPACE": letter.isspace()}
    return next((found is not ("NOT" in name) for kind, found in among.items() if kind in name), True)


def _matches(kind: str, value: object, letter: str) -> bool:
    """Whether an item could match the letter, in either case; yes where that is not known."""
    match kind:
        case "LITERAL":
            return chr(cast("int", value)).casefold() == letter.casefold()
        case "NOT_LITERAL":
            return chr(cast("int", value)).casefold() != letter.casefold()
        case "RANGE":
            low, high = cast("tuple[int, int]", value)
            return any(low <= ord(form) <= high for form in (letter, letter.lower(), letter.upper()) if len(form) == 1)
        case "CATEGORY":
            return _category(str(value), letter)
        case "IN":
            among = cast("Sequence[Item]", value)
            found = any(_matches(str(name), one, letter) for name, one in among if str(name) != "NEGATE")
            return found is not any(str(name) == "NEGATE" for name, _ in among)
        case _:
            return kind == "ANY"


def _marked(body: Sequence[Item]) -> bool:
    """Whether each turn begins or ends at a character that nothing else in the body can match."""
    flat: Sequence[Item] = body
    while len(flat) == 1 and str(flat[0][0]) == "SUBPATTERN":
        (flat,) = _inside("SUBPATTERN", flat[0][1])
    for place in (-1, 0):
        if not flat or str(flat[place][0]) != "LITERAL":
            continue
        letter = chr(cast("int", flat[place][1]))
        others = flat[:-1] if place else flat[1:]
        if not any(_matches(kind, value, letter) for kind, value in _items(others)):
            return True
    return False


def _turns(kind: str, value: object) -> tuple[int, int]:
    if kind not in _REPEATS:
        return 1, 1
    least, most, _ = cast("tuple[int, int, object]", value)
    return int(least), int(most)


def _trees(tree: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The pattern and every part of it, at any depth."""
    yield tree
    for name, value in tree:
        for part in _inside(str(name), value):
            yield from _trees(part)


def _in_a_row(tree: Sequence[Item]) -> Iterator[tuple[str, object]]:
    """What the pattern matches one after another, out of its groups."""
    for name, value in tree:
        if str(name) == "SUBPATTERN":
            yield from _in_a_row(_inside("SUBPATTERN", value)[0])
        else:
            yield str(name), value


def _overlap(one: Sequence[Item], other: Sequence[Item]) -> bool:
    """Whether two repeated parts can match the same text: single characters by trying, others where they are equal."""
    first, second = list(_in_a_row(one)), list(_in_a_row(other))
    if len(first) != 1 or len(second) != 1:
        return str(one) == str(other)
    return any(_matches(*first[0], letter) and _matches(*second[0], letter) for letter in _LETTERS)


def _may_be_nothing(kind: str, value: object) -> bool:
    if kind == "BRANCH":
        return any(all(_may_be_nothing(*item) for item in _in_a_row(part)) for part in _inside(kind, value))
    return kind in _NO_WIDTH or _turns(kind, value)[0] == 0


def _adjacent(tree: Sequence[Item]) -> bool:
    """Whether two long repeats that can match the same text stand side by side: the border may lie anywhere."""
    before: list[Sequence[Item]] = []
    for kind, value in _in_a_row(tree):
        least, most = _turns(kind, value)
        if most >= _LONG:
            (body,) = _inside(kind, value)
            if any(_overlap(body, other) for other in before):
                return True
            before = [body] if least else [*before, body]
        elif not _may_be_nothing(kind, value):
            before = []
    return False


def slow(pattern: str) -> str | None:
    """Why the pattern could take for ever, and what to write instead; None where nothing is found."""
    parser = cast("_Parser", import_module("re._parser"))
    tree = parser.parse(pattern)
    for kind, value in _items(tree):
        if _turns(kind, value)[1] < _LONG:
            continue
        (body,) = _inside(kind, value)
        choices = sum(name == "BRANCH" for name, _ in _items(body))
        loose = sum(len(set(_turns(name, one))) > 1 for name, one in _items(body))
        if choices or loose > 1 or (loose and not _marked(body)):
            return (
                "something is repeated in it whose turns can be read in many ways, so that it can take for ever on "
                r"some texts; end each turn with a fixed character, as in (?:\w+ )*, or repeat it at most "
                f"{_LONG - 1} times"
            )
    if any(_adjacent(part) for part in _trees(tree)):
        return (
            "two repeats that match the same characters stand side by side in it, as in .*.* or \\w+\\w*, so that it "
            "can take for ever on some texts; keep one of them, or put between them what neither can match"
        )
    anything = sum(
        _turns(kind, value)[1] >= _LONG and str(_inside(kind, value)[0][0][0]) == "ANY" for kind, value in _items(tree)
    )
    if anything > _ANYTHINGS:
        return f"`.*` stands in it {anything} times, so that it can take for ever; use it {_ANYTHINGS} times at most"
    return None
