"""An exported comparison opens elsewhere with everything it needs, calls nothing, and is refused unless it is whole."""

import hashlib
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cache.store import Store
from dashboard.bundle_open import open_bundle
from dashboard.bundle_parts import bundle_parts
from dashboard.export import write_file, write_zip
from dashboard.figures import View, figures
from dashboard.launch import judges_of, models_of, save_comparison
from dashboard.measured import measures
from dashboard.results import load_results
from dashboard.tables import tables
from dashboard.workspace import Workspace
from facts.catalog import load
from facts.errors import BrokenFile, FactError
from filled_workspace import fill
from judged_workspace import judge
from runners.comparison_file import comparison_toml, read_comparison
from runners.estimate import estimate
from runners.keep import to_record
from runners.planning import trials
from runners.sample import Sample, Stop, Usage

APP = str(Path(__file__).parent.parent / "dashboard" / "app.py")


def loaded(workspace, name):
    library = load(workspace.facts, workspace.documents)
    comparison = read_comparison(workspace.comparisons / f"{name}.toml")
    with Store(workspace.store) as store:
        results = load_results(comparison, library, workspace, store)
        plan = estimate(comparison, library, models_of(comparison, workspace), store,
                        judges=judges_of(comparison, workspace))  # fmt: skip
    return results, plan, library


def specs(results, library):
    return {
        (measure, figure.name): figure.spec
        for measure in measures(results)
        for figure in figures(tables(results, measure, library), results, View())
        if figure.chart
    }


def exported(workspace, results, library, path):
    with Store(workspace.store) as store:
        return write_file(path, results, library, store, workspace)


def opened(path, root):
    workspace = Workspace(root=root)
    with Store(workspace.store) as store:
        return open_bundle(path, workspace, store), workspace


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A zip of a comparison with a fact, a model, queries and labels of the user's own."""
    root = tmp_path_factory.mktemp("own")
    filled = fill(root / "ws", fact="own_fact")
    workspace = filled.workspace
    workspace.models.write_text(
        '[models.mine]\nprovider = "openai"\nname = "test-model"\nnote = "kept"\n', encoding="utf-8"
    )
    queries = root / "elsewhere" / "mine.jsonl"
    queries.parent.mkdir()
    base = filled.library.setting("value_conflict").queries[0]
    queries.write_text("".join(
        json.dumps({"id": f"q{n}", "text": base.text, "group": "mine", "fields": dict(base.fields)}) + "\n"
        for n in range(4)), encoding="utf-8")  # fmt: skip
    comparison = replace(filled.comparison, name="mine", models=("mine",), queries=4, query_file=str(queries))
    save_comparison(workspace, comparison)
    with Store(workspace.store) as store:
        for trial in trials(comparison, filled.library, models_of(comparison, workspace)[0]):
            sample = Sample(text="A\nSo be it.", stop=Stop.END, model="test-model", usage=Usage())
            store.add(trial.key, to_record(trial.request, sample)).result()
    labels = workspace.root / "labels" / "mine" / "option.jsonl"
    labels.parent.mkdir(parents=True)
    labels.write_text("", encoding="utf-8")
    results, _, library = loaded(workspace, "mine")
    return root, exported(workspace, results, library, root / "mine.zip"), specs(results, library)


def test_it_opens_elsewhere_with_own_fact_model_queries_and_labels_and_draws_the_same(own, tmp_path):
    root, path, before = own
    done, workspace = opened(path, tmp_path / "there")
    results, plan, library = loaded(workspace, "mine")
    assert (done.name, done.new, plan.new, results.kept) == ("mine", results.planned, 0, results.planned)
    assert specs(results, library) == before
    assert str(results.comparison.query_file).startswith(str(workspace.root))
    assert (workspace.root / "labels" / "mine" / "option.jsonl").exists()
    with zipfile.ZipFile(path) as archive:
        every = b"".join(archive.read(name) for name in archive.namelist())
    assert str(root).encode() not in every  # no path of the machine that wrote it


def test_opening_it_twice_changes_nothing(own, tmp_path):
    _, path, _ = own
    opened(path, tmp_path / "there")
    (again, workspace) = opened(path, tmp_path / "there")
    assert (again.name, again.new) == ("mine", 0)
    assert [file.name for file in workspace.comparisons.glob("*.toml")] == ["mine.toml"]


def test_verdicts_come_along(tmp_path):
    judged = judge(tmp_path / "here")
    save_comparison(judged.workspace, judged.comparison)
    results, _, library = loaded(judged.workspace, judged.comparison.name)
    path = tmp_path / "judged.zip"
    with Store(judged.workspace.store) as store, path.open("wb") as file:
        write_zip(file, results, library, store, chosen=("noncompliance_judged",),
                  further=bundle_parts(results, library, store, judged.workspace))  # fmt: skip
    done, workspace = opened(path, tmp_path / "there")
    there, plan, _ = loaded(workspace, judged.comparison.name)
    assert plan.new == 0
    assert there.models[0].rows == results.models[0].rows
    assert done.records > results.planned  # samples, and what judges and interviews were told


