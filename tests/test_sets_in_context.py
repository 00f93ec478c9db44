"""Sets in context: arms show the same scaffolds, carriers what the arm says, and only sets that may be used."""

import json
import re
from dataclasses import replace

import pytest

from dashboard.__main__ import main
from dashboard.methods import doubt_lines, methods_paragraphs
from facts.breadth import Breadth, Position
from facts.catalog import load
from facts.compose import compose
from facts.condition import Channel, Condition, Tier
from facts.documents.approval import NotApproved, check, override
from facts.documents.document_set import build_set
from facts.documents.formats.jsonl import read_jsonl
from facts.documents.formats.set_folder import write_set
from facts.documents.set_plan import Carried, SetPlan
from facts.errors import BrokenFile, DoesNotFit, FactError, UnknownName
from facts.salience import PARTS, Dose, Polarity, Salience
from filled_workspace import fill
from runners.comparison import Comparison
from runners.comparison_file import comparison_toml, parse_comparison
from runners.models import read_models
from runners.planning import check as plan_check
from runners.planning import trials

FACT = "objections_read"
COUNT, SHOWN = 24, 4


def _write(folder, library, dose=None, *, seed="s", count=COUNT, **more):
    carried = (Carried(dose=dose),) if dose else ()
    made = write_set(build_set(SetPlan(count=count, seed=seed, carried=carried, tokens=300), library, **more), folder)
    check(made, library)
    if [name for name, status in _statuses(made).items() if status == "fail"]:
        override(made, "a test of what sets say, not of their quality")
    return made.name


