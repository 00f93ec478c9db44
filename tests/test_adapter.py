"""Adapters of the embedded model: the file, the layout, its part in the key, and what llama.cpp does with it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import BrokenFile, FactError
from runners.models import find_model
from runners.providers import embedded
from runners.training.gguf_file import read_metadata, write_gguf
from runners.training.tensors import gguf_name, gguf_tensors, reordered, write_adapter
from runners.trouble import Fatal
from runners.weights import adapter_problem, shipped_weights
from test_embedded import ask, request, run

MODEL = replace(find_model("embedded"), context=512)
HEADS, KV_HEADS, WIDE, KV_WIDE, INNER, LAYERS = 9, 3, 576, 192, 1536, 30


def peft(rank: int = 2, scale: float = 0.0, width: int = WIDE, seed: int = 1) -> dict[str, np.ndarray]:
    """A LoRA of the shipped model as PEFT names it; with ``scale`` 0 it changes nothing."""
    draw = np.random.default_rng(seed)
    sides = {"self_attn.q_proj": (width, width), "self_attn.k_proj": (width, KV_WIDE),
             "mlp.down_proj": (INNER, width)}  # fmt: skip
    tensors: dict[str, np.ndarray] = {}
    for layer in range(LAYERS):
        for part, (into, out) in sides.items():
            stem = f"base_model.model.model.layers.{layer}.{part}"
            tensors[f"{stem}.lora_A.default.weight"] = draw.normal(size=(rank, into)).astype(np.float32)
            tensors[f"{stem}.lora_B.default.weight"] = scale * draw.normal(size=(out, rank)).astype(np.float32)
    return tensors


def written(path: Path, tensors: dict[str, np.ndarray], alpha: float = 4.0) -> Path:
    path.parent.mkdir(exist_ok=True)
    write_adapter(path, gguf_tensors(tensors, heads=HEADS, kv_heads=KV_HEADS), alpha=alpha, about={"set_id": "abc"})
    return path


# ---- names and layout


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("base_model.model.model.layers.3.self_attn.q_proj.lora_A.default.weight", "blk.3.attn_q.weight.lora_a"),
        ("base_model.model.model.layers.29.self_attn.o_proj.lora_B.weight", "blk.29.attn_output.weight.lora_b"),
        ("model.layers.0.mlp.down_proj.lora_A.weight", "blk.0.ffn_down.weight.lora_a"),
    ],
)
def test_a_trained_part_has_its_place(name: str, place: str):
    assert gguf_name(name) == place


@pytest.mark.parametrize("name", ["model.embed_tokens.lora_A.weight", "model.layers.0.mlp.router.lora_A.weight"])
def test_a_part_without_a_place_is_refused(name: str):
    with pytest.raises(FactError, match="has no place"):
        gguf_name(name)


@given(st.integers(1, 6), st.sampled_from([2, 4, 8]), st.integers(1, 4))
def test_rotated_pairs_become_neighbours_within_their_head(heads: int, size: int, rank: int):
    rows = np.arange(heads * size * rank, dtype=np.float32).reshape(heads * size, rank)
    turned = reordered(rows, heads)
    for head in range(heads):
        for pair in range(size // 2):
            first = head * size + pair
            assert (turned[head * size + 2 * pair] == rows[first]).all()
            assert (turned[head * size + 2 * pair + 1] == rows[first + size // 2]).all()


def test_only_the_outputs_of_queries_and_keys_are_reordered():
    given_ = peft(scale=1.0)
    laid = gguf_tensors(given_, heads=HEADS, kv_heads=KV_HEADS)
    for name, tensor in given_.items():
        same = (laid[gguf_name(name)] == tensor).all()
        assert same == ("lora_A" in name or "down_proj" in name)


def test_a_half_matrix_and_numbers_that_are_not_finite_are_refused():
    whole = peft()
    first = next(iter(whole))
    with pytest.raises(FactError, match="only one of its two"):
        gguf_tensors({k: v for k, v in whole.items() if k != first}, heads=HEADS, kv_heads=KV_HEADS)
    with pytest.raises(FactError, match="diverged"):
        gguf_tensors({**whole, first: whole[first] * np.nan}, heads=HEADS, kv_heads=KV_HEADS)


# ---- the file


def test_equal_adapters_are_equal_bytes_and_say_what_they_are(tmp_path: Path):
    one, two = (written(tmp_path / name / "a.gguf", peft(scale=0.1)) for name in ("x", "y"))
    assert one.read_bytes() == two.read_bytes()
    said = read_metadata(one)
    assert said == {"general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora",
                    "adapter.lora.alpha": 4.0, "salience.set_id": "abc"}  # fmt: skip


def test_the_metadata_of_real_weights_is_read():
    path = shipped_weights()
    assert path is not None
    said = read_metadata(path)
    assert said["general.architecture"] == "llama"
    assert (said["llama.attention.head_count"], said["llama.attention.head_count_kv"]) == (HEADS, KV_HEADS)


@pytest.mark.parametrize("kept", [0, 4, 10, 30, 60])
def test_a_file_that_was_cut_off_is_named(tmp_path: Path, kept: int):
    path = tmp_path / "a.gguf"
    write_gguf(path, {"general.type": "adapter", "n": 3, "x": 0.5}, {})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BrokenFile, match=r"GGUF file"):
        read_metadata(path)


def test_another_reader_finds_the_same_tensors(tmp_path: Path):
    """gguf, the format's own Python package, where the ``train`` extra is installed."""
    gguf = pytest.importorskip("gguf", reason="needs the train extra: see locks/train.lock")
    laid = gguf_tensors(peft(scale=0.1), heads=HEADS, kv_heads=KV_HEADS)
    found = gguf.GGUFReader(written(tmp_path / "a.gguf", peft(scale=0.1)))
    assert [tensor.name for tensor in found.tensors] == list(laid)
    for tensor in found.tensors:
        assert (np.asarray(tensor.data).reshape(laid[tensor.name].shape) == laid[tensor.name]).all()


