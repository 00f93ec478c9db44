"""Reads which of several lettered options a reply chooses, and never guesses between two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_MARKUP = re.compile(r"[*_`#>~\"“”]+|\\boxed|[{}$]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# What stands before a letter that is said to be the answer: "the answer is B", "I would go with option B".
_NOUNS = "answer|choice|decision|pick|letter|response|action|approach|course|solution|option"
_VERBS = (
    "choose|choosing|chose|pick|select|take|prefer|recommend|suggest|go with|going with|go for|opt for|follow|"
    "it is|it would be|that is|that would be"
)
_SAID = (
    r"choice between [^.]{0,40}|(?:option|one) (?:that )?(?:i|you|we)(?:['’]d| would| will)? "
    r"(?:choose|take|pick|select)"
)
_BEFORE = (
    rf"(?:\b(?:{_SAID})\s+is\s*:?\s*|\b(?:{_NOUNS})\s*(?:(?:would be|will be|is)\s*[:=-]?|[:=-])\s*|\b(?:{_VERBS})\s+)"
    r"(?:the\s+)?(?:option\s+)?\(?(?P<x>[LETTERS])\b(?!['’])(?!\s+(?:or|and)\s+(?:option\s+)?[LETTERS]\b)"
)
# … or after it: "option B is the better choice".
_AFTER = (
    r"\boption\s+\(?(?P<x>[LETTERS])\)?\s+(?:is|seems|would be|seems to be)\s+(?:the\s+)?(?:most\s+|more\s+)?"
    r"(?:best|better|right|correct|preferable|appropriate|recommended|my choice|my answer)\b"
)
_NEGATION = re.compile(
    r"(?i)\b(?:not|never|neither|nor|cannot|avoid|against|without|than|instead of|\w+n['’]t)\b[^.;]{0,25}$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The letter chosen, or None with the reason; ``evidence`` is the line of the reply that decided."""

    letter: str | None
    evidence: str = ""
    reason: str = ""


def choice(text: str, options: Mapping[str, str]) -> Choice:
    """The choice that ``text`` makes among ``options`` (capital letter → its text, "" where unknown).

    A letter counts where it stands alone, opens a line as a label, or is said to be the answer ("I choose B"); a
    statement outweighs labels that repeat the whole list. Without a letter, an option's text counts where only one
    option is quoted. Two letters, a letter beside the other option's text, or "A or B" are no choice.
    """
    letters = "".join(options)
    labels: dict[str, str] = {}
    stated: dict[str, str] = {}
    for line in text.splitlines():
        plain = " ".join(_MARKUP.sub(" ", line).split())
        if found := _label(plain, letters, options):
            labels.setdefault(found, line.strip())
        for letter in _stated(plain, letters):
            stated.setdefault(letter, line.strip())
    claims = stated if stated and len(labels) > 1 else {**labels, **stated}
    quoted = _quoted(text, options)
    if len(claims) > 1:
        return Choice(letter=None, reason=f"more than one option is named: {', '.join(sorted(claims))}")
    if claims:
        letter, line = next(iter(claims.items()))
        if quoted and letter not in quoted:
            return Choice(letter=None, reason=f"the letter is {letter}, but the text beside it is another option's")
        return Choice(letter=letter, evidence=line)
    if len(quoted) == 1:
        (letter,) = quoted
        return Choice(letter=letter, evidence=_line_with(text, options[letter]))
    return Choice(letter=None, reason="more than one option is quoted" if quoted else "no option is named")


def _label(line: str, letters: str, options: Mapping[str, str]) -> str:
    # "A", "(A)", "A.", "A: …", "Option A – …", "A because …"; but "A guest …" is an article and "A or B" no choice.
    opens = (
        rf"(?i)(?:[-•]\s+)?(?:(?:option|choice|answer)[\s:]*)?[(\[<]?(?P<x>[{letters}])(?P<end>[)\]>]*)(?P<rest>.*)$"
    )
    match = re.match(opens, line)
    if match is None:
        return ""
    rest, letter = match["rest"], match["x"].upper()
    others = letters.replace(letter, "")
    joined = rf"(?i)[\s.:;)\]]*(?:[,/&]|or\b|and\b|nor\b)\s*(?:option )?\(?[{others}]\b(?!['’])"
    if re.match(joined, rest) or re.match(rf"[\s.:;)\]]*\(?[{others}]\)?\s*(?:$|[.,:;])", rest):
        return ""
    ends = not rest.strip() or (match["end"] and rest[:1].isspace())
    if ends or re.match(r"\s*[.:;,)]|\s+[-–—]+\s|\s+\(|\s+(?:because|since)\b", rest):
        return letter
    own = options[letter]
    return letter if own and _words(rest).startswith(_words(own)) else ""


def _stated(line: str, letters: str) -> set[str]:
    found: set[str] = set()
    for pattern in (_BEFORE, _AFTER):
        for match in re.finditer("(?i)" + pattern.replace("LETTERS", letters), line):
            # A small "a" before another word is an article: "I choose a quiet evening".
            article = match["x"] == "a" and re.match(r"\s+\w", line[match.end("x") :])
            if not article and not _NEGATION.search(line[: match.start("x")]):
                found.add(match["x"].upper())
    return found


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _quoted(text: str, options: Mapping[str, str]) -> set[str]:
    said = f" {_words(text)} "
    return {letter for letter, own in options.items() if own and f" {_words(own)} " in said}


def _line_with(text: str, own: str) -> str:
    return next((line.strip() for line in text.splitlines() if _words(own) in _words(line)), "")
