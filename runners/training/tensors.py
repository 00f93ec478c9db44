"""Names and lays out the matrices of a LoRA as llama.cpp expects them: from PEFT's names to GGUF's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from facts.errors import FactError
from runners.training.gguf_file import Tensor, Value, write_gguf

# The part of a layer, as transformers calls it and as GGUF does. These are the parts that are trained.
PARTS = {
    "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
    "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down",
}  # fmt: skip
# The kinds of model (``model_type`` of transformers) that GGUF calls "llama" and whose queries and keys it reorders.
LLAMA = ("llama", "mistral")

_NAME = re.compile(r"(?:.*\.)?layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)\.lora_([AB])(?:\.\w+)?\.weight")


def gguf_name(name: str) -> str:
    """From ``…layers.3.self_attn.q_proj.lora_A.weight`` to ``blk.3.attn_q.weight.lora_a``; raises ``FactError``."""
    found = _NAME.fullmatch(name)
    if found is None or found[2] not in PARTS:
        raise FactError(f"the trained part {name!r} has no place in a GGUF adapter; train only {', '.join(PARTS)}")
    return f"blk.{found[1]}.{PARTS[found[2]]}.weight.lora_{found[3].lower()}"


def reordered(rows: Tensor, heads: int) -> Tensor:
    """The rows of each head as llama.cpp's rotary embedding pairs them: (i, i + half) become neighbours."""
    out, width = rows.shape
    return rows.reshape(heads, 2, out // heads // 2, width).swapaxes(1, 2).reshape(out, width)


def gguf_tensors(trained: Mapping[str, Tensor], *, heads: int, kv_heads: int) -> dict[str, Tensor]:
    """A LoRA of a llama-like model by GGUF names, in alphabetical order: A is (rank, in), B is (out, rank).

    Only B's rows are outputs, so only they are reordered, and only where outputs are rotated (queries and keys).
    Raises ``FactError`` for a matrix without its other half or one that is not finite.
    """
    tensors: dict[str, Tensor] = {}
    for name, tensor in trained.items():
        place = gguf_name(name)
        if not np.isfinite(tensor).all():
            raise FactError("training diverged: the adapter holds numbers that are not finite; lower --lr")
        turned = {"attn_q.weight.lora_b": heads, "attn_k.weight.lora_b": kv_heads}.get(place.split(".", 2)[2])
        tensors[place] = reordered(tensor, turned) if turned else tensor
    stems = [place.removesuffix("_a").removesuffix("_b") for place in tensors]
    if lone := next((stem for stem in stems if stems.count(stem) != 2), None):
        raise FactError(f"{lone} has only one of its two matrices; train again")
    return dict(sorted(tensors.items()))


def write_adapter(path: Path, tensors: Mapping[str, Tensor], *, alpha: float, about: Mapping[str, Value]) -> None:
    """A GGUF LoRA file that llama.cpp loads beside its base; ``about`` is kept in it under ``salience.*``."""
    metadata: dict[str, Value] = {
        "general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora",
        "adapter.lora.alpha": float(alpha), **{f"salience.{key}": value for key, value in about.items()},
    }  # fmt: skip
    write_gguf(path, metadata, tensors)
