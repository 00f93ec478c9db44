"""What somebody sends can neither take a key nor break a workspace, and what rests on their word says so."""

import hashlib
import json
import threading
import zipfile

import pytest

from cache.store import Store
from dashboard.bundle_members import looked_over
from dashboard.bundle_open import open_bundle
from dashboard.bundle_parts import bundle_parts, portable
from dashboard.export_samples import sample_lines
from dashboard.launch import models_of
from dashboard.methods import doubt_lines
from dashboard.opened_files import file_of
from dashboard.provenance import provenance
from dashboard.results import load_results
from dashboard.workspace import Workspace
from facts.catalog import SHIPPED_FACTS, load
from facts.documents.approval import NotApproved, approve
from facts.documents.document_set import build_set
from facts.documents.formats.set_folder import write_set
from facts.documents.gates import gates
from facts.documents.set_plan import Carried, SetPlan
from facts.errors import BrokenFile, FactError
from facts.salience import Dose, Polarity, Salience
from filled_workspace import fill
from runners import providers
from runners.comparison_file import comparison_toml, read_comparison

LABEL = {"event": "label", "labeller": "eve", "item": "v1:00", "metric": "option", "value": "refused",
         "at": "2026-01-01T00:00:00+00:00"}  # fmt: skip


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """The files of an export without its figures: an own fact, 20 samples."""
    filled = fill(tmp_path_factory.mktemp("own") / "ws", queries=1, fact="own_fact")
    with filled.open_store() as store:
        results = load_results(filled.comparison, filled.library, filled.workspace, store)
        return {
            name: b"".join(parts)
            for name, parts in (("comparison.toml", [comparison_toml(portable(filled.comparison)).encode()]),
                                ("samples.jsonl", sample_lines(results, store)),
                                *bundle_parts(results, filled.library, store, filled.workspace))
        }  # fmt: skip


def pack(path, files, compression=zipfile.ZIP_DEFLATED):
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in {**files, "SHA256SUMS": sums.encode()}.items():
            archive.writestr(name, data)
    return path


def take(path, root):
    workspace = Workspace(root=root)
    with Store(workspace.store) as store:
        return open_bundle(path, workspace, store), workspace


def results_of(workspace, name="small"):
    library = load(workspace.facts, workspace.documents)
    with Store(workspace.store) as store:
        return load_results(read_comparison(workspace.comparisons / f"{name}.toml"), library, workspace, store), library


def entry(label, address="http://127.0.0.1:9", key="ANTHROPIC_API_KEY"):
    return (f'[models."{label}"]\nprovider = "anthropic"\nname = "test-model"\nbase_url = "{address}"\n'
            f'key_env = "{key}"\n').encode()  # fmt: skip


def asking(members, model, **more):
    text = members["comparison.toml"].replace(b"openai/test-model", model.encode())
    return {**members, "comparison.toml": text, **more}


def test_a_shipped_model_cannot_be_sent_elsewhere(members, tmp_path):
    bad = asking(members, "claude-haiku-4-5", **{"workspace/models.toml": entry("claude-haiku-4-5")})
    with pytest.raises(FactError, match="comes with the project"):
        take(pack(tmp_path / "bad.zip", bad), tmp_path / "there")


def test_a_model_that_came_is_listed_marked_and_never_called_and_what_is_not_used_stays_out(members, tmp_path):
    sent = entry("innocent", key="SECRET_THING") + entry("unused")
    path = pack(tmp_path / "sent.zip", asking(members, "innocent", **{"workspace/models.toml": sent}))
    done, workspace = take(path, tmp_path / "there")
    said = "\n".join(done.says)
    assert "http://127.0.0.1:9, with the key in SECRET_THING" in said
    assert "unused" not in workspace.models.read_text(encoding="utf-8")
    (model,) = models_of(read_comparison(workspace.comparisons / "small.toml"), workspace)
    assert "opened = true" in str(providers.problem(model))
    again, _ = take(path, tmp_path / "there")  # its own mark is no other meaning
    assert again.name == "small"


