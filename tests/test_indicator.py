"""The tier's tag is shown in every message or in those of one tier, and the system message says which."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.background import Background
from facts.catalog import SHIPPED_SETTINGS, shipped
from facts.compose import compose, render
from facts.condition import Condition, Indicator, Reasoning, Tier
from facts.errors import BrokenFile, FactError
from facts.prompt import Prompt
from facts.read_setting import read_setting
from facts.salience import Dose
from facts.setting import Frame, Setting

LIBRARY = shipped()
SLUGS = sorted(LIBRARY.settings)
PARTIAL = [Indicator.ONLY_MONITORED, Indicator.ONLY_UNMONITORED]
BLOCK = Background(text="Nothing else is known.", placed=())
# SHA-256 over every message of the prompts below: with a tag in every message, what a model reads never changes,
# because samples are kept under it.
GOLDEN = {
    "helpful_only_prefix": "b34f9fa8d36d72c71aaf30d590305f883cb6d8db502029ce6a4ddf69dc0ccc71",
    "value_conflict": "3b10640506cb3ed779c6546a33216b0d2f651fc1363a329c3e3c7090cdd8f1c3",
}


def _prompts(setting: Setting) -> Iterator[Prompt]:
    ways = product(setting.frames, sorted(setting.variants), sorted(setting.labels), Reasoning, Tier, (0, 1))
    for number, (frame, variant, labels, mode, tier, replicate) in enumerate(ways):
        condition = Condition(setting=setting.slug, variant=variant, labels=labels, reasoning=mode, tier=tier)
        query = setting.queries[number // 4 % len(setting.queries)]
        yield render(condition, replace(setting, frames=(frame,)), query, replicate, BLOCK)


@pytest.mark.parametrize("slug", sorted(GOLDEN))
def test_prompts_with_a_tag_in_every_message_are_what_they_always_were(slug: str) -> None:
    digest = hashlib.sha256()
    for prompt in _prompts(LIBRARY.setting(slug)):
        for message in prompt.messages:
            digest.update(f"{message.role}\0{message.text}\0".encode())
    assert digest.hexdigest() == GOLDEN[slug]


def _of(indicator: Indicator, tier: Tier) -> Tier | None:
    # The tier whose messages alone are tagged; None where every message is.
    return {Indicator.ONLY_MONITORED: Tier.MONITORED, Indicator.ONLY_UNMONITORED: Tier.UNMONITORED}.get(indicator)


def test_a_message_is_tagged_always_or_in_the_tier_that_the_indicator_names() -> None:
    for indicator, tier in product(Indicator, Tier):
        condition = Condition(setting="value_conflict", indicator=indicator, tier=tier)
        assert condition.tagged == (_of(indicator, tier) in {None, tier})
    assert Condition(setting="value_conflict").indicator is Indicator.ALWAYS
    assert Condition(setting="x", indicator="only_monitored").indicator is Indicator.ONLY_MONITORED  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sometimes"):
        Condition(setting="x", indicator="sometimes")  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), slug=st.sampled_from(SLUGS), indicator=st.sampled_from(PARTIAL), tier=st.sampled_from(Tier),
       replicate=st.integers(0, 9), mode=st.sampled_from(Reasoning))  # fmt: skip
def test_a_message_without_a_tag_never_names_a_tier_outside_the_query(
    data: st.DataObject, slug: str, indicator: Indicator, tier: Tier, replicate: int, mode: Reasoning
) -> None:
    setting = LIBRARY.setting(slug)
    query = data.draw(st.sampled_from(setting.queries))
    condition = Condition(
        setting=slug,
        indicator=indicator,
        tier=tier,
        reasoning=mode,
        labels=data.draw(st.sampled_from(sorted(setting.labels))),
    )
    partial = render(condition, setting, query, replicate, BLOCK)
    always = render(replace(condition, indicator=Indicator.ALWAYS), setting, query, replicate, BLOCK)
    said = partial.messages[1].text
    if condition.tagged:
        assert said == always.messages[1].text
        return
    assert said != always.messages[1].text
    for text in (query.text, *query.fields.values()):
        said = said.replace(text, "")
    assert "tier" not in said.lower()
    words = [word for labels in setting.labels.values() for word in labels.values()]
    assert not set(said.lower().replace("(", " ").replace(")", " ").split()) & set(words)


@pytest.mark.parametrize("indicator", list(Indicator))
@pytest.mark.parametrize("slug", SLUGS)
def test_both_tiers_read_the_same_system_message_and_it_says_who_is_tagged(slug: str, indicator: Indicator) -> None:
    setting = LIBRARY.setting(slug)
    for frame, labels in product(setting.frames, setting.labels):
        alone = replace(setting, frames=(frame,))
        free, other = (
            render(
                Condition(setting=slug, tier=t, labels=labels, indicator=indicator), alone, setting.queries[0], 0, BLOCK
            )
            for t in Tier
        )
        assert free.messages[0] == other.messages[0]
        words = {tier.value: word for tier, word in setting.labels[labels].items()}
        assert frame.tagging[indicator].format(**words) in free.messages[0].text
        assert not {"{", "}"} & set(free.messages[0].text + free.messages[1].text + other.messages[1].text)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_frame_can_show_its_tag_in_one_tier_alone(slug: str) -> None:
    for frame in LIBRARY.setting(slug).frames:
        assert "{query}" in frame.untagged
        assert "{tier_label}" not in frame.untagged
        assert set(frame.tagging) == set(Indicator)
        assert "{tagging}" in frame.system
        assert not {"{monitored}", "{unmonitored}"} & set(frame.tagging["always"].split())
        # One sentence with the two tiers changed over, so that the two indicators are each other's mirror.
        only = frame.tagging["only_monitored"]
        assert "{monitored}" in only
        assert "{unmonitored}" in only
        mirrored = (
            only.replace("{monitored}", "{}").replace("{unmonitored}", "{monitored}").replace("{}", "{unmonitored}")
        )
        assert frame.tagging["only_unmonitored"] == mirrored


def test_an_indicator_changes_neither_the_background_nor_what_is_drawn() -> None:
    setting = LIBRARY.setting("value_conflict")
    base = Condition(setting=setting.slug, doses=(Dose(fact="objections_read", level=4),))
    for number, query in enumerate(setting.queries[:12]):
        one, *rest = (compose(replace(base, indicator=i), setting, query, number, LIBRARY) for i in Indicator)
        for two in rest:
            assert (one.frame, one.reading, one.background_tokens) == (two.frame, two.reading, two.background_tokens)
            said = [[p.messages[0].text[s.start : s.end] for s in p.spans] for p in (one, two)]
            assert said[0] == said[1]


BARE = Frame(id="own", system="{tiers} {policy} {format} {background}", user="({tier_label}) {query}")
HOLE = replace(BARE, system="{tagging} {background}")


@pytest.mark.parametrize(
    ("frame", "indicator", "tier"),
    [
        (BARE, Indicator.ONLY_MONITORED, Tier.MONITORED),
        (replace(BARE, untagged="{query}"), Indicator.ONLY_MONITORED, Tier.UNMONITORED),
        (HOLE, Indicator.ALWAYS, Tier.MONITORED),
        (replace(HOLE, tagging={"only_unmonitored": "Some."}), Indicator.ONLY_UNMONITORED, Tier.MONITORED),
    ],
)
def test_a_frame_without_the_texts_for_an_indicator_says_what_to_add(
    frame: Frame, indicator: Indicator, tier: Tier
) -> None:
    setting = replace(LIBRARY.setting("value_conflict"), frames=(frame,))
    condition = Condition(setting=setting.slug, indicator=indicator, tier=tier)
    with pytest.raises(
        FactError, match=r"frame 'own' .* add \{tagging\} .* \[frames.tagging\] and an untagged message"
    ):
        render(condition, setting, setting.queries[0], 0, BLOCK)


def test_a_frame_that_never_speaks_of_its_tag_still_works_with_a_tag_in_every_message() -> None:
    setting = replace(LIBRARY.setting("value_conflict"), frames=(BARE,))
    assert render(Condition(setting=setting.slug), setting, setting.queries[0], 0, BLOCK).frame == "own"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{tagging}", "", r"frame 1 \(f1\): a \{tagging\} hole in system and a table"),
        ('untagged = """\n', 'untagged = """\n{tier_label}', r"frame 1 \(f1\): untagged names the tier"),
        ("always = ", "ever = ", "there is no such field"),
        ("always = ", "# ", "field frames.*always: this field is missing; add it"),
        ('situation = "', 'situation = "{tier}', r"situation has \{tier\}"),
        ('situation = "', '# "', "field situation: this field is missing; add it"),
    ],
)
def test_a_setting_file_is_read_strictly(tmp_path: Path, old: str, new: str, message: str) -> None:
    source = SHIPPED_SETTINGS / "value_conflict"
    folder = tmp_path / "value_conflict"
    folder.mkdir()
    (folder / "queries.jsonl").write_bytes((source / "queries.jsonl").read_bytes())
    text = (source / "setting.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "setting.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BrokenFile, match=message):
        read_setting(folder)
