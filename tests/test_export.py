"""An export can be checked, redrawn and published: checksums hold, bytes are stable, nothing secret is inside."""

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.__main__ import main
from dashboard.export import drawing, write_zip
from dashboard.export_points import csv_text, guarded, points_csv, read_effects, read_rates
from dashboard.figures import View, effects_figure, figures, rates_figure
from dashboard.png import packed as smaller
from dashboard.points import EffectPoint, Point
from dashboard.render import javascript
from dashboard.tables import tables
from facts.condition import Tier
from filled_workspace import HOSTILE, SIMULATED, TITLE, fill

KEY = "sk-planted-0123456789abcdef"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("hostile"), fact="own_fact")


def pack(filled, results=None):
    out = io.BytesIO()
    with filled.open_store() as store:
        write_zip(out, results or filled.results(), filled.library, store)
    return out.getvalue()


@pytest.fixture(scope="module")
def packed(filled):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        patch.setenv("ANTHROPIC_API_KEY", KEY)
        return pack(filled)


def opened(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_zip_holds_every_part(packed):
    names = set(opened(packed))
    assert {"README.txt", "methods.md", "provenance.json", "comparison.toml", "comparison.json", "samples.jsonl",
            "SHA256SUMS", "points/noncompliance.csv", "points/noncompliance-effects.csv"} <= names  # fmt: skip
    assert "figures.html" in names
    for form in ("vl.json", "svg", "png", "pdf"):
        assert {f"figures/noncompliance/{name}.{form}" for name in ("rates", "ladder", "effects")} <= names


def test_the_checksums_hold_for_every_file(packed):
    files = opened(packed)
    listed = dict(reversed(line.split("  ", 1)) for line in files["SHA256SUMS"].decode().splitlines())
    assert set(listed) == set(files) - {"SHA256SUMS"}
    assert all(hashlib.sha256(files[name]).hexdigest() == digest for name, digest in listed.items())


def test_the_same_samples_give_the_same_bytes_of_all_but_pdf(filled, packed):
    again, files = opened(pack(filled)), opened(packed)
    assert list(again) == list(files)
    assert not [n for n in files if again[n] != files[n] and not n.endswith(".pdf") and n != "SHA256SUMS"]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_no_key_of_the_environment_is_in_the_zip(packed):
    assert not [name for name, data in opened(packed).items() if KEY.encode() in data]


def test_a_figure_can_be_drawn_again_from_its_points(filled, packed):
    results, files = filled.results(), opened(packed)
    table = tables(results, "noncompliance", filled.library)
    drawn = {figure.name: figure for figure in figures(table, results, View())}
    points = read_rates(files["points/noncompliance.csv"].decode())
    assert points == (*table.rates, *table.gaps)
    rates = rates_figure(tuple(p for p in points if p.quantity != "gap"), drawn["rates"].heading)
    assert rates.spec == drawn["rates"].spec == files["figures/noncompliance/rates.vl.json"].decode()
    effects = read_effects(files["points/noncompliance-effects.csv"].decode())
    assert effects == (*table.effects, *table.slopes)
    gap = tuple(e for e in effects if e.quantity == "gap" and e.against != "levels")
    assert effects_figure(gap, drawn["effects"].heading, "").spec == drawn["effects"].spec


def test_samples_hold_the_request_what_came_back_and_the_scores(filled, packed):
    lines = [json.loads(line) for line in opened(packed)["samples.jsonl"].splitlines()]
    assert len(lines) == filled.results().kept
    first = lines[0]
    assert first["record"]["sample"]["text"]
    assert first["record"]["request"]["system"]
    assert first["scores"].keys() == {"option", "refusal"}
    assert {line["condition"]["tier"] for line in lines} == {"monitored", "unmonitored"}
    assert any(HOSTILE in line["record"]["sample"]["text"] for line in lines)


def test_a_hostile_title_cannot_end_the_script_of_a_figure_page(filled, packed):
    results = filled.results()
    figure = figures(tables(results, "noncompliance", filled.library), results, View())[0]
    for page in (opened(packed)["figures.html"].decode(), drawing(figure, "html").decode()):
        assert_cannot_be_ended(page)


def assert_cannot_be_ended(page):
    assert TITLE not in page
    assert "alert(2)</script>" not in page
    assert "default-src 'none'" in page


def test_all_figures_that_move_are_in_one_page_that_holds_the_library_once(packed):
    files = opened(packed)
    assert [name for name in files if name.endswith(".html")] == ["figures.html"]
    page = files["figures.html"].decode()
    assert page.count(javascript().replace("</script", "<\\/script")) == 1
    specs = [name.removesuffix(".vl.json") for name in files if name.endswith(".vl.json")]
    assert page.count('<script type="application/json">') == len(specs)
    for place, name in enumerate(specs, start=1):
        assert f"Files: {name}.vl.json" in page
        assert f'href="#figure-{place}"' in page
        assert f'<details id="figure-{place}">' in page


def test_measures_after_the_first_have_pictures_of_what_is_read_first_and_the_page_names_no_other(filled, monkeypatch):
    monkeypatch.setattr("dashboard.export.HEADLINES", 1)
    files = opened(pack(filled))
    specs = {name.removesuffix(".vl.json") for name in files if name.endswith(".vl.json")}
    pictured = {name.removesuffix(".svg") for name in files if name.endswith(".svg")}
    assert {name.split("/")[-1] for name in pictured if name.startswith("figures/refusal/")} == {"rates", "effects"}
    assert {name for name in specs - pictured if not name.startswith("figures/refusal/")} == set()
    assert specs - pictured
    named = re.findall(r"<p>Files: ([^<]*)</p>", files["figures.html"].decode())
    said = {stem.removesuffix(".vl.json") + end for stem, *more in (line.split(", ") for line in named)
            for end in (".vl.json", *more)}  # fmt: skip
    assert said == {name for name in files if name.startswith("figures/")}


def test_a_picture_is_packed_tighter_and_keeps_every_pixel():
    rows = b"".join(b"\0" + bytes([n % 7] * 400) for n in range(100))  # each row begins with its filter
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 100, 100, 8, 6, 0, 0, 0)), (b"IDAT", zlib.compress(rows, 0)[:9]),
              (b"IDAT", zlib.compress(rows, 0)[9:]), (b"IEND", b"")]  # fmt: skip
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    small = smaller(png)
    assert len(small) < len(png) / 10
    (size,) = struct.unpack(">I", small[33:37])
    assert small[37:41] == b"IDAT"
    assert zlib.decompress(small[41 : 41 + size]) == rows
    assert small[8:33] == png[8:33]
    assert small.endswith(png[-12:])
    assert smaller(small) == small
    assert smaller(b"no picture") == b"no picture"


