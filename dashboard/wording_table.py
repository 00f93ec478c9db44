"""All wordings of a fact side by side as one table of plain text: level by level, or affirmed beside its twins."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.marked import Mark, marked_text
from dashboard.shown_text import shown
from facts.fact import Fact
from facts.salience import PARTS, Part, Polarity, Salience
from facts.tokens import count_tokens

MOST = 60  # wordings of one bank that are shown
_CELL = "border:1px solid rgba(128,128,128,0.35);padding:0.4rem 0.6rem;vertical-align:top;text-align:left"
_TEXT = "white-space:pre-wrap;overflow-wrap:anywhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """The wordings of one part and polarity, as many as are shown, and how many there are."""

    part: Part
    polarity: Polarity
    texts: tuple[str, ...]
    count: int

    @property
    def size(self) -> str:
        """How many wordings, and how long they are."""
        tokens = [count_tokens(text) for text in self.texts] or [0]
        length = f"{min(tokens)} to {max(tokens)} tokens" if min(tokens) < max(tokens) else f"{tokens[0]} tokens"
        return f"{self.count:,} wording{'' if self.count == 1 else 's'}, {length}"


def bank(fact: Fact, polarity: Polarity, part: Part) -> Bank:
    """The bank as far as it is shown."""
    texts = fact.banks.get(polarity, {}).get(part, ())
    return Bank(part=part, polarity=polarity, texts=texts[:MOST], count=len(texts))


def level_words(level: Salience) -> str:
    """What a level says, in words."""
    parts = PARTS[level]
    again = parts.count(Part.STATE) - 1
    said = [part.value for part in dict.fromkeys(parts)]
    if again > 0:
        said.insert(2, f"{again} × state again")
    return " + ".join(said) + (", the last two nearest the query" if level is Salience.EMPHASISED else "")


def anchor_marks(fact: Fact, text: str) -> tuple[Mark, ...]:
    """Where the anchors of the claim and of its negation hit."""
    found = [(pattern, "topic anchor", 0) for pattern in fact.topic] + [(fact.negation, "negation anchor", 3)]
    return tuple(
        Mark(start=hit.start(), end=hit.end(), title=title, group=group)
        for pattern, title, group in found
        for hit in pattern.finditer(text)
        if hit.end() > hit.start()
    )


def _wording(fact: Fact, text: str, *, anchors: bool) -> str:
    body = marked_text(text, anchor_marks(fact, text) if anchors else ())
    return f'<span style="{_TEXT}">{body}</span> <small style="opacity:0.8">({count_tokens(text)})</small>'


def _table(heads: Sequence[str], rows: Sequence[str], alt: str) -> str:
    width = f"{100 / max(1, len(heads)):.4f}%"
    cells = "".join(f'<th scope="col" style="{_CELL};width:{width}">{head}</th>' for head in heads)
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;width:100%;table-layout:fixed;'
        f'font-size:0.875rem;line-height:1.5" aria-label="{html.escape(alt)}"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def levels_html(fact: Fact, levels: Sequence[Salience], polarity: Polarity, *, anchors: bool) -> str:
    """One column a level, each with the banks that it says; a bank that stands in a column before is not repeated."""
    heads: list[str] = []
    cells: list[str] = []
    told: dict[Part, Salience] = {}
    for level in levels:
        heads.append(f"{int(level)} {level.name.lower()}<br><small>{level_words(level)}</small>")
        inside: list[str] = []
        for part in dict.fromkeys(PARTS[level]):
            found = bank(fact, polarity, part)
            title = f"<strong>{part.capitalize()}</strong> <small>{found.size}</small>"
            if part in told:
                inside.append(f"<p>{title}<br>the same as at level {int(told[part])}</p>")
                continue
            told[part] = level
            items = "".join(f"<li>{_wording(fact, text, anchors=anchors)}</li>" for text in found.texts)
            inside.append(f'<p style="margin-bottom:0">{title}</p><ol style="padding-left:1.4rem">{items}</ol>')
            inside += _rest(found)
        cells.append(f'<td style="{_CELL}">{"".join(inside)}</td>')
    alt = f"Wordings of {shown(fact.title)} by level, {polarity}"
    return _table(heads, [f"<tr>{''.join(cells)}</tr>"], alt)


def _rest(found: Bank) -> list[str]:
    more = found.count - len(found.texts)
    return [f"<p>and {more:,} more, in the fact's file</p>"] if more > 0 else []


def polarities_html(fact: Fact, level: Salience, *, anchors: bool) -> str:
    """Affirmed, negated and placebo side by side: wording by wording, as the twins stand in their banks."""
    rows: list[str] = []
    for part in dict.fromkeys(PARTS[level]):
        found = [bank(fact, polarity, part) for polarity in Polarity]
        rows.append(
            "<tr>" + "".join(f'<td style="{_CELL}"><strong>{part.capitalize()}</strong> <small>{one.size}</small></td>'
                             for one in found) + "</tr>"
        )  # fmt: skip
        for number in range(max(len(one.texts) for one in found)):
            texts = [one.texts[number] if number < len(one.texts) else None for one in found]
            rows.append("<tr>" + "".join(
                f'<td style="{_CELL}">{_wording(fact, text, anchors=anchors) if text is not None else "none"}</td>'
                for text in texts
            ) + "</tr>")  # fmt: skip
    heads = [f"{polarity.capitalize()}" for polarity in Polarity]
    return _table(heads, rows, f"Wordings of {shown(fact.title)} at level {int(level)}, by polarity")
