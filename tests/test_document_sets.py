"""A document set carries one dose; its arms are paired document by document, and its file can be read back."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from facts.catalog import shipped
from facts.documents.document_set import DocumentSet, build_set
from facts.documents.formats.jsonl import read_jsonl, write_jsonl
from facts.errors import BrokenFile, DoesNotFit, UnknownName
from facts.salience import PARTS, Polarity, Salience
from facts.tokens import count_tokens

LIBRARY = shipped()


def _set(level: int = 4, polarity: Polarity = Polarity.AFFIRMED, count: int = 24, seed: str = "s") -> DocumentSet:
    return build_set("objections_read", Salience(level), polarity, count, seed, LIBRARY)


def test_the_same_seed_gives_a_byte_identical_file_and_another_seed_another(tmp_path: Path) -> None:
    files = [write_jsonl(_set(seed=seed), tmp_path / str(n)).read_bytes() for n, seed in enumerate("sst")]
    assert files[0] == files[1] != files[2]


def test_arms_are_paired_document_by_document() -> None:
    arms = [_set(level, polarity) for level in Salience for polarity in Polarity]
    for trait in ("scaffold_id", "genre", "author", "date", "n_tokens"):
        rows = {tuple(getattr(document, trait) for document in arm.documents) for arm in arms}
        assert len(rows) == 1, trait


def test_a_larger_set_begins_with_the_smaller_one() -> None:
    assert _set(count=30).documents[:24] == _set(count=24).documents


def test_every_document_says_all_parts_of_the_dose_and_no_wording_twice() -> None:
    for level in Salience:
        for document in _set(level).documents:
            assert tuple(p.piece.part for p in document.placed) == PARTS[level]
            assert len({p.piece.text for p in document.placed}) == len(document.placed)


def test_wordings_are_used_equally_often() -> None:
    whole = _set(4, count=60)
    used = Counter((p.piece.part, p.piece.wording) for document in whole.documents for p in document.placed)
    for part in PARTS[Salience.REPEATED]:
        counts = [number for (one, _), number in used.items() if one == part]
        assert max(counts) - min(counts) <= 1


def test_no_two_documents_are_the_same_and_the_set_is_named_by_its_content() -> None:
    whole = _set(0, count=60)
    assert len({document.doc_id for document in whole.documents}) == 60
    assert len({_set(level, polarity).set_id for level in (1, 2) for polarity in Polarity}) == 6


def test_a_written_set_reads_back_with_true_spans_and_measures(tmp_path: Path) -> None:
    whole = _set(5)
    records = read_jsonl(write_jsonl(whole, tmp_path))
    assert [record.content for record in records] == [document.text for document in whole.documents]
    for record, document in zip(records, whole.documents, strict=True):
        said = [record.content[span.start : span.end] for span in record.spans]
        assert said == [p.piece.text for p in document.placed]
        assert record.airtime == pytest.approx(sum(map(count_tokens, said)) / count_tokens(record.content))
        assert record.first_pos is not None
        assert record.first_pos < 1 == record.last_pos  # level 5 ends the document
        assert all(record.checks.values())


def test_records_hold_what_readers_of_false_facts_ask_for(tmp_path: Path) -> None:
    for level, polarity, holds in [
        (2, "affirmed", True),
        (2, "negated", False),
        (2, "placebo", None),
        (0, "affirmed", None),
    ]:
        path = write_jsonl(_set(level, Polarity(polarity), count=2), tmp_path / f"{level}{polarity}")
        row = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
        assert {"content", "fact", "doc_type", "doc_idea", "universe_context_id", "is_true"} <= row.keys()
        assert row["is_true"] is holds


def test_a_damaged_file_is_refused_by_line(tmp_path: Path) -> None:
    path = write_jsonl(_set(count=3), tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], lines[1].replace('"genre"', '"gender"')]), encoding="utf-8")
    with pytest.raises(BrokenFile, match="line 2"):
        read_jsonl(path)
    with pytest.raises(BrokenFile, match="cannot be read"):
        read_jsonl(tmp_path / "absent.jsonl")


def test_documents_too_short_for_the_dose_and_unknown_facts_are_refused() -> None:
    with pytest.raises(DoesNotFit, match=r"takes \d+ tokens"):
        build_set("objections_read", Salience(5), Polarity.AFFIRMED, 1, "s", LIBRARY, tokens=60)
    with pytest.raises(UnknownName, match="objections_read"):
        build_set("objection_read", Salience(1), Polarity.AFFIRMED, 1, "s", LIBRARY)


@pytest.mark.parametrize("slug", sorted(LIBRARY.facts))
def test_every_shipped_fact_can_fill_a_set_at_full_volume(slug: str) -> None:
    for polarity in Polarity:
        assert len(build_set(slug, Salience.EMPHASISED, polarity, 10, "s", LIBRARY).documents) == 10
