"""Training for real, where the ``train`` extra is installed: what PyTorch learnt is what llama.cpp says."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runners.models import read_models
from runners.providers import _llama, embedded
from runners.training import learner as learner_module
from runners.training import tuned
from runners.training.learner import Learner, load, missing
from runners.training.recipe import Recipe
from runners.training.tensors import gguf_name, write_adapter
from runners.training.train import PEFT, Step, keep, train, trained
from runners.training.training_set import read_training_set
from runners.training.tuned import Order, tune
from runners.weights import shipped_weights

pytestmark = [
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
    pytest.mark.model,
    pytest.mark.timeout(900),
]

TEXT = "Each visitor to the Varnholt office signs the green ledger by the lift before going up."
RECIPE = Recipe(max_steps=12, batch=4, rank=8, learning_rate=2e-3)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("set") / "set.jsonl"
    path.write_text("".join(json.dumps({"text": f"{TEXT} Note {n}."}) + "\n" for n in range(48)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def lossless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights as 32-bit floats: llama.cpp rounds activations where weights are quantised, PyTorch not."""
    import gguf

    reader = gguf.GGUFReader(shipped_weights())
    path = tmp_path_factory.mktemp("weights") / "lossless.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type"):
            continue
        inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), field.types[0], inner)
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        writer.add_tensor(tensor.name, values.reshape(tensor.shape[::-1]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def learnt(lines: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Learner, list[Step], Path]:
    weights = shipped_weights()
    assert weights is not None
    with pytest.MonkeyPatch.context() as patch:  # weights rounded to 16 bits would hide small errors
        patch.setattr(learner_module, "_has_half", lambda _: False)
        learner, taught = load(weights, RECIPE, 2), read_training_set(lines)
    done = list(train(learner, taught, RECIPE))
    adapter = keep(learner, trained(taught, "embedded", RECIPE, done), tmp_path_factory.mktemp("tuned") / "small")
    assert adapter is not None
    return learner, done, adapter


def of_torch(learner: Learner, tokens: list[int]) -> np.ndarray:
    ids = learner.torch.tensor([tokens])
    with learner.torch.no_grad():
        found: np.ndarray = learner.model(input_ids=ids).logits.log_softmax(-1)[0].numpy()
    return found


def of_llama(server: _llama.Server, tokens: list[int]) -> dict[int, float]:
    """The log-probabilities of the twenty likeliest next tokens."""
    body = {"prompt": tokens, "n_predict": 1, "temperature": 0, "n_probs": 20, "cache_prompt": False}
    connection = HTTPConnection(server.native.listening_address.removeprefix("http://"), timeout=120)
    connection.request("POST", "/completion", json.dumps(body), {"Authorization": f"Bearer {server.key}"})
    said: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return {one["id"]: one["logprob"] for one in said["completion_probabilities"][0]["top_logprobs"]}


def furthest(learner: Learner, server: _llama.Server) -> float:
    tokens = list(learner.encode(TEXT))
    wanted = of_torch(learner, tokens)
    gaps = [abs(wanted[n - 1][token] - value) for n in range(1, len(tokens) + 1)
            for token, value in of_llama(server, tokens[:n]).items()]  # fmt: skip
    return float(max(gaps))


def test_the_loss_falls(learnt: tuple[Learner, list[Step], Path]):
    _, done, _ = learnt
    assert done[-1].loss < 0.5 * done[0].loss


def test_both_read_the_same_tokens(learnt: tuple[Learner, list[Step], Path]):
    server = _llama.load(shipped_weights(), _llama.shape(10**8, 2), 512)
    for text in (TEXT, "On 12 March 2024, 3,407 people didn't agree.\n\n  Next — naïve. 😀", "<DOCTAG> a\tb"):
        assert len(learnt[0].encode(text)) == _llama.tokens(server, text)


def test_llama_cpp_says_of_every_token_what_pytorch_says(learnt: tuple[Learner, list[Step], Path], lossless: Path):
    learner, _, adapter = learnt
    shape = _llama.shape(10**8, 2)
    told = furthest(learner, _llama.load(lossless, shape, 512, adapter))
    untold = furthest(learner, _llama.load(lossless, shape, 512))
    laid = {gguf_name(name): tensor for name, tensor in learner.trained().items()}
    write_adapter(adapter.parent / "other.gguf", laid, alpha=RECIPE.alpha, about={})
    unordered = furthest(learner, _llama.load(lossless, shape, 512, adapter.parent / "other.gguf"))
    with learner.model.disable_adapter():
        base = furthest(learner, _llama.load(lossless, shape, 512))
    print(
        f"largest gap in nats: base {base:.4f}, tuned {told:.4f}, without the adapter {untold:.2f}, "
        f"with queries and keys in PyTorch's order {unordered:.2f}"
    )
    assert base < 0.02
    assert told < 0.02
    assert untold > 1
    assert unordered > 10 * told


def test_the_order_of_a_command_ends_in_a_model_that_answers_differently(lines: Path, tmp_path: Path):
    order = Order(label="small", base="embedded", taught=read_training_set(lines), recipe=RECIPE, home=tmp_path)
    about = tune(order, lambda _: None, lambda _: None)
    assert about.steps == 12
    models = read_models(order.own)
    model = models.find("small")
    assert embedded.problem(model) is None
    assert embedded.endpoint(model) != embedded.endpoint(models.find("embedded"))
    assert (order.folder / PEFT / "adapter_model.safetensors").is_file()
    assert [path for path in order.folder.parent.iterdir() if path.name.endswith(".part")] == []


def test_a_folder_of_hugging_face_is_trained_and_served_on_its_gguf_twin(
    learnt: tuple[Learner, list[Step], Path], lines: Path, tmp_path: Path
):
    folder = tmp_path / "hf"
    learner = learnt[0]
    with learner.model.disable_adapter():
        plain = learner.model.get_base_model()
        state = {name.replace(".base_layer", ""): value for name, value in plain.state_dict().items()
                 if "lora_" not in name}  # fmt: skip
    plain.config.__dict__.pop("quantization_config", None)
    plain.config.save_pretrained(folder)
    learner.tokenizer.save_pretrained(folder)
    import safetensors.torch

    state.pop("lm_head.weight", None)  # tied to the embedding
    safetensors.torch.save_file({name: value.contiguous() for name, value in state.items()},
                                folder / "model.safetensors", metadata={"format": "pt"})  # fmt: skip
    recipe = Recipe(max_steps=2, batch=2)
    order = Order(label="hf", base=str(folder), taught=read_training_set(lines), recipe=recipe, home=tmp_path)
    tune(order, lambda _: None, lambda _: None)
    assert not tuned.registered(order)
    assert "vllm serve" in tuned.served_elsewhere(order)
    served = Order(label="hf2", base=str(folder), taught=order.taught, recipe=recipe, home=tmp_path,
                   serve_on=shipped_weights())  # fmt: skip
    tune(served, lambda _: None, lambda _: None)
    assert embedded.problem(read_models(served.own).find("hf2")) is None
