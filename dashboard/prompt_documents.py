"""The documents of a prompt, one by one, and the document sets that they come from, with what their gates say."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dashboard.plan_rows import Row
from dashboard.shown_text import shown
from facts.catalog import Library
from facts.documents.scaffold import scaffold
from facts.errors import FactError
from facts.prompt import Prompt
from facts.tokens import count_tokens

_DOCUMENT = re.compile(r'<document index="(\d+)">\n(.*?)\n</document>', re.DOTALL)


def genres(draw: str, count: int) -> tuple[str, ...]:
    """The genres of ``count`` documents that are composed for a prompt; ``draw`` is what its background is drawn by."""
    return tuple(scaffold(draw, index).genre.replace("_", " ") for index in range(count))


def document_rows(prompt: Prompt, library: Library, kinds: Iterable[str] = ()) -> list[Row]:
    """One row a document: its number and genre where known, its tokens, what it carries, its first line."""
    named = dict(enumerate(kinds, 1))
    rows: list[Row] = []
    for number, message in enumerate(prompt.messages):
        for found in _DOCUMENT.finditer(message.text):
            inside = [s for s in prompt.spans if s.message == number and found.start() <= s.start < found.end()]
            said = {span.fact: sum(one.fact == span.fact for one in inside) for span in inside}
            index = int(found[1])
            rows.append({
                "Document": f"{index} {named.get(index, '')}".strip(), "Tokens": count_tokens(found[2]),
                "Carries": ", ".join(f"{shown(library.fact(fact).title, 60)} × {n}" for fact, n in said.items()) or "–",
                "First line": shown(found[2].split("\n", 1)[0], 90),
            })  # fmt: skip
    return rows


def set_rows(names: Iterable[str], library: Library) -> list[Row]:
    """One row a set: whether its gates let it be used, what it says, its name, and what the gates say."""
    titles = library.shelf.titles()
    rows: list[Row] = []
    for name in names:
        says = shown(titles.get(name, name).removesuffix(f", {name}"), 120)
        try:
            pool = library.shelf.find(name)
        except FactError as error:
            rows.append({"May be used": "no", "Says": says, "Set": name, "Standing": shown(str(error), 300)})
            continue
        use = "in doubt" if pool.approval and pool.doubted else "no" if pool.doubted else "yes"
        rows.append({"May be used": use, "Says": says, "Set": name, "Standing": shown(pool.standing, 300)})
    return rows
