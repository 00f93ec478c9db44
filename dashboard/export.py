"""Packs a comparison into one zip: figures, points, samples, methods, provenance and checksums."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from cache.store import Store
from dashboard.bundle_parts import Part, bundle_parts, portable
from dashboard.class_counts import ClassCount
from dashboard.export_points import own_points, points_csv
from dashboard.export_samples import sample_lines
from dashboard.figure import said_words
from dashboard.figure_page import figure_page
from dashboard.figures import Figure, View
from dashboard.figures_page import Drawn, figures_page
from dashboard.findings import Findings
from dashboard.gallery import BRIEF, HEADLINES, figures_of_comparison, figures_of_measure
from dashboard.measured import measures
from dashboard.methods import doubt_lines, methods_md, readme_txt
from dashboard.points import EffectPoint, Point
from dashboard.provenance import provenance
from dashboard.render import javascript, render
from dashboard.results import Results
from dashboard.workspace import Workspace
from facts.catalog import Library
from runners.comparison_file import comparison_toml

WHOLE = "comparison"  # the folder of figures that are of no single measure
FORMS = ("svg", "png", "pdf")
_WHEN = (1980, 1, 1, 0, 0, 0)  # one date for every file, so that the same samples give the same bytes
_LEVEL = 3  # prompts repeat themselves: higher levels take thrice the time for a few per cent
_PACKED = {".png", ".pdf"}  # compressed already


def write_zip(
    to: BinaryIO, results: Results, library: Library, store: Store, *, view: View | None = None,
    chosen: Iterable[str] = (), further: Iterable[Part] = (),
) -> None:  # fmt: skip
    """Write the zip of the measures ``chosen`` (none: all) to an open binary file.

    ``further`` is what the comparison needs beside its samples to be opened elsewhere (``bundle_parts``).

    The same samples, source and ``view`` give the same bytes, but for the PDF files. Raises ``RenderError`` where a
    figure cannot be drawn, ``KeyError`` for an unknown measure.
    """
    findings = Findings(results, library)
    sums: list[tuple[str, str]] = []
    with zipfile.ZipFile(to, "w") as archive:
        for name, data in _files(findings, list(chosen or measures(results)), view or View()):
            _add(archive, name, (data,), sums)
        for name, parts in (("samples.jsonl", sample_lines(results, store)), *further):
            _add(archive, name, parts, sums)
        listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums))
        _add(archive, "SHA256SUMS", (listed.encode(),), [])


def _files(findings: Findings, chosen: list[str], view: View) -> Iterator[tuple[str, bytes]]:
    results, library = findings.results, findings.library
    found = [findings.tables(measure) for measure in chosen]
    yield "README.txt", readme_txt(results).encode()
    yield "comparison.toml", comparison_toml(portable(results.comparison)).encode()
    yield "comparison.json", json_bytes(asdict(portable(results.comparison)))
    yield "methods.md", methods_md(results, found, library).encode()
    yield "provenance.json", json_bytes(provenance(results, library))
    for table in found:
        yield f"points/{table.measure}.csv", points_csv((*table.rates, *table.gaps), Point).encode()
        yield f"points/{table.measure}-effects.csv", points_csv(table.every, EffectPoint).encode()
    for metric in dict.fromkeys(results.measures()[table.measure] for table in found):
        yield f"points/{metric}-classes.csv", points_csv(findings.counts(metric), ClassCount).encode()
    drawn = [(measure, figure) for measure in chosen for figure in figures_of_measure(findings, measure, view)]
    drawn += [(WHOLE, figure) for figure in figures_of_comparison(findings, view)]
    for folder, figure in drawn:
        for label, points, kind in own_points(figure.points, figure.name):
            yield f"points/{folder}-{label.lower()}.csv", points_csv(points, kind).encode()
    specs, titles = tuple(figure.spec for _, figure in drawn), {table.measure: table.title for table in found}
    whole = {WHOLE, *chosen[:HEADLINES]}  # drawing takes long: of the other measures, those that are read first
    pictured = tuple(spec for (folder, figure), spec in zip(drawn, specs, strict=True)
                     if folder in whole or figure.name in BRIEF)  # fmt: skip
    pictures = dict(zip(pictured, render(pictured, FORMS) if pictured else (), strict=True))
    for (folder, figure), spec in zip(drawn, specs, strict=True):
        stem = f"figures/{folder}/{figure.name}"
        yield f"{stem}.vl.json", spec.encode()
        for form, data in pictures.get(spec, {}).items():
            yield f"{stem}.{form}", data
    if drawn:
        pages = [
            Drawn(section=titles.get(folder, "Of several measures at once"), title=figure.heading.marked,
                  said=said_words(figure), caption=figure.caption, spec=spec, file=f"figures/{folder}/{figure.name}",
                  forms=("vl.json", *pictures.get(spec, {})))
            for (folder, figure), spec in zip(drawn, specs, strict=True)
        ]  # fmt: skip
        title = f"{results.comparison.name}: figures" + (" (SIMULATED)" if results.simulated else "")
        yield "figures.html", figures_page(title, doubt_lines(results), pages, javascript()).encode()


def drawing(figure: Figure, form: str, *, dark: bool = False) -> bytes:
    """One figure as svg, png, pdf, vl.json or html; raises ``RenderError``, and ``ValueError`` without a chart."""
    spec = figure.spec_in(dark=dark)
    match form:
        case "vl.json":
            return spec.encode()
        case "html":
            return figure_page(figure.heading.marked, spec, javascript()).encode()
        case _:
            return render((spec,), (form,))[0][form]


def json_bytes(value: object) -> bytes:
    """JSON for people to read."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def write_file(
    path: Path, results: Results, library: Library, store: Store, workspace: Workspace, *, view: View | None = None
) -> Path:
    """Write the zip beside ``path`` and move it there whole; raises ``OSError`` where it cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        write_zip(file, results, library, store, view=view, further=bundle_parts(results, library, store, workspace))
    return fresh.replace(path)


def _add(archive: zipfile.ZipFile, name: str, parts: Iterable[bytes], sums: list[tuple[str, str]]) -> None:
    info = zipfile.ZipInfo(name, _WHEN)
    info.external_attr = 0o644 << 16
    info.create_system = 3  # the same bytes on every system
    info._compresslevel = _LEVEL  # pyright: ignore[reportAttributeAccessIssue]
    info.compress_type = zipfile.ZIP_STORED if Path(name).suffix in _PACKED else zipfile.ZIP_DEFLATED
    digest = hashlib.sha256()
    with archive.open(info, "w", force_zip64=True) as file:
        for part in parts:
            digest.update(part)
            file.write(part)
    sums.append((name, digest.hexdigest()))
