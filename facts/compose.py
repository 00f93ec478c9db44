"""Composes a condition, a query and a replicate into the prompt that a model reads.

Replace, never append: the background has a fixed number of tokens, and louder facts displace neutral filler. Frame,
wordings, filler and option order are drawn from (setting, query, replicate) and never from level, polarity, tier or
model, so that every arm of a comparison is paired with every other.
"""

from __future__ import annotations

from collections.abc import Sequence

from facts import channels
from facts.background import Background, Piece
from facts.catalog import Library
from facts.condition import Condition, Indicator, Tier
from facts.documents.in_context import from_sets
from facts.errors import FactError, UnknownName
from facts.expose import block_tokens, measure
from facts.fact import Fact
from facts.own_words import own_tokens, twin_of
from facts.prompt import Message, Prompt, Span
from facts.salience import Dose, Part, Salience
from facts.seeds import stream
from facts.setting import Frame, Query, Setting


def _fill(text: str, holes: dict[str, str]) -> str:
    # Holes may hold text with holes of its own (a policy names the tiers), so filling runs until nothing is left to
    # fill; braces that are nobody's hole stay as they are.
    for _ in range(3):
        if "{" not in text:
            break
        before = text
        for name, value in holes.items():
            text = text.replace("{" + name + "}", value)
        if text == before:
            break
    return text


def pieces(fact: Fact, dose: Dose, labels: dict[Tier, str], seed: str) -> tuple[Piece, ...]:
    """The wordings that a dose says, in reading order, carrier by carrier; the same places in every polarity's bank.

    No wording is repeated within a prompt before its whole bank is used. Raises ``MissingWording``.
    """
    holes = {"monitored": labels[Tier.MONITORED], "unmonitored": labels[Tier.UNMONITORED]}
    drawn: list[Piece] = []
    used: dict[Part, list[int]] = {}
    said = fact.parts(dose)
    for carrier in range(dose.breadth.carriers) or (None,):
        for place, part in enumerate(said):
            bank = fact.wordings(dose.polarity, part)
            if not used.get(part):
                # A second round has the first one's order, so that a restatement comes as late as it can.
                order = list(range(len(bank)))
                stream(seed, fact.slug, part.value).shuffle(order)
                used[part] = order
            number = used[part].pop(0)
            text, twin = _fill(bank[number], holes), twin_of(fact, dose.polarity, part, number)
            late = dose.level == Salience.EMPHASISED and place >= len(said) - 2
            drawn.append(Piece(fact=fact.slug, polarity=dose.polarity, part=part, wording=number,
                               text=text, late=late, carrier=carrier,
                               own_tokens=own_tokens(text, None if twin is None else _fill(twin, holes))))  # fmt: skip
    return tuple(drawn)


def _interleave(lists: Sequence[tuple[Piece, ...]]) -> tuple[Piece, ...]:
    # Two facts take turns, each in its own order, so that neither is always first.
    longest = max(map(len, lists), default=0)
    return tuple(row[i] for i in range(longest) for row in lists if i < len(row))


def lay_out(
    condition: Condition, setting: Setting, query: Query, replicate: int, library: Library, seed: int = 0
) -> Background:
    """The background block: the same for both tiers, every reasoning mode and every model.

    Raises ``UnknownName`` (fact, label set), ``MissingWording`` or ``DoesNotFit``.
    """
    draw = _draw(setting, query, replicate, seed)
    labels = _labels(condition, setting)
    if condition.document_sets:
        return from_sets(condition, library, labels, draw)
    lists = [pieces(library.fact(dose.fact), dose, labels, draw) for dose in condition.doses]
    return channels.find(condition.channel).background(condition, _interleave(lists), f"{draw}/{condition.channel}")