@pytest.mark.parametrize(("label", "data", "says"), [
    ("openai/x", entry("openai/x"), "reads like an address"), ("m", b"[models", "not valid TOML"),
    ("m", b'[models.m]\nprovider = "nope"\nname = "y"\n', "provider"),
    ("m", b'[models.m]\nprovider = "embedded"\nname = "y"\nadapter = "/dev/zero"\n', "outside"),
])  # fmt: skip
def test_models_that_cannot_be_read_or_pass_for_others_are_refused(members, tmp_path, label, data, says):
    bad = asking(members, label, **{"workspace/models.toml": data})
    with pytest.raises(FactError, match=says):
        take(pack(tmp_path / "bad.zip", bad), tmp_path / "there")
    assert not (tmp_path / "there" / "models.toml").exists()


def test_a_model_that_is_named_by_its_address_is_told_of(members, tmp_path):
    spec = "openai_compatible/x@http://127.0.0.1:9/v1"
    done, _ = take(pack(tmp_path / "sent.zip", asking(members, spec)), tmp_path / "there")
    assert any("would call http://127.0.0.1:9/v1, with no key" in line for line in done.says)


def test_samples_that_came_with_a_file_say_so_everywhere_and_those_from_here_do_not(members, tmp_path):
    path = pack(tmp_path / "sent by eve.zip", members)
    done, workspace = take(path, tmp_path / "there")
    results, library = results_of(workspace)
    (came,) = results.came
    assert (came.file, came.samples) == ("sent by eve.zip", results.kept)
    assert any("rests on whoever sent" in line for line in doubt_lines(results))
    assert provenance(results, library)["came_with"] == [
        {"file": came.file, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "at": came.at,
         "samples": came.samples}
    ]  # fmt: skip
    assert file_of(workspace, results.models[0].rows[0].key) is not None
    assert any("rests on whoever sent" in line for line in done.says)
    own = fill(tmp_path / "own", queries=1, fact="own_fact")
    again, _ = take(path, own.workspace.root)
    assert again.new == 0
    assert own.results().came == ()


def test_a_sample_that_is_here_with_other_words_stays_and_is_counted(members, tmp_path):
    workspace = fill(tmp_path / "own", queries=1, fact="own_fact").workspace
    forged = members["samples.jsonl"].replace(b'"sample":{"text":"', b'"sample":{"text":"FORGED ')
    done, _ = take(pack(tmp_path / "f.zip", {**members, "samples.jsonl": forged}), workspace.root)
    assert f"{done.records:,} records are here already with other content; those here stay" in done.says
    with Store(workspace.store) as store:
        assert not any(b"FORGED" in bytes(value) for _, value in store.rows() if isinstance(value, bytes))


def test_two_openings_at_once_lose_nothing(members, tmp_path):
    paths = [
        pack(tmp_path / f"{n}.zip", asking(members, f"m{n}", **{"workspace/models.toml": entry(f"m{n}")}))
        for n in range(3)
    ]
    workspace = Workspace(root=tmp_path / "there")
    with Store(workspace.store) as store:
        threads = [threading.Thread(target=open_bundle, args=(path, workspace, store)) for path in paths]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {path.stem for path in workspace.comparisons.glob("*.toml")} == {"small", "small-2", "small-3"}
    assert all(f"[models.m{n}]" in workspace.models.read_text(encoding="utf-8") for n in range(3))


