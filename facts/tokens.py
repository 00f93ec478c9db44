"""Counts tokens without a tokenizer, so that one prompt has one length whatever model reads it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from facts.parse import Strict, parse_toml, read_text

# A pre-token as byte-pair tokenizers cut them: an apostrophe tail, a word, a digit (the blank before it is a token of
# its own), or a run of other marks.
_PIECE = re.compile(r"'(?:s|t|re|ve|m|ll|d)\b|[^\W\d_]+| ?\d|[^\w\s]+|_+|\n+")
_MANY, _LONG = 65_536, 64  # words remembered, and letters of one that is
_TABLE = Path(__file__).with_name("tokens.toml")


class _Table(Strict):
    words: dict[str, str]  # a number of tokens → the words that have it, separated by blanks


@lru_cache(maxsize=1)
def _known() -> dict[str, int]:
    table = parse_toml(_TABLE, read_text(_TABLE), _Table)
    return {word: int(tokens) for tokens, words in table.words.items() for word in words.split()}


def guess(piece: str) -> int:
    """Tokens of one pre-token by its length alone: how words count that ``tokens.toml`` does not list."""
    if piece.isascii() and piece.isalpha():
        # Common English words are one token up to about eleven letters; longer ones split about every six.
        return 1 if len(piece) <= 11 else 2 if len(piece) <= 17 else 3
    if piece.isascii():
        return 2 if piece[0] == " " else 1
    return max(1, -(-len(piece.encode()) // 4))


@lru_cache(maxsize=65_536)
def _piece_tokens(piece: str) -> int:
    return _known().get(piece) or guess(piece)


class _Words(dict[str, int]):
    """The tokens of what stands between two blanks, counted when first met; of bounded size."""

    def __missing__(self, word: str) -> int:
        # No pre-token holds a blank but for a digit's own, which stands before it: words count one by one.
        tokens = sum(map(_piece_tokens, _PIECE.findall(f" {word}")))
        if len(word) <= _LONG:
            if len(self) >= _MANY:
                self.clear()
            self[word] = tokens
        return tokens


_after_blank = _Words()


def count_tokens(text: str) -> int:
    """Estimated tokens of ``text``; additive over sentences joined by spaces.

    Words of our own texts that byte-pair tokenizers split are listed in ``tokens.toml`` as SmolLM2 splits them
    (``benchmarks/token_table.py`` writes it), so that blocks of equal estimate have equal real length within 2 %.
    """
    first, *rest = text.split(" ")
    return sum(map(_piece_tokens, _PIECE.findall(first))) + sum(map(_after_blank.__getitem__, rest))
