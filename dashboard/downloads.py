"""The bytes behind download buttons, made when one is clicked; nothing here knows of a browser session."""

from __future__ import annotations

import io

from cache.store import Store
from dashboard.bundle_parts import bundle_parts
from dashboard.export import drawing, write_zip
from dashboard.export_samples import sample_lines
from dashboard.figures import Figure
from dashboard.gallery import BRIEF, GALLERY, HEADLINES
from dashboard.measured import measures
from dashboard.progress_file import read_progress
from dashboard.report import report_html
from dashboard.results import Results
from dashboard.workspace import Workspace
from facts.catalog import Library


def zip_bytes(results: Results, library: Library, store: Store, workspace: Workspace) -> bytes:
    """The whole export as one zip, which can be opened elsewhere."""
    packed = io.BytesIO()
    write_zip(packed, results, library, store, further=bundle_parts(results, library, store, workspace))
    return packed.getvalue()


def report_bytes(results: Results, library: Library, store: Store, workspace: Workspace) -> bytes:
    """The static report."""
    last = read_progress(workspace.run_folder(results.comparison.name))
    return report_html(results, library, store, last).encode()


def zip_time(results: Results) -> str:
    """About how long the zip takes to make, in words."""
    return _long(1.0 * _pictures(results))


def report_time(results: Results) -> str:
    """About how long the report takes to make, in words."""
    return _long(0.5 * _pictures(results))


def _pictures(results: Results) -> int:
    many = len(measures(results))
    return len(GALLERY) * min(many, HEADLINES) + len(BRIEF) * max(many - HEADLINES, 0)


def _long(seconds: float) -> str:
    # On two slow cores; on others it is sooner.
    return f"{max(10 * round(seconds / 10), 10)} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def samples_bytes(results: Results, store: Store) -> bytes:
    """Every kept sample, one JSON object a line."""
    return b"".join(sample_lines(results, store))


def figure_bytes(figure: Figure, form: str, *, dark: bool = False) -> bytes:
    """One figure in one format, on a light or a dark ground."""
    return drawing(figure, form, dark=dark)
