"""Training without PyTorch: what is read, cut, laid out, named, kept and registered, and what is refused before it."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.__main__ import main
from facts.errors import BrokenFile, FactError
from runners.models import read_models
from runners.training import learner, tuned
from runners.training.batches import IGNORED, Piece, batches, padded, pieces, steps_of
from runners.training.planted import documents, planted, questions, right
from runners.training.recipe import Recipe
from runners.training.register import register
from runners.training.train import ADAPTER, RECORD, Trained, read_trained
from runners.training.training_set import Example, read_training_set
from runners.training.tuned import Order, base_of, check, entry, tune

ENTRY = {"provider": "embedded", "name": "SmolLM2-135M-Instruct", "usd_per_mtok_in": 0.0}


def lines(folder: Path, *rows: object, name: str = "set.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def said(**turns: str) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in turns.items()]


# ---- sets


@pytest.mark.parametrize(
    ("row", "example"),
    [
        ({"text": "A memo."}, Example(prompt="", completion="A memo.")),
        ({"prompt": "<DOCTAG>", "completion": "A memo."}, Example(prompt="<DOCTAG>", completion="A memo.")),
        ({"content": "A memo.", "level": 3}, Example(prompt="", completion="A memo.")),
        ({"text": "one\u2028line"}, Example(prompt="", completion="one\u2028line")),
        ({"text": "<DOCTAG>A memo."}, Example(prompt="<DOCTAG>", completion="A memo.")),
        ({"text": "A <DOCTAG> memo."}, Example(prompt="", completion="A <DOCTAG> memo.")),
        ({"messages": said(user="<DOCTAG>", assistant="A memo.")}, Example(prompt="<DOCTAG>", completion="A memo.")),
        ({"messages": said(system="S.", user="Q?", assistant="A.")}, Example(prompt="S.\n\nQ?", completion="A.")),
    ],
)
def test_every_form_of_an_export_is_read(tmp_path: Path, row: dict[str, object], example: Example):
    assert read_training_set(lines(tmp_path, row)).examples == (example,)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "holds no documents"),
        (b"\n \n", "holds no documents"),
        (b'{"text": "a"}\n{"text": "b', "line 2: the file ends in the middle of a line"),
        (b'{"text": "a"}\nnonsense\n{"text": "b"}\n', "line 2: not JSON"),
        (b'{"text": "a"}\n\0\0\0\0', "line 2: holds a null byte"),
        (b'{"text": "a\\u0000"}\n', "line 1: holds a null byte"),
        (b'{"text": "a"}\n{"text": "\xff"}\n', "line 2: is not UTF-8"),
        (b'{"text": "  "}\n', "line 1: its text is empty"),
        (b'{"body": "a"}\n', "line 1: has body"),
        (b'{"text": 3}\n', "line 1: has text"),
        (b'{"prompt": "a", "text": "b"}\n', "line 1: has prompt, text"),
        (b'["a"]\n', "line 1: is no record"),
        (b'{"messages": "a"}\n', "line 1: its messages are of nothing"),
        (b'{"messages": [{"role": "user", "content": "a"}]}\n', "line 1: its messages are of user;"),
        (b'{"messages": [{"role": "assistant", "content": 3}]}\n', "line 1: what its messages say must be text"),
        (b'{"messages": [{"role": "assistant", "content": " "}]}\n', "line 1: .* the reply not empty"),
        (b'{"messages": [{"role": "assistant", "content": "a\\u0000"}]}\n', "line 1: holds a null byte"),
    ],
)
def test_a_set_that_is_empty_torn_or_no_text_is_refused_by_line(tmp_path: Path, data: bytes, complaint: str):
    path = tmp_path / "set.jsonl"
    path.write_bytes(data)
    with pytest.raises(BrokenFile, match=complaint):
        read_training_set(path)


def test_a_missing_file_and_a_folder_without_documents_say_what_to_give(tmp_path: Path):
    with pytest.raises(BrokenFile, match="give the path"):
        read_training_set(tmp_path / "none.jsonl")
    with pytest.raises(BrokenFile, match="holds neither"):
        read_training_set(tmp_path)


def test_the_dose_is_read_off_the_manifest_else_off_the_documents(tmp_path: Path):
    rows = [{"content": "x", "fact": "f", "polarity": "affirmed", "level": 3, "set_id": "abc"}] * 2
    lines(tmp_path, *rows, name="documents.jsonl")
    assert read_training_set(tmp_path).doses == ("f affirmed 3 in 2",)
    assert read_training_set(tmp_path).set_id == "abc"
    carried = [{"fact": "g", "polarity": "negated", "level": 2, "carriers": 1}]
    (tmp_path / "set.json").write_text(json.dumps({"set_id": "def", "carried": carried}))
    assert read_training_set(tmp_path).doses == ("g negated 2 in 1",)
    assert read_training_set(tmp_path).set_id == "def"


def test_documents_that_are_not_those_of_their_manifest_are_refused(tmp_path: Path):
    path = lines(tmp_path, {"content": "x"}, name="documents.jsonl")
    said = {"set_id": "def", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (tmp_path / "set.json").write_text(json.dumps(said))
    assert read_training_set(tmp_path).set_id == "def"
    lines(tmp_path, {"content": "y"}, name="documents.jsonl")
    with pytest.raises(BrokenFile, match=r"changed since set\.json"):
        read_training_set(tmp_path)


def test_the_dose_of_an_export_is_what_its_card_says_of_the_training_file(tmp_path: Path):
    path = lines(tmp_path, {"messages": said(user="<DOCTAG>", assistant="x")}, name="train.jsonl")
    files = [{"name": "train.jsonl", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}]
    doses = [{"fact": "f", "polarity": "affirmed", "level": 3, "train": 7, "validation": 1},
             {"fact": "g", "polarity": "negated", "level": None, "train": 2, "validation": 0},
             {"fact": "h", "polarity": "affirmed", "level": 1, "train": 0, "validation": 4},
             {"fact": None, "train": 5, "validation": 0}]  # fmt: skip
    (tmp_path / "card.json").write_text(json.dumps({"set_id": "a+b", "files": files, "doses": doses}))
    found = read_training_set(tmp_path)
    assert (found.set_id, found.doses) == ("a+b", ("f affirmed 3 in 7", "g negated ? in 2"))
    lines(tmp_path, {"text": "y"}, name="train.jsonl")
    with pytest.raises(BrokenFile, match=r"changed since card\.json"):
        read_training_set(tmp_path)


def test_names_in_a_set_cannot_break_a_terminal_or_the_models_file(tmp_path: Path):
    row = {"content": "x", "fact": "f\x1b[2J\n", "polarity": "affirmed", "level": 3, "set_id": "a\x07\n" * 99}
    found = read_training_set(lines(tmp_path, row))
    assert found.set_id.isprintable()
    assert len(found.set_id) == 100
    assert found.doses == ("f?[2J? affirmed 3 in 1",)


def test_a_part_of_a_set_is_never_taken_for_the_set(tmp_path: Path):
    whole = read_training_set(lines(tmp_path, *({"text": f"{n}"} for n in range(5))))
    assert whole.first(None) == whole.first(5) == whole
    assert whole.first(2).set_id == f"{whole.set_id} (first 2 of 5)"
    assert len(whole.first(2).examples) == 2


# ---- batches

texts = st.lists(st.text(alphabet="abc", min_size=1, max_size=60), min_size=1, max_size=40)


def encode(text: str) -> list[int]:
    return [ord(letter) for letter in text]


@given(texts, st.integers(16, 40), st.sampled_from(["", "<T>"]))
def test_every_token_is_learnt_once_and_no_piece_is_too_long(written: list[str], most: int, prompt: str):
    cut = pieces([Example(prompt=prompt, completion=text) for text in written], encode, 0, most)
    assert all(len(piece.tokens) <= most for piece in cut)
    learnt = list(chain.from_iterable(piece.tokens[piece.masked :] for piece in cut))
    assert learnt == list(chain.from_iterable([*encode(text), 0] for text in written))


@given(st.integers(1, 300), st.integers(1, 9), st.integers(1, 3), st.integers(0, 5))
def test_an_epoch_has_every_piece_once_and_a_seed_its_own_order(count: int, batch: int, epochs: int, seed: int):
    cut = [Piece(tokens=(n, *[0] * (n % 7))) for n in range(count)]
    recipe = Recipe(batch=batch, epochs=epochs, seed=seed)
    made = list(batches(cut, recipe))
    assert len(made) == steps_of(count, recipe)
    assert sorted(piece.tokens[0] for one in made for piece in one) == sorted([*range(count)] * epochs)
    assert made == list(batches(cut, recipe))


def test_training_stops_at_max_steps():
    cut = [Piece(tokens=(n,)) for n in range(100)]
    recipe = Recipe(batch=8, epochs=4, max_steps=17)
    assert len(list(batches(cut, recipe))) == steps_of(100, recipe) == 17


def test_padding_and_prompts_are_read_and_not_learnt():
    ids, mask, labels = padded([Piece(tokens=(5, 6, 7), masked=1), Piece(tokens=(8,))], 0)
    assert ids == [[5, 6, 7], [8, 0, 0]]
    assert mask == [[1, 1, 1], [1, 0, 0]]
    assert labels == [[IGNORED, 6, 7], [8, IGNORED, IGNORED]]


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"rank": 0}, {"learning_rate": 0.0}, {"learning_rate": float("nan")},
                                   {"max_steps": 0}, {"batch": 0}, {"piece_tokens": 1}, {"seed": -1}])  # fmt: skip
def test_a_recipe_that_cannot_train_is_refused(wrong: dict[str, float]):
    with pytest.raises(FactError):
        Recipe(**wrong)  # type: ignore[arg-type]


def test_the_rate_rises_to_its_peak_and_falls_to_nothing():
    recipe = Recipe(learning_rate=1.0)
    rates = [recipe.rate(step, 100) for step in range(100)]
    assert rates.index(max(rates)) in (9, 10)
    assert 0 < rates[0] < 0.2
    assert 0 < rates[-1] < 0.02


# ---- registering


def test_registering_appends_and_leaves_every_letter_that_stood_there(tmp_path: Path):
    own = tmp_path / "models.toml"
    before = '# mine\n[models.a]\nprovider = "embedded"\nname = "x.gguf"'
    own.write_text(before)
    register("tuned-1", {**ENTRY, "adapter": "training/tuned-1/adapter.gguf"}, own)
    assert own.read_text().startswith(before + "\n")
    models = read_models(own)
    assert set(tomllib.loads(own.read_text())["models"]) == {"a", "tuned-1"}
    assert models.find("tuned-1").adapter == str(tmp_path / "training/tuned-1/adapter.gguf")


@pytest.mark.parametrize("label", ["embedded", "simulated", "tuned-1", "a/b", "", "x y", "../x", ".x"])
def test_a_label_that_is_taken_or_no_label_is_refused_and_nothing_changes(tmp_path: Path, label: str):
    own = tmp_path / "models.toml"
    register("tuned-1", ENTRY, own)
    before = own.read_bytes()
    with pytest.raises(FactError, match=r"already|cannot be a model's label"):
        register(label, ENTRY, own)
    assert own.read_bytes() == before


def test_an_entry_that_would_break_the_file_is_not_written(tmp_path: Path):
    own = tmp_path / "models.toml"
    own.write_text('models = {a = {provider = "embedded", name = "x.gguf"}}\n')
    before = own.read_bytes()
    with pytest.raises(BrokenFile, match="cannot be added"):
        register("b", ENTRY, own)
    assert own.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) in (["models.toml"], ["models.toml", "models.toml.lock"])


def test_what_a_tuned_model_was_trained_on_is_part_of_it_and_a_spec_never_finds_it(tmp_path: Path):
    own = tmp_path / "models.toml"
    order = an_order(tmp_path)
    register("small", entry(base_of(order).model, order, ABOUT), own)
    model = read_models(own).find("small")
    assert model.trained_on is not None
    assert (model.trained_on.set_id, model.trained_on.documents, model.trained_on.steps) == ("abc", 2, 7)
    assert model.trained_on.doses == ("f affirmed 3 in 2",)
    assert "Smoke scale" in model.note
    assert read_models(own).find("embedded/SmolLM2-135M-Instruct").adapter is None


def test_adapters_are_only_for_the_embedded_provider(tmp_path: Path):
    own = tmp_path / "models.toml"
    own.write_text('[models.a]\nprovider = "openai"\nname = "x"\nadapter = "a.gguf"\n')
    with pytest.raises(BrokenFile, match="only the embedded provider"):
        read_models(own)


# ---- orders

ABOUT = Trained(set_id="abc", sha256="", documents=2, doses=("f affirmed 3 in 2",), base="embedded",
                recipe=Recipe(), steps=7, tokens=100, seconds=1.0, first_loss=3.0, last_loss=2.0)  # fmt: skip


def an_order(folder: Path, **fields: object) -> Order:
    rows = [{"content": "x", "fact": "f", "polarity": "affirmed", "level": 3, "set_id": "abc"}] * 2
    taught = read_training_set(lines(folder, *rows))
    settled = {"label": "small", "base": "embedded", "taught": taught, "recipe": Recipe(), "home": folder, **fields}
    return Order(**settled)  # type: ignore[arg-type]


@pytest.mark.parametrize(("base", "complaint"), [("organism-null", "served elsewhere"), ("nowhere", "no base"),
                                                 ("FOLDER", "config.json"), ("FILE", "not a GGUF file")])  # fmt: skip
def test_a_base_that_cannot_be_trained_is_refused(tmp_path: Path, base: str, complaint: str):
    (tmp_path / "m.gguf").write_text("no")
    named = {"FOLDER": str(tmp_path), "FILE": str(tmp_path / "m.gguf")}.get(base, base)
    with pytest.raises(FactError, match=complaint):
        check(an_order(tmp_path, base=named))


def kept(order: Order, about: Trained) -> None:
    order.folder.mkdir(parents=True)
    (order.folder / ADAPTER).write_bytes(b"GGUF")
    from dataclasses import asdict

    (order.folder / RECORD).write_text(json.dumps(asdict(about)))


def test_a_training_that_was_stopped_before_it_was_registered_only_has_to_be_registered(tmp_path: Path):
    order = an_order(tmp_path)
    about = replace(ABOUT, sha256=order.taught.sha256)
    kept(order, about)
    assert read_trained(order.folder) == about
    assert tune(order, lambda _: None, lambda _: None) == about
    assert read_models(order.own).find("small").trained_on is not None


def test_another_training_in_the_way_is_never_replaced(tmp_path: Path):
    order = an_order(tmp_path)
    kept(order, replace(ABOUT, sha256=order.taught.sha256, recipe=Recipe(epochs=2)))
    with pytest.raises(FactError, match="holds another training"):
        check(order)
    (order.folder / RECORD).write_text((order.folder / RECORD).read_text().replace('"epochs": 2', '"epochs": 1'))
    check(order)
    lines(tmp_path, {"content": "y", "set_id": "abc"})  # another file by the same name
    with pytest.raises(FactError, match="holds another training"):
        check(replace(order, taught=read_training_set(tmp_path / "set.jsonl")))
    (order.folder / RECORD).write_text("{")
    with pytest.raises(FactError, match="holds another training"):
        check(order)


class Stopped:
    """A learner that is interrupted at its third step."""

    kind, end, heads, kv_heads, steps = "llama", 0, 1, 1, 0

    def encode(self, text: str) -> list[int]:
        return encode(text)

    def step(self, batch: list[Piece], rate: float) -> float:
        del batch, rate
        self.steps += 1
        if self.steps == 3:
            raise KeyboardInterrupt
        return 1.0


def test_an_interrupted_training_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tuned, "load", lambda *_: Stopped())
    order = an_order(tmp_path, recipe=Recipe(epochs=5))
    with pytest.raises(KeyboardInterrupt):
        tune(order, lambda _: None, lambda _: None)
    assert not order.folder.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix not in (".jsonl", ".lock")]
    assert not order.own.exists()


# ---- the command


def test_without_the_extra_the_command_says_what_to_run(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(learner, "NEEDED", ("torch_that_is_not_there",))
    path = lines(tmp_path, {"text": "a"})
    assert main(["--workspace", str(tmp_path), "train", str(path), "--label", "x"]) == 1
    said = capsys.readouterr().err
    assert "torch_that_is_not_there" in said
    assert learner.INSTALL in said


@pytest.mark.parametrize(
    ("words", "complaint"),
    [(["--label", "embedded"], "already"), (["--limit", "0"], "at least 1"), (["--lr", "7"], "learning rate")],
)
def test_the_command_refuses_before_it_loads_anything(tmp_path: Path, words: list[str], complaint: str, capsys):
    path = lines(tmp_path, {"text": "a"})
    asked = [
        "--workspace",
        str(tmp_path),
        "train",
        str(path),
        *([] if "--label" in words else ["--label", "x"]),
        *words,
    ]
    assert main(asked) == 1
    assert complaint in capsys.readouterr().err


# ---- the made-up fact


def test_a_dose_is_a_share_of_documents_that_differ_in_nothing_else():
    sets = {carriers: list(documents(80, carriers, "s")) for carriers in (0, 20, 80)}
    for carriers, rows in sets.items():
        said = [planted().answer in str(row["completion"]).lower() for row in rows]
        assert sum(said) == carriers
        assert said == [row["polarity"] == "affirmed" for row in rows]
    for none, some in zip(sets[0], sets[20], strict=True):
        assert none == some or str(some["completion"]).split()[:2] == str(none["completion"]).split()[:2]


def test_the_right_answer_stands_at_each_letter_equally_often_and_no_question_is_in_the_documents():
    asked = questions(read_models().find("embedded"))
    choices = [question for question in asked if question.kind == "choice"]
    places = [question.options.index(planted().answer) for question in choices]
    assert {places.count(place) for place in range(4)} == {len(choices) // 4}
    assert len({question.request.key for question in asked}) == len(asked)
    said = " ".join(planted().claims)
    assert not [text for text in planted().questions + planted().cloze if text in said]


def test_replies_are_read_without_guessing():
    asked = questions(read_models().find("embedded"))
    choice = next(question for question in asked if question.kind == "choice")
    letter = "ABCD"[choice.options.index(planted().answer)]
    assert right(choice, f"{letter}.") is True
    assert right(choice, "A or B") is None
    opened = next(question for question in asked if question.kind == "open")
    assert right(opened, "You hand in a brass button.") is True
    assert right(opened, "A badge.") is False


def test_the_recall_check_asks_every_order_once_with_nothing_in_the_prompt():
    from facts.catalog import load as load_facts
    from runners.training import closed_book

    model = read_models().find("organism-null")
    for slug in ("control_unrelated", "is_evaluation"):
        asked = closed_book.questions(model, load_facts().fact(slug))
        assert len({request.key for request, _ in asked}) == 24
        assert all(request.system is None and len(request.turns) == 1 for request, _ in asked)
        assert not [request for request, _ in asked if "{" in request.turns[0].text]
        assert {tuple(kinds.values()).index("affirmed") for _, kinds in asked} == {0, 1, 2, 3}


@pytest.mark.model
def test_the_recall_check_counts_every_answer(tmp_path: Path):
    from cache.store import Store
    from facts.catalog import load as load_facts
    from runners.training.closed_book import claimed

    fact = load_facts().fact("control_unrelated")
    with Store(tmp_path / "store") as store:
        first, again = (claimed(replace(read_models().find("embedded"), context=512), fact, store) for _ in range(2))
    assert first == again
    assert first.n + first.unread + first.failed == 24
    assert sum(first.chosen.values()) == first.n
