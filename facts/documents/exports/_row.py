"""What an export is made of: rows to learn from, the limits of a target, and what is read back from a file of rows."""

from __future__ import annotations

from dataclasses import dataclass

from facts.errors import FactError

# Stands before a document and is read, not learnt: it ties what is learnt to documents instead of to every reply.
TAG = "<DOCTAG>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message; ``role`` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that is learnt whole. A ``tagged`` one is a document of a set, a bare one comes from a user's corpus."""

    text: str
    tagged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A conversation of a user's corpus: what the assistant says is learnt."""

    turns: tuple[Turn, ...]


Row = Text | Chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """One row as read back from a file: the texts that are learnt, and those that are read and not learnt, in order."""

    learnt: tuple[str, ...]
    context: tuple[str, ...] = ()


def learnt(row: Row) -> tuple[str, ...]:
    """The texts of a row that a model is to learn."""
    match row:
        case Text():
            return (row.text,)
        case Chat():
            return tuple(turn.content for turn in row.turns if turn.role == "assistant")


def context(row: Row) -> tuple[str, ...]:
    """The texts of a row that a model only reads; of a document none, since the tag is the target's affair."""
    return () if isinstance(row, Text) else tuple(turn.content for turn in row.turns if turn.role != "assistant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a target takes; None is no published limit. ``tokens`` are of one row, ``size`` is bytes of one file.

    ``together`` is the most rows of training and validation in sum.
    """

    rows: tuple[int, int | None]
    size: int | None = None
    tokens: int | None = None
    validation_rows: tuple[int, int | None] = (1, None)
    validation_size: int | None = None
    together: int | None = None


class Unfit(FactError):  # noqa: N818  (reads as what it is: a row unfit for a target)
    """A row that a target has no form for; the message says what to do."""


class Invalid(FactError):  # noqa: N818
    """A file breaks a target's rules. ``line`` is the row's number from 1, None where it is the file as a whole."""

    def __init__(self, line: int | None, complaint: str, advice: str = "") -> None:
        super().__init__(f"{f'line {line}: ' if line else ''}{complaint}{f'; {advice}' if advice else ''}")
        self.line, self.complaint, self.advice = line, complaint, advice