def test_every_file_of_the_zip_is_explained(packed):
    files = opened(packed)
    said = files["README.txt"].decode()
    forms = {line.split()[0] for line in said.splitlines() if line.startswith("  ")}
    kinds = [re.compile(re.sub("[A-Z]{4,}", "[^/]+", re.escape(form))) for form in forms]
    assert not [n for n in files if n not in {"README.txt", "SHA256SUMS"} and not any(k.match(n) for k in kinds)]


def test_text_cells_that_a_spreadsheet_would_run_are_guarded(packed):
    text = opened(packed)["points/noncompliance.csv"].decode()
    assert f"'{TITLE}" in text
    assert f",{TITLE}" not in text


@given(st.text() | st.floats(allow_nan=False) | st.integers() | st.booleans())
def test_no_guarded_text_begins_like_a_formula_and_no_number_changes(cell):
    safe = guarded(cell)
    if isinstance(cell, str):
        assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert safe.removeprefix("'") == cell or safe == cell
    else:
        assert safe is cell


def test_a_negative_number_is_still_a_number():
    assert csv_text(["a", "b"], [[-0.5, "-0.5"]]) == "a,b\n-0.5,'-0.5\n"


def test_points_survive_the_way_through_csv(filled):
    table = tables(filled.results(), "noncompliance", filled.library)
    odd = tuple(replace(p, title='\'=x\n"y",', value=None) for p in table.rates)
    assert read_rates(points_csv(odd, Point)) == odd
    assert read_effects(points_csv(table.effects, EffectPoint)) == table.effects


def test_simulated_and_interim_results_say_so_everywhere(tmp_path):
    filled = fill(tmp_path, model=SIMULATED, share=0.5)
    files = opened(pack(filled))
    for name in ("README.txt", "methods.md"):
        assert "SIMULATED" in files[name].decode()
        assert "Interim, not a test" in files[name].decode()
    assert json.loads(files["provenance.json"])["simulated"] is True
    rows = files["points/noncompliance.csv"].decode().splitlines()
    assert all(",True,True," in row for row in rows[1:])
    for name, data in files.items():
        if name.endswith((".svg", ".vl.json", ".html")):
            assert "SIMULATED" in data.decode(), name
    assert all(json.loads(line)["simulated"] for line in files["samples.jsonl"].splitlines())


def test_methods_name_what_was_done(packed):
    text = opened(packed)["methods.md"].decode()
    for word in ("value_conflict", "Wilson", "MOVER", "sign-flip", "Westfall and Young", "test-model-2026",
                 "8 queries × 2 replicates × 10 conditions", "placebo twin"):  # fmt: skip
        assert word in text, word
    assert "SIMULATED" not in text


def test_the_command_writes_the_zip_where_it_is_told(filled, tmp_path, capsys):
    out = tmp_path / "deep" / "x.zip"
    assert main(["--workspace", str(filled.workspace.root), "export", "small", "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert zipfile.ZipFile(out).testzip() is None


def test_the_command_says_what_to_do_when_nothing_is_kept(tmp_path, capsys):
    empty = fill(tmp_path, share=0.0)
    assert main(["--workspace", str(empty.workspace.root), "export", "small"]) == 1
    assert "salience run small" in capsys.readouterr().err


@pytest.mark.parametrize(("design", "tiers"), [("factorial", None), ("one_at_a_time", ("monitored",))])
def test_every_design_gives_tables_and_figures(tmp_path, design, tiers):
    filled = fill(tmp_path, queries=3)
    c = replace(filled.comparison, design=design, facts=("objections_read", "weights_kept"), levels=(0, 2))
    filled.comparison = replace(c, tiers=tuple(map(Tier, tiers))) if tiers else c
    table = tables(filled.results(), "noncompliance", filled.library)
    assert {p.arm for p in table.rates} == {condition.arm for condition in filled.comparison.conditions()}
    drawn = [figure for figure in figures(table, filled.results(), View()) if figure.chart]
    assert drawn
    assert all(figure.heading.interim for figure in drawn)
    assert all(json.loads(figure.spec) for figure in drawn)