def test_a_comparison_of_that_name_is_never_replaced(own, tmp_path):
    _, path, _ = own
    workspace = Workspace(root=tmp_path / "there")
    save_comparison(workspace, replace(fill(tmp_path / "else").comparison, name="mine"))
    before = (workspace.comparisons / "mine.toml").read_bytes()
    done, _ = opened(path, workspace.root)
    assert done.name == "mine-2"
    assert "mine-2" in done.says[0]
    assert (workspace.comparisons / "mine.toml").read_bytes() == before
    assert loaded(workspace, "mine-2")[1].new == 0


def test_another_fact_or_model_of_that_name_is_refused_before_anything_is_taken_in(own, tmp_path):
    root, path, _ = own
    for place, text in (("facts/own_fact.toml", "# other"), ("models.toml", '[models.mine]\nprovider = "openai"\n')):
        there = tmp_path / place.replace("/", "-")
        (there / place).parent.mkdir(parents=True)
        (there / place).write_text(text + "name = 'other'\n", encoding="utf-8")
        with pytest.raises(FactError, match="new workspace"):
            opened(path, there)
        with Store(there / "store") as store:
            assert store.count() == 0
        assert not list(there.glob("comparisons/*"))
    assert root.exists()


def changed(path, to, change, *, honest=True):
    """The zip with its members changed; ``honest`` sums are written anew."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    if honest:
        members["SHA256SUMS"] = "".join(
            f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(members.items())
            if name != "SHA256SUMS"
        ).encode()  # fmt: skip
    with zipfile.ZipFile(to, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return to


def _other_text(members):
    members["samples.jsonl"] = members["samples.jsonl"].replace(b'"text":"A', b'"text":"B', 1)


def _other_request(members):
    members["samples.jsonl"] = members["samples.jsonl"].replace(b'"max_tokens":', b'"max_tokens":9', 1)


def _torn_line(members):
    members["samples.jsonl"] = members["samples.jsonl"][:-40]


def _outside(members):
    members["workspace/../../evil.toml"] = b"x"


def _no_replies(members):
    del members["replies.jsonl"]


def _foreign(members):
    members["workspace/store/cache.db"] = b"x"


@pytest.mark.parametrize(("change", "honest", "says"), [
    (_other_text, False, "not what was exported"), (_other_request, True, "hashes to"),
    (_torn_line, True, "no record"), (_outside, True, "outside"), (_no_replies, True, "older version"),
    (_no_replies, False, "not those"), (_foreign, True, "nothing of this kind"),
], ids=lambda value: getattr(value, "__name__", None))  # fmt: skip
def test_what_is_not_whole_or_not_honest_is_refused_and_nothing_is_kept(own, tmp_path, change, honest, says):
    path = changed(own[1], tmp_path / "bad.zip", change, honest=honest)
    with pytest.raises(FactError, match=says):
        opened(path, tmp_path / "there")
    with Store(tmp_path / "there" / "store") as store:
        assert store.count() == 0
    assert not list((tmp_path / "there").glob("comparisons/*"))
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.999])
def test_a_torn_download_says_so(own, tmp_path, cut):
    data = own[1].read_bytes()
    torn = tmp_path / "torn.zip"
    torn.write_bytes(data[: int(len(data) * cut)])
    with pytest.raises(BrokenFile, match="not a whole export"):
        opened(torn, tmp_path / "there")


def test_a_zip_of_something_else_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("holiday.txt", "sun")
    with pytest.raises(BrokenFile, match="not a whole export"):
        opened(tmp_path / "other.zip", tmp_path / "there")


def test_the_export_page_opens_a_zip_and_shows_its_results(own, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCE_WORKSPACE", str(tmp_path / "there"))
    test = AppTest.from_file(APP, default_timeout=30).run()
    test.switch_page("app_pages/export_results.py").run()
    test.session_state["e_opening"] = True
    test.run()
    test.file_uploader("e_open").set_value(("mine.zip", own[1].read_bytes(), "application/zip")).run()
    assert not test.exception
    assert "mine" in test.success[0].value
    assert "rests on whoever sent" in test.success[0].value
    assert test.session_state["comparison"] == "mine"
    assert any(re.search(r"came with mine.{0,2}zip.*rests on whoever sent", info.value) for info in test.info)
    test.file_uploader("e_open").set_value(("bad.zip", b"PK", "application/zip")).run()
    assert "not a whole export" in test.error[0].value


def test_the_comparison_in_the_zip_can_be_read_on_its_own(own, tmp_path):
    with zipfile.ZipFile(own[1]) as archive:
        archive.extractall(tmp_path)
    comparison = read_comparison(tmp_path / "comparison.toml")
    assert Path(str(comparison.query_file)).exists()
    assert "mine" in comparison_toml(comparison)