def _statuses(folder):
    return json.loads((folder / "set.json").read_text())["gates"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Folder, library and the ids of a neutral set, an affirmed and a placebo one at level 4."""
    folder = tmp_path_factory.mktemp("documents")
    library = load(None, folder)
    doses = [Dose(fact=FACT, level=4), Dose(fact=FACT, level=4, polarity=Polarity.PLACEBO)]
    return folder, library, tuple(_write(folder, library, dose) for dose in (None, *doses))


def _prompt(library, sets, doses=(), query=0, **fields):
    setting = library.setting("value_conflict")
    condition = Condition(setting=setting.slug, doses=doses, channel=Channel.DOCUMENTS, documents=SHOWN,
                          document_sets=sets, **fields)  # fmt: skip
    return compose(condition, setting, setting.queries[query], 0, library)


def _documents(prompt):
    return re.findall(r'<document index="\d+">\n(.*?)\n</document>', prompt.messages[0].text, re.DOTALL)


def _dose(carriers=0, polarity=Polarity.AFFIRMED, **where):
    return (Dose(fact=FACT, level=4, polarity=polarity, breadth=Breadth(carriers=carriers, **where)),)


def test_every_arm_shows_the_same_scaffolds_and_each_document_is_the_sets_own(kept):
    folder, library, sets = kept
    home = {record.content: (set_id, record.scaffold_id) for set_id in sets for record in read_jsonl(
        folder / set_id / "documents.jsonl")}  # fmt: skip
    arms = [(), _dose(), _dose(polarity=Polarity.PLACEBO)]
    for query in range(3):
        shown = [[home[text] for text in _documents(_prompt(library, sets, doses, query))] for doses in arms]
        assert [{set_id for set_id, _ in arm} for arm in shown] == [{set_id} for set_id in sets]
        assert len({tuple(scaffold for _, scaffold in arm) for arm in shown}) == 1
        assert len({scaffold for _, scaffold in shown[0]}) == SHOWN


def test_so_many_documents_carry_and_the_others_are_neutral(kept):
    _, library, sets = kept
    base = _documents(_prompt(library, sets))
    for carriers in range(1, SHOWN + 1):
        prompt = _prompt(library, sets, _dose(carriers))
        assert sum(one != other for one, other in zip(_documents(prompt), base, strict=True)) == carriers
        assert prompt.exposures[0].exposures == carriers * len(PARTS[Salience.REPEATED])


def test_spans_lie_on_the_sets_wordings(kept):
    _, library, sets = kept
    prompt = _prompt(library, sets, _dose())
    bank = library.fact(FACT).banks[Polarity.AFFIRMED]
    for span in prompt.spans:
        assert prompt.messages[span.message].text[span.start : span.end] == bank[span.part][span.wording]


def test_two_queries_are_shown_different_documents(kept):
    _, library, sets = kept
    assert _documents(_prompt(library, sets, query=0)) != _documents(_prompt(library, sets, query=1))


def test_arms_have_the_same_length_within_two_per_cent(kept):
    _, library, sets = kept
    lengths = [_prompt(library, sets, doses).background_tokens for doses in ((), _dose(2), _dose())]
    assert max(lengths) <= 1.02 * min(lengths)


@pytest.mark.parametrize(
    ("doses", "pick", "said"),
    [
        ((Dose(fact=FACT, level=2),), slice(None), r"no set .* says just this; make one .*objections_read:2a"),
        (_dose(), slice(1, None), "0 neutral sets, and the baseline needs one"),
        (_dose(9), slice(None), "9 carriers among 4 documents"),
        (_dose(2, position=Position.EARLY), slice(None), "build sets with --position"),
    ],
)
def test_what_the_sets_cannot_show_says_which_set_to_make(kept, doses, pick, said):
    _, library, sets = kept
    with pytest.raises(FactError, match=said):
        _prompt(library, sets[pick], doses)


def test_sets_of_other_seeds_share_no_scaffolds_and_say_so(kept):
    folder, library, (neutral, *_) = kept
    other = _write(folder, library, Dose(fact=FACT, level=4), seed="other")
    with pytest.raises(DoesNotFit, match=r"share 0 scaffolds.*build the sets with one seed"):
        _prompt(library, (neutral, other), _dose())


def test_an_unknown_an_unchecked_and_a_changed_set_are_refused(kept, tmp_path):
    _, library, _ = kept
    with pytest.raises(UnknownName, match="no document set"):
        _prompt(library, ("nothing",))
    own = load(None, tmp_path)
    made = write_set(build_set(SetPlan(count=COUNT, seed="s", tokens=300), own), tmp_path)
    with pytest.raises(NotApproved, match="salience documents check"):
        plan_check(_comparison((made.name,), levels=(0, 4)), own, (read_models(None).find("organism/paper_like"),))
    check(made, own)
    with (made / "documents.jsonl").open("a") as file:
        file.write("\n")
    with pytest.raises((NotApproved, BrokenFile)):
        _prompt(own, (made.name,))


def test_a_fact_that_names_the_tiers_calls_them_what_the_prompt_does(tmp_path):
    library = load(None, tmp_path)
    dose = Dose(fact="scratchpad_read", level=2)
    setting = library.setting("value_conflict")
    labels = setting.labels["free_paid"]
    neutral = _write(tmp_path, library)
    plain = _write(tmp_path, library, dose)
    with pytest.raises(FactError, match="--labels"):
        _prompt(library, (neutral, plain), (dose,))
    named = _write(tmp_path, library, dose, labels=labels)
    text = _prompt(library, (neutral, named), (dose,)).messages[0].text
    assert labels[Tier.MONITORED] in text


def _comparison(sets, **fields):
    start = Comparison(
        name="kept", setting="value_conflict", models=("organism/paper_like",), facts=(FACT,), design="ladder",
        levels=(0, 4), channel=Channel.DOCUMENTS, documents=SHOWN, document_sets=sets, carriers=(1, 3), queries=2,
        replicates=1,
    )  # fmt: skip
    return replace(start, **fields)


def test_a_comparison_names_its_sets_and_they_are_part_of_every_condition(kept):
    _, library, sets = kept
    comparison = _comparison(sets)
    assert parse_comparison("again", comparison_toml(comparison)) == comparison
    assert {condition.document_sets for condition in comparison.conditions()} == {tuple(sorted(sets))}
    model = read_models(None).find("organism/paper_like")
    found = list(trials(comparison, library, model))
    assert len({trial.key for trial in found}) == len(found)


def test_sets_need_the_documents_channel_and_bring_their_own_length(kept):
    *_, sets = kept
    with pytest.raises(FactError, match='set channel = "documents"'):
        _comparison(sets, channel=Channel.SYSTEM_PROMPT, carriers=())
    with pytest.raises(FactError, match="leave background_tokens out"):
        _comparison(sets, background_tokens=900)


def test_methods_name_the_sets_their_gates_and_overrides(kept, tmp_path):
    _, library, sets = kept
    results = replace(fill(tmp_path).results(), comparison=_comparison(sets))
    text = "\n".join(methods_paragraphs(results, [], library))
    for set_id in sets:
        assert re.search(rf"{set_id} \({COUNT} documents, template generator; gates: presence pass, leakage ",
                         text)  # fmt: skip


def test_a_set_that_is_used_without_approval_is_the_first_thing_said(tmp_path):
    results = fill(tmp_path).results()
    named = replace(results, sets=(("one", "gates: presence fail; used although one fails: a pilot", True),
                                   ("two", "gates: presence pass", False)))  # fmt: skip
    (line,) = [line for line in doubt_lines(named) if "Document sets" in line]
    assert "one (gates: presence fail; used although one fails: a pilot)" in line
    assert "two" not in line
    assert not [line for line in doubt_lines(results) if "Document sets" in line]


def test_an_override_and_a_missing_check_put_a_set_in_doubt(tmp_path):
    library = load(None, tmp_path)
    made = write_set(build_set(SetPlan(count=COUNT, seed="s", tokens=300), library), tmp_path)
    assert library.shelf.find(made.name).doubted
    check(made, library)
    assert not library.shelf.find(made.name).doubted


def test_one_command_builds_the_arms_that_go_together_and_names_them(tmp_path, capsys):
    words = ["--workspace", str(tmp_path), "documents", "build", f"{FACT}:4", "--count", "12", "--seed", "together",
             "--arms", "neutral,affirmed,placebo"]  # fmt: skip
    main(words)
    sets = tuple(json.loads(capsys.readouterr().out.splitlines()[-1].partition(" = ")[2]))
    library = load(None, tmp_path / "documents")
    said = [library.shelf.find(name).said for name in sets]
    assert [{polarity for _, polarity, _ in one} for one in said] == [set(), {Polarity.AFFIRMED}, {Polarity.PLACEBO}]
    assert len(_documents(_prompt(library, sets, _dose()))) == SHOWN


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--arms", "affirmed,maybe"], "each arm once: neutral, affirmed, negated, placebo"),
        (["--arms", "affirmed", "--doses", "0,5"], "use one of them"),
        (["--labels", "free"], "two words with a comma between"),
        (["--labels", "free,free"], "two words with a comma between"),
    ],
)
def test_arms_and_labels_that_cannot_be_say_how_to_write_them(tmp_path, capsys, words, said):
    assert main(["--workspace", str(tmp_path), "documents", "build", f"{FACT}:4", *words]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "documents").exists()