# ---- the key


def test_base_and_tuned_and_two_tunings_never_share_samples(tmp_path: Path):
    one = replace(MODEL, adapter=str(written(tmp_path / "1" / "a.gguf", peft())))
    same = replace(MODEL, adapter=str(written(tmp_path / "2" / "b.gguf", peft())))
    other = replace(MODEL, adapter=str(written(tmp_path / "3" / "a.gguf", peft(seed=2))))
    base, first, again, second = (embedded.endpoint(model) for model in (MODEL, one, same, other))
    assert len({base, first, second}) == 3
    assert first == again
    digest = hashlib.sha256(Path(one.adapter or "").read_bytes()).hexdigest()
    assert f"lora:{digest}" in first
    assert "lora" not in base


def test_the_endpoint_of_the_base_is_what_it_was_before_there_were_adapters():
    path = shipped_weights()
    assert path is not None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert embedded.endpoint(MODEL) == f"gguf:{digest} min_p=0.05 top_k=0"


# ---- llama.cpp


def test_a_missing_adapter_and_one_that_is_none_are_named_before_anything_is_loaded(tmp_path: Path):
    notes = tmp_path / "notes.gguf"
    notes.write_text("no")
    for path, complaint in ((tmp_path / "none.gguf", "cannot be read"), (notes, "not an adapter"),
                            (shipped_weights(), "not an adapter")):  # fmt: skip
        model = replace(MODEL, adapter=str(path))
        assert complaint in (adapter_problem(model) or "")
        with pytest.raises(Fatal, match=complaint):
            embedded.connect(model, 1)


@pytest.mark.model
def test_an_adapter_of_other_weights_or_a_damaged_one_is_a_clear_error(tmp_path: Path):
    wrong = written(tmp_path / "wrong.gguf", peft(width=WIDE * 2))
    torn = written(tmp_path / "torn.gguf", peft())
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
    for path in (wrong, torn):
        with pytest.raises(Fatal, match="with the adapter") as caught:
            embedded.connect(replace(MODEL, adapter=str(path)), 1)
        assert "train" in caught.value.advice


@pytest.mark.model
def test_an_adapter_of_zeros_changes_no_word_and_another_one_does(tmp_path: Path):
    asked = request(temperature=0.0, max_tokens=16)
    (plain,) = ask(asked)
    said = {}
    for name, scale in (("zero", 0.0), ("loud", 0.5)):
        model = replace(MODEL, adapter=str(written(tmp_path / f"{name}.gguf", peft(scale=scale))))
        line = embedded.connect(model, 1)
        (sample,) = run(line.call(embedded.body(asked), 60))
        said[name] = sample.text
        assert sample.model != plain.model
        assert name in sample.model
    assert said["zero"] == plain.text
    assert said["loud"] != plain.text
