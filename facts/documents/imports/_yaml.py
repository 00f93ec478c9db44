"""A small, strict reader of flat YAML: keys with texts or lists of texts, and nothing that could name code or loop."""

from __future__ import annotations

import re
from pathlib import Path

from facts.documents.imports._source import lines, shown
from facts.errors import BrokenFile

Value = str | bool | None | list[str]
_KEY = re.compile(r"([A-Za-z_][\w-]{0,80}):(?:[ ]+(.*))?$")
_BLOCK = re.compile(r"([|>])(?:([1-9])([+-]?)|([+-]?)([1-9]?))(?:\s+#.*)?$")
_CLOSED = {"'": re.compile(r"((?:[^']++|'')*+)'(?!')(.*)$"), '"': re.compile(r'((?:[^"\\]++|\\.)*+)"(.*)$')}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v",
            "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029", " ": " ", '"': '"', "\\": "\\",
            "/": "/"}  # fmt: skip
_PLAIN = {"true": True, "True": True, "false": False, "False": False, "null": None, "~": None, "": None}
_MOST_CHARS = 20_000_000


def read_yaml(path: Path) -> dict[str, Value]:
    """The keys of the file; ``BrokenFile`` names the line of anything that is not a text or a list of texts."""
    text: list[str] = []
    size = 0
    for _, line in lines(path):
        size += len(line)
        if size > _MOST_CHARS:
            raise BrokenFile(f"{shown(path)}: longer than {_MOST_CHARS // 1_000_000} MB; is this the right file?")
        text.append(line.rstrip("\r\n"))
    return _Reader(path, text).mapping()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _fold(rows: list[str]) -> str:
    """Lines as one text: a single break is a blank, an empty line a break."""
    text = ""
    breaks = 0
    for row in rows:
        if not row:
            breaks += 1
        else:
            text += ("\n" * breaks if breaks else " " if text else "") + row
            breaks = 0
    return text


class _Reader:
    """A cursor over the lines of one file; ``at`` is the next line to be read."""

    def __init__(self, path: Path, text: list[str]) -> None:
        self.path, self.text, self.at = path, text, 0

    def broken(self, at: int, what: str) -> BrokenFile:
        return BrokenFile(f"{shown(self.path)}, line {at + 1}: {what}")

    def mapping(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while self.skip():
            line, at = self.text[self.at], self.at
            if line.startswith("---") and not line[3:].strip() and not found:
                self.at += 1
                continue
            if line.rstrip() == "...":
                break
            key = _KEY.match(line.rstrip())
            if key is None:
                raise self.broken(
                    at, "this reader knows `key: text` and `key:` with a list of texts, and this is neither"
                )
            if key[1] in found:
                raise self.broken(at, f"{key[1]} is there twice; remove one")
            self.at += 1
            found[key[1]] = self.value((key[2] or "").strip(), at)
        return found

    def skip(self) -> bool:
        while self.at < len(self.text) and _blank(self.text[self.at]):
            self.at += 1
        return self.at < len(self.text)

    def value(self, rest: str, at: int) -> Value:
        if rest == "[]":
            return []
        if rest and not rest.startswith("#"):
            return self.scalar(rest, at, 0)
        more = self.skip()
        if more and re.match(r" *-(?: |$)", self.text[self.at]):
            return self.items()
        if more and _indent(self.text[self.at]):
            if _KEY.match(self.text[self.at].strip()):
                raise self.broken(self.at, "keys inside keys are not read; this is no claim's file")
            first, at = self.text[self.at].strip(), self.at
            self.at += 1
            return self.scalar(first, at, 0)
        return None

    def items(self) -> list[str]:
        depth = _indent(self.text[self.at])
        found: list[str] = []
        while self.skip() and _indent(self.text[self.at]) == depth and re.match(r" *-(?: |$)", self.text[self.at]):
            at, rest = self.at, self.text[self.at].strip()[1:].strip()
            if _KEY.match(rest):
                raise self.broken(
                    at, "a list of mappings is not read; this is no claim's file (quote a text with a colon)"
                )
            self.at += 1
            item = self.scalar(rest, at, depth)
            found.append(item if isinstance(item, str) else rest)
        return found

    def scalar(self, rest: str, at: int, depth: int) -> str | bool | None:
        """A text that begins with ``rest`` in line ``at`` and goes on in lines indented by more than ``depth``."""
        if rest[:1] in {"|", ">"}:
            return self.block(rest, at, depth)
        if rest[:1] in _CLOSED:
            return self.quoted(rest, at)
        if rest[:1] and rest[0] in "&*!{[%@`]},?":
            raise self.broken(at, f"YAML's {rest[0]} is not read here; write the text in quotes")
        rows = [rest]
        while self.at < len(self.text):
            line = self.text[self.at]
            if line.strip() and _indent(line) <= depth:
                break
            rows.append(line.strip())
            self.at += 1
        for number, row in enumerate(rows):
            if re.search(r":(?: |$)", row):
                raise self.broken(at + number, "a text with a colon and a blank must stand in quotes or below `|`")
            if "\t" in row:
                raise self.broken(at + number, "a tab in a text that is not quoted; write it in quotes")
        plain = _fold([re.split(r"(?:^|\s)#", row)[0].strip() for row in rows])
        return _PLAIN.get(plain, plain)

    def block(self, rest: str, at: int, depth: int) -> str:
        head = _BLOCK.match(rest)
        if head is None:
            raise self.broken(at, "not a block of text: write | or > alone, with - or + behind it at most")
        own = int(head[2] or head[5] or 0) + depth if head[2] or head[5] else 0
        rows: list[str] = []
        while self.at < len(self.text):
            line = self.text[self.at]
            if line.strip():
                own = own or _indent(line)
                if own <= depth or _indent(line) < own:
                    break
            rows.append(line[own:] if line.strip() else "")
            self.at += 1
        keep = head[3] or head[4] or ""
        end = len(rows)
        while end and not rows[end - 1]:
            end -= 1
        body = "\n".join(rows[:end]) if head[1] == "|" else _fold(rows[:end])
        tail = "\n" * (1 + len(rows) - end) if keep == "+" else "" if keep == "-" or not end else "\n"
        return body + tail

    def quoted(self, rest: str, at: int) -> str:
        mark, rows, line = rest[0], list[str](), rest[1:]
        while (closed := _CLOSED[mark].match(line)) is None:
            rows.append(line.rstrip() if mark == "'" or not line.endswith("\\") else line)
            if self.at >= len(self.text):
                raise self.broken(at, "the quote that opens here is never closed")
            line = self.text[self.at].strip()
            self.at += 1
        if closed[2].strip() and not re.match(r"\s+#", closed[2]):
            raise self.broken(self.at - 1, "something stands behind the closing quote")
        rows.append(closed[1])
        if mark == "'":
            return _fold(rows).replace("''", "'")
        joined: list[str] = []
        for row in rows:
            if joined and joined[-1].endswith("\\") and not joined[-1].endswith("\\\\"):
                joined[-1] = joined[-1][:-1] + row
            else:
                joined.append(row)
        return self.unescaped(_fold(joined), at)

    def unescaped(self, text: str, at: int) -> str:
        def one(match: re.Match[str]) -> str:
            code = match[1]
            if len(code) > 1:
                number = int(code[1:], 16)
                if number > 0x10FFFF:
                    raise self.broken(at, f"\\{code} is no character")
                return chr(number)
            if code not in _ESCAPES:
                raise self.broken(at, f"\\{code} is no escape that YAML knows")
            return _ESCAPES[code]

        return _ESCAPE.sub(one, text)
