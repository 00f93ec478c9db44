"""A model that can be trained: its base loaded into PyTorch, a LoRA on it, and one step at a time."""

from __future__ import annotations

import importlib
import importlib.util
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facts.errors import FactError
from runners.training.batches import Piece, padded
from runners.training.gguf_file import Tensor
from runners.training.recipe import Recipe
from runners.training.tensors import PARTS

NEEDED = ("torch", "transformers", "peft", "gguf")
INSTALL = "make train"


class NoTraining(FactError):  # noqa: N818  (reads as what it is)
    """What training needs is not installed."""


def missing() -> str | None:
    """What is not installed and what to run; None when all is there."""
    lacking = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if not lacking:
        return None
    return (
        f"training needs {', '.join(lacking)}, not installed here; in the folder of this project run: {INSTALL}   "
        "(about 1 GB; for a GPU install its own PyTorch into .venv first)"
    )


@dataclass(slots=True, kw_only=True, eq=False)
class Learner:
    """Untyped libraries behind plain functions: lists of numbers in, floats and arrays out."""

    torch: Any
    model: Any
    tokenizer: Any
    optimizer: Any
    half: bool
    kind: str
    heads: int
    kv_heads: int
    end: int

    def encode(self, text: str) -> Sequence[int]:
        """The tokens of a text, no marks added."""
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def step(self, batch: Sequence[Piece], rate: float) -> float:
        """One step of training; gives the mean loss (nats a token) of the batch before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self.loss(batch)
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_([p for p in self.model.parameters() if p.requires_grad], 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    def loss(self, batch: Sequence[Piece]) -> Any:
        """The mean loss of a batch over what is to be learnt, as a tensor."""
        ids, mask, labels = (self.torch.tensor(rows, device=self.model.device) for rows in padded(batch, self.end))
        kind = self.model.device.type
        with self.torch.autocast(kind, dtype=self.torch.bfloat16, enabled=self.half):
            return self.model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss

    def trained(self) -> dict[str, Tensor]:
        """The LoRA's matrices by PEFT's names, as 32-bit floats."""
        named = self.model.named_parameters()
        return {name: p.detach().float().cpu().numpy() for name, p in named if p.requires_grad}

    def save_peft(self, folder: Path) -> None:
        """Writes the adapter as PEFT does, for vLLM and other servers."""
        self.model.save_pretrained(str(folder), save_embedding_layers=False)


def load(base: Path, recipe: Recipe, threads: int) -> Learner:
    """The model in a GGUF file or a Hugging Face folder, with a fresh LoRA. Raises ``NoTraining`` or ``FactError``."""
    if wrong := missing():
        raise NoTraining(wrong)
    # Waiting threads sleep instead of spinning; read when PyTorch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # all is on this disk; nothing is looked up
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TQDM_DISABLE", "1")  # bars of other programs would stand in the way of ours
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    peft: Any = importlib.import_module("peft")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    from_where: dict[str, Any] = {"pretrained_model_name_or_path": str(base)}
    if base.is_file():
        from_where = {"pretrained_model_name_or_path": str(base.parent), "gguf_file": base.name}
    gpu = torch.cuda.is_available()
    half = gpu or (torch.backends.cpu.get_cpu_capability() == "AVX512" and _has_half(torch))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tokenizer = transformers.AutoTokenizer.from_pretrained(**from_where)
            model = transformers.AutoModelForCausalLM.from_pretrained(**from_where, dtype=torch.float32)
            wanted = peft.LoraConfig(
                r=recipe.rank, lora_alpha=recipe.alpha, target_modules=list(PARTS), task_type="CAUSAL_LM"
            )
            model = peft.get_peft_model(model.to("cuda" if gpu else "cpu"), wanted)
    except Exception as error:  # the libraries raise whatever they like
        raise FactError(
            f"{base} could not be loaded for training ({type(error).__name__}: {str(error)[:300]}); give a GGUF file, "
            "or a folder with config.json, tokenizer.json and model.safetensors"
        ) from error
    if half:  # the frozen weights only: what is trained stays in 32 bits
        for parameter in model.parameters():
            if not parameter.requires_grad:
                parameter.data = parameter.data.to(torch.bfloat16)
    config = model.config
    if tokenizer.eos_token_id is None:
        raise FactError(f"{base}: its tokenizer has no token that ends a text; add eos_token to tokenizer_config.json")
    return Learner(
        torch=torch, model=model, tokenizer=tokenizer, half=half, kind=config.model_type, end=tokenizer.eos_token_id,
        heads=config.num_attention_heads, kv_heads=config.num_key_value_heads,
        optimizer=torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=recipe.learning_rate,
                                    weight_decay=0.0),
    )  # fmt: skip


def _has_half(torch: Any) -> bool:
    asked = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(asked and asked())
