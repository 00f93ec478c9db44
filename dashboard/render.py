"""Draws Vega-Lite specifications as SVG, PNG and PDF in a process of its own, which may fetch nothing.

vl-convert holds Python's lock for the whole of a drawing; in a helper process it never stops a page.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import cast

from dashboard.png import packed

SCALE = 2.0  # pixels of the PNG per pixel of the screen
_LIMIT_S = 600  # a hundred figures on a busy machine
_FEW = 6  # fewer than these are drawn before a second process has started
_KEEP = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "FONTCONFIG_PATH", "FONTCONFIG_FILE")

Drawings = tuple[Mapping[str, bytes], ...]


class RenderError(RuntimeError):
    """A figure could not be drawn; the message says why."""


@lru_cache(maxsize=32)
def render(specs: tuple[str, ...], forms: tuple[str, ...] = ("svg",)) -> Drawings:
    """Each specification drawn in each of ``forms`` (svg, png, pdf); kept in memory. Raises ``RenderError``."""
    if len(specs) < _FEW:
        return _ask(specs, forms)[:-1]
    # Two processes take every other one each: figures of one kind, which take alike long, stand together.
    with ThreadPoolExecutor(2) as pool:
        even, odd = pool.map(_ask, (specs[::2], specs[1::2]), (forms, forms))
    drawn: list[Mapping[str, bytes]] = [{}] * len(specs)
    drawn[::2], drawn[1::2] = even[:-1], odd[:-1]
    return tuple(drawn)


@lru_cache(maxsize=1)
def javascript() -> str:
    """Vega, Vega-Lite and their embedding, for figures that move without the network. Raises ``RenderError``."""
    return _ask((), ("js",))[-1]["js"].decode()


def _ask(specs: tuple[str, ...], forms: tuple[str, ...]) -> Drawings:
    # No key of the user's environment is handed on.
    environment = {name: os.environ[name] for name in _KEEP if name in os.environ}
    question = json.dumps({"specs": specs, "forms": forms}).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dashboard.render"], input=question, capture_output=True, timeout=_LIMIT_S,
            check=False, env=environment, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RenderError(f"the figure could not be drawn: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RenderError(f"the figure could not be drawn: {said[-1] if said else 'the drawing process ended'}")
    reply = cast("list[dict[str, str]]", json.loads(done.stdout))
    return tuple({form: base64.b64decode(text) for form, text in drawing.items()} for drawing in reply)


def _draw(spec: str, forms: list[str]) -> dict[str, bytes]:
    import vl_convert  # noqa: PLC0415  (only the helper process loads it)

    # PNG and PDF are made from the one SVG, so that no two of them can differ.
    svg = vl_convert.vegalite_to_svg(json.loads(spec), allowed_base_urls=[])
    drawn = {"svg": svg.encode()}
    if "png" in forms:
        drawn["png"] = packed(vl_convert.svg_to_png(svg, scale=SCALE))
    if "pdf" in forms:
        drawn["pdf"] = vl_convert.svg_to_pdf(svg)
    return drawn


def _javascript() -> bytes:
    import vl_convert  # noqa: PLC0415

    snippet = "window.vegaEmbed = vegaEmbed; window.vega = vega; window.vegaLite = vegaLite;"
    return vl_convert.javascript_bundle(snippet).encode()


def main() -> None:
    """Read one question from standard input and write the drawings to standard output, as JSON."""
    question = cast("dict[str, list[str]]", json.loads(sys.stdin.buffer.read()))
    forms = question["forms"]
    drawn = [_draw(spec, forms) for spec in question["specs"]]
    drawn.append({"js": _javascript()} if "js" in forms else {})
    json.dump([{form: base64.b64encode(data).decode() for form, data in each.items()} for each in drawn], sys.stdout)


if __name__ == "__main__":
    main()