def test_a_bomb_is_refused_by_its_list_of_files(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("comparison.toml", b"\0" * 6_000_000)
    with zipfile.ZipFile(path) as archive, pytest.raises(BrokenFile, match="unpacks to more"):
        looked_over(archive, path.name)


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_stream_is_a_broken_file(members, tmp_path, packing):
    path = pack(tmp_path / "torn.zip", members, packing)
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("samples.jsonl").header_offset + 30 + len("samples.jsonl") + 20
    data = bytearray(path.read_bytes())
    data[at : at + 200] = b"\x55" * 200
    path.write_bytes(data)
    with pytest.raises(BrokenFile, match=r"not a whole export|not what was exported"):
        take(path, tmp_path / "there")


@pytest.mark.parametrize("name", [
    "workspace/facts/.hidden.toml", "workspace/FACTS/y.toml", "Workspace/facts/y.toml", "workspace//facts/q.toml",
    "workspace/facts/sub/x.toml", "workspace/facts/x.txt", "workspace/documents", "workspace/labels/deep/er/x.jsonl",
    "./workspace/facts/y.toml", "workspace/comparisons/y.toml", "workspace/queries/a\u202eb.jsonl",
    "workspace/queries/e\u0301.jsonl", "COMPARISON.toml", "workspace/documents/0011/other.json",
])  # fmt: skip
def test_a_name_that_no_export_has_is_refused(members, tmp_path, name):
    with pytest.raises(BrokenFile, match="do not open"):
        take(pack(tmp_path / "bad.zip", {**members, name: b"x"}), tmp_path / "there")


def _broken_fact(files):
    files["workspace/facts/own_fact.toml"] = b"hello = [broken"


def _shipped_fact(files):
    files["workspace/facts/objections_read.toml"] = (SHIPPED_FACTS / "objections_read.toml").read_bytes()


def _no_fact(files):
    del files["workspace/facts/own_fact.toml"]


def _unused_fact(files):
    files["workspace/facts/other_fact.toml"] = b"x = 1"


def _queries_outside(files):
    files["comparison.toml"] = b'query_file = "/etc/passwd"\n' + files["comparison.toml"]


def _queries_not_there(files):
    files["comparison.toml"] = b'query_file = "workspace/queries/no.jsonl"\n' + files["comparison.toml"]


def _broken_labels(files):
    files["workspace/labels/option.jsonl"] = b"not json\n{}\n"


def _unknown_setting(files):
    files["comparison.toml"] = files["comparison.toml"].replace(b"value_conflict", b"nope")


def _no_sample(files):
    files["samples.jsonl"] = files["samples.jsonl"].replace(b'"stop":"end"', b'"stop":"nonsense"', 1)


def _no_set(files):
    files["comparison.toml"] = b'channel = "documents"\ndocument_sets = ["00112233"]\n' + b"\n".join(
        line for line in files["comparison.toml"].splitlines() if not line.startswith(b"channel")
    )


@pytest.mark.parametrize(("change", "says"), [
    (_broken_fact, "not valid TOML"), (_shipped_fact, "comes with the project"), (_no_fact, "neither in the file"),
    (_unused_fact, "no part of the comparison"), (_queries_outside, "not in the file"),
    (_queries_not_there, "not in the file"), (_broken_labels, "option.jsonl, line 1"), (_unknown_setting, "nope"),
    (_no_sample, "no sample that can be read"), (_no_set, "neither in the file"),
])  # fmt: skip
def test_what_cannot_be_read_here_is_refused_whole(members, tmp_path, change, says):
    files = dict(members)
    change(files)
    with pytest.raises(FactError, match=says) as error:
        take(pack(tmp_path / "bad.zip", files), tmp_path / "there")
    assert ".opening-" not in str(error.value)
    left = [path for path in (tmp_path / "there").rglob("*") if path.is_file() and path.suffix in {".toml", ".jsonl"}]
    assert not left
    with Store(tmp_path / "there" / "store") as store:
        assert store.count() == 0


def test_labels_of_unknown_metrics_and_classes_are_left_out_and_said(members, tmp_path):
    lines = [LABEL, {**LABEL, "value": "zork"}, {**LABEL, "metric": "refusal"}]
    files = {**members, "workspace/labels/nosuch.jsonl": json.dumps(LABEL).encode() + b"\n",
             "workspace/labels/option.jsonl": "".join(f"{json.dumps(line)}\n" for line in lines).encode()}  # fmt: skip
    done, workspace = take(pack(tmp_path / "l.zip", files), tmp_path / "there")
    assert {"labels of nosuch are left out: there is no such metric here",
            "2 labels of option are left out: it has no such class here"} <= set(done.says)  # fmt: skip
    kept = (workspace.root / "labels" / "small" / "option.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["value"] for line in kept] == ["refused"]


def test_what_gates_are_said_to_have_found_is_not_believed(members, tmp_path):
    plan = SetPlan(count=12, seed="s", carried=(Carried(dose=Dose(fact="objections_read", level=Salience(4),
                                                                  polarity=Polarity.AFFIRMED)),))  # fmt: skip
    folder = write_set(build_set(plan, load()), tmp_path / "sets")
    said = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    said |= {"gates": {gate.NAME: "pass" for gate in gates()}, "statistics": {"leakage.p": 1.0}}
    lines = [line for line in members["comparison.toml"].splitlines() if not line.startswith(b"channel")]
    files = {**members, "comparison.toml": b"\n".join(
        [b'channel = "documents"', f'document_sets = ["{folder.name}"]'.encode(), *lines])}  # fmt: skip
    inside = f"workspace/documents/{folder.name}"
    files |= {f"{inside}/documents.jsonl": (folder / "documents.jsonl").read_bytes(),
              f"{inside}/set.json": json.dumps(said).encode(), f"{inside}/override.json": b"{}"}  # fmt: skip
    done, workspace = take(pack(tmp_path / "d.zip", files), tmp_path / "there")
    assert any("counts as not checked" in line for line in done.says)
    assert {path.name for path in (workspace.documents / folder.name).iterdir()} == {"documents.jsonl", "set.json"}
    with pytest.raises(NotApproved, match="no gate ran"):
        approve(workspace.documents / folder.name)
    files[f"{inside}/documents.jsonl"] = files[f"{inside}/documents.jsonl"].replace(b"the", b"teh", 1)
    with pytest.raises(BrokenFile, match="has changed"):
        take(pack(tmp_path / "d.zip", files), tmp_path / "elsewhere")


def test_it_says_how_many_samples_answer_the_comparison_here(members, tmp_path):
    done, _ = take(pack(tmp_path / "all.zip", members), tmp_path / "there")
    assert any("all 20 samples answer" in line for line in done.says)
    other = {**members, "comparison.toml": members["comparison.toml"].replace(b"seed = 0", b"seed = 9")}
    done, _ = take(pack(tmp_path / "none.zip", other), tmp_path / "elsewhere")
    assert any(line.startswith("0 of 20 samples answer") and "version differ" in line for line in done.says)


def test_the_name_of_a_shipped_example_is_taken(members, tmp_path):
    files = {**members, "comparison.toml": members["comparison.toml"].replace(b'"small"', b'"embedded-ladder"')}
    assert take(pack(tmp_path / "x.zip", files), tmp_path / "there")[0].name == "embedded-ladder-2"


def test_where_it_fails_half_way_everything_is_put_back_and_what_was_killed_is_swept_up(members, tmp_path, monkeypatch):
    there = tmp_path / "there"
    (there / ".opening-old").mkdir(parents=True)
    own = b'[models.own]\nprovider = "openai"\nname = "x"\n'
    (there / "models.toml").write_bytes(own)
    sent = b'[models.innocent]\nprovider = "openai"\nname = "test-model"\n'
    path = pack(tmp_path / "sent.zip", asking(members, "innocent", **{"workspace/models.toml": sent}))

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("dashboard.bundle_taking.save_comparison", full)
        with pytest.raises(FactError, match="No space left"):
            take(path, there)
    assert (there / "models.toml").read_bytes() == own
    assert not list((there / "facts").glob("*"))
    assert not list(there.glob(".opening-*"))
    done, workspace = take(path, there)
    assert (done.name, done.new) == ("small", 0)
    assert file_of(workspace, results_of(workspace)[0].models[0].rows[0].key) is not None