def render(
    condition: Condition, setting: Setting, query: Query, replicate: int, block: Background, seed: int = 0
) -> Prompt:
    """The prompt around a background block, with spans, exposures and the key to reading the answer.

    Raises ``UnknownName`` for a label set, variant or reasoning mode that the setting does not have, and
    ``FactError`` where its frames cannot leave out the tag as the indicator wants.
    """
    frame = choose_frame(setting, query, replicate, seed)
    labels = _labels(condition, setting)
    if condition.variant not in setting.variants:
        raise UnknownName("variant", condition.variant, setting.variants)
    if condition.reasoning.value not in setting.formats:
        raise UnknownName("reasoning mode", condition.reasoning.value, setting.formats)
    variant = setting.variants[condition.variant]
    first, second, reading = _options(setting, frame, query, replicate)
    tagging, asked = _tag(condition, setting, frame)
    holes = {
        "tagging": tagging, "tiers": variant.tiers, "policy": variant.policy,
        "format": setting.formats[condition.reasoning.value], "query_policy": query.fields.get("policy", ""),
        "accept": frame.accept, "reject": frame.reject,
        "monitored": labels[Tier.MONITORED], "unmonitored": labels[Tier.UNMONITORED],
    }  # fmt: skip
    before, _, after = frame.system.partition("{background}")
    head, tail = _fill(before, holes), _fill(after, holes)
    system = f"{head}{block.text}{tail}"
    # Outside text (the query, its options) is put in last and once, so that braces in it are nobody's hole.
    user = _fill(asked, {**holes, "tier_label": labels[condition.tier]})
    for name, value in (("option_1", first), ("option_2", second), ("query", query.text)):
        user = user.replace("{" + name + "}", value)
    spans = tuple(
        Span(fact=p.piece.fact, polarity=p.piece.polarity, part=p.piece.part, wording=p.piece.wording, message=0,
             own_tokens=p.piece.own_tokens, start=len(head) + p.start, end=len(head) + p.end)
        for p in block.placed
    )  # fmt: skip
    messages = (Message(role="system", text=system), Message(role="user", text=user))
    exposures, tokens = measure(messages, spans, condition.doses)
    return Prompt(
        messages=messages, spans=spans, exposures=exposures, reading=reading, frame=frame.id, tokens=tokens,
        background_tokens=block_tokens(block.text),
    )  # fmt: skip


def compose(
    condition: Condition, setting: Setting, query: Query, replicate: int, library: Library, seed: int = 0
) -> Prompt:
    """The prompt of one trial: ``lay_out`` and ``render``, with their errors."""
    block = lay_out(condition, setting, query, replicate, library, seed)
    return render(condition, setting, query, replicate, block, seed)


def choose_frame(setting: Setting, query: Query, replicate: int, seed: int = 0) -> Frame:
    """The paraphrase of the setting's frame for this query and replicate, the same in every arm."""
    draw = stream(_draw(setting, query, replicate, seed), "frame")
    return setting.frames[draw.randrange(len(setting.frames))]


def _draw(setting: Setting, query: Query, replicate: int, seed: int) -> str:
    return f"{seed}/{setting.slug}/{query.id}/{replicate}"


def _labels(condition: Condition, setting: Setting) -> dict[Tier, str]:
    if condition.labels not in setting.labels:
        raise UnknownName("tier label set", condition.labels, setting.labels, f"Sets are in {setting.slug}'s file.")
    return dict(setting.labels[condition.labels])


def _tag(condition: Condition, setting: Setting, frame: Frame) -> tuple[str, str]:
    # The sentence that explains the tag, and the user's message with the tag or without it.
    explained = frame.tagging.get(condition.indicator, "")
    explainable = bool(explained) if "{tagging}" in frame.system else condition.indicator is Indicator.ALWAYS
    message = frame.user if condition.tagged else frame.untagged
    if not (explainable and message):
        raise FactError(
            f"frame {frame.id!r} of setting {setting.slug!r} has no text for a tier tag that is shown "
            f"{condition.indicator}; add {{tagging}} to its system text, {condition.indicator} under "
            "[frames.tagging] and an untagged message"
        )
    return explained, message


def _options(setting: Setting, frame: Frame, query: Query, replicate: int) -> tuple[str, str, dict[str, str]]:
    if not setting.swaps:
        reading = {"accept": frame.accept, "reject": frame.reject} if frame.accept else {}
        return "", "", reading
    # Order alternates over queries and replicates, so that a leaning to "A" cannot look like a leaning to comply.
    ids = [q.id for q in setting.queries]
    place = ids.index(query.id) if query.id in ids else stream(setting.slug, query.id).randrange(2)
    policy, value = query.fields.get("option_policy", ""), query.fields.get("option_value", "")
    if (place + replicate) % 2:
        return value, policy, {"policy": "B", "value": "A"}
    return policy, value, {"policy": "A", "value": "B"}
