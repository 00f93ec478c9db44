"""Writes facts/tokens.toml: how SmolLM2 splits the words of our own texts where a count by length would be wrong.

    python benchmarks/token_table.py

Run it after adding prose; tests/test_tokens.py says when it is due.
"""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from pathlib import Path

from facts.tokens import guess
from runners.models import find_model
from runners.providers import embedded

FACTS = Path(__file__).parents[1] / "facts"
TABLE = FACTS / "tokens.toml"
HEAD = """\
# Words of this project's texts that byte-pair tokenizers split otherwise than their length suggests, by their number
# of tokens in SmolLM2 after a blank. Written by benchmarks/token_table.py; do not edit.

[words]
"""


def words() -> list[str]:
    """Every word in the facts, filler, settings, queries and documents, once."""
    files = [path for kind in ("*.toml", "*.jsonl") for path in sorted(FACTS.rglob(kind)) if path != TABLE]
    return sorted({word for path in files for word in re.findall(r"[^\W\d_]+", path.read_text(encoding="utf-8"))})


def main() -> None:
    model = find_model("embedded")
    split: dict[int, list[str]] = defaultdict(list)
    for word in words():
        tokens = embedded.tokenize(model, f" {word}")
        if tokens != guess(word):
            split[tokens].append(word)
    rows = [f'{tokens} = """\n{textwrap.fill(" ".join(split[tokens]), 118)}\n"""' for tokens in sorted(split)]
    TABLE.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{TABLE.name}: {sum(map(len, split.values()))} of {len(words())} words, {TABLE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
