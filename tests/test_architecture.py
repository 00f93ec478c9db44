"""The house rules that a machine can hold: who imports whom, how long a file is, what may be named what."""

import ast
import importlib
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("cache", "facts", "runners", "dashboard")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MAY_IMPORT = {
    "cache": set(),
    "facts": set(),
    "runners": {"cache", "facts"},
    "dashboard": {"cache", "facts", "runners"},
}
ONLY_IN = {
    "streamlit": ("dashboard/app.py", "dashboard/state", "dashboard/serve.py", "dashboard/app_pages/"),
    "diskcache": ("cache/opening.py",),
    "anthropic": ("runners/providers/anthropic.py", "runners/batches/anthropic.py"),
    "openai": (
        "runners/providers/_chat.py",
        "runners/providers/openai.py",
        "runners/providers/openai_compatible.py",
        "runners/batches/openai.py",
        "runners/training/services.py",
    ),
    "xllamacpp": ("runners/providers/",),
    "pandas": ("dashboard/effects/", "dashboard/charts/", "dashboard/export", "dashboard/app_pages/"),
    "altair": ("dashboard/charts/", "dashboard/export", "dashboard/report"),
}
LEAF = {"numpy", "pydantic", "orjson", "diskcache", "pyDOE3"}


def name(path):
    return path.relative_to(ROOT).as_posix()


def imported(path, *, top_level_only=False):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=name)
def test_each_package_imports_only_what_it_may(path):
    package = path.relative_to(ROOT).parts[0]
    for module in imported(path):
        top = module.split(".")[0]
        if top in PACKAGES and top != package:
            assert top in MAY_IMPORT[package], f"{name(path)} imports {module}"
        for library, places in ONLY_IN.items():
            if top == library:
                assert name(path).startswith(places), f"{name(path)} imports {module}; that belongs in {places}"
        if package in {"cache", "facts"} and top not in PACKAGES:
            import sys

            assert top in sys.stdlib_module_names | LEAF, f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_sdks_are_imported_lazily(path):
    heavy = {"anthropic", "openai", "xllamacpp"}
    assert not heavy & {module.split(".")[0] for module in imported(path, top_level_only=True)}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_module_is_over_300_lines_and_each_begins_with_a_sentence(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    doc = ast.get_docstring(ast.parse(text))
    assert doc, f"{name(path)} has no first line"
    assert len(doc.splitlines()[0]) > 20


def test_the_median_module_is_under_100_lines():
    assert statistics.median(len(path.read_text(encoding="utf-8").splitlines()) for path in FILES) < 100


def test_no_module_has_a_name_that_says_nothing():
    empty = {"utils", "util", "helpers", "manager", "base", "core", "common", "misc"}
    assert not [name(path) for path in FILES if path.stem in empty]


def test_no_module_inside_dashboard_is_named_like_a_package():
    """Streamlit puts dashboard/ on sys.path: a dashboard/facts.py would shadow the package."""
    inside = {path.stem if path.suffix == ".py" else path.name for path in (ROOT / "dashboard").iterdir()}
    assert not inside & {"facts", "cache", "runners", "streamlit", "pandas"}


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_the_one_in_this_repository(package):
    module = importlib.import_module(package)
    assert Path(module.__file__).parent == ROOT / package


def test_tests_are_flat():
    assert not [path for path in (ROOT / "tests").iterdir() if path.is_dir() and (path / "__init__.py").exists()]


def test_pages_are_short_recipes():
    for path in (ROOT / "dashboard" / "app_pages").glob("[a-z]*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 80, name(path)


def test_no_registry_host_or_machine_path_is_committed():
    pattern = re.compile(r"index-url|find-links|(?<![\w.])/(?:work|farm|root)/[a-z]")
    files = [
        *FILES,
        ROOT / "Makefile",
        ROOT / "pyproject.toml",
        *(ROOT / "locks").glob("*"),
        *(ROOT / "examples").glob("*"),
    ]
    for path in files:
        found = [line for line in path.read_text(encoding="utf-8").splitlines() if pattern.search(line)]
        assert not [line for line in found if "--no-emit-index-url" not in line], name(path)


def test_nothing_unsafe_is_called():
    pattern = re.compile(r"unsafe_allow_html|pickle\.load|add_script_run_ctx|(?<![\w.])eval\(|(?<![\w.])exec\(")
    assert not [name(path) for path in FILES if pattern.search(path.read_text(encoding="utf-8"))]
