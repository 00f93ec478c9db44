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
from functools import lru_cache
from pathlib import Path
from typing import NotRequired, TypedDict

from pydantic import TypeAdapter

SCALE = 2.0  # pixels of the PNG per pixel of the screen
_LIMIT_S = 120
_KEEP = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "FONTCONFIG_PATH", "FONTCONFIG_FILE")
_REPLY = TypeAdapter(dict[str, str])


class RenderError(RuntimeError):
    """A figure could not be drawn; the message says which step failed."""


class _Question(TypedDict):
    spec: NotRequired[str]
    forms: list[str]


@lru_cache(maxsize=128)
def render(spec: str, forms: tuple[str, ...] = ("svg",)) -> Mapping[str, bytes]:
    """The drawing in each of ``forms`` (svg, png, pdf); kept in memory by specification. Raises ``RenderError``."""
    return {name: base64.b64decode(value) for name, value in _ask({"spec": spec, "forms": list(forms)}).items()}


@lru_cache(maxsize=1)
def javascript() -> str:
    """Vega, Vega-Lite and their embedding, for figures that move without the network. Raises ``RenderError``."""
    return base64.b64decode(_ask({"forms": ["js"]})["js"]).decode()


def _ask(question: _Question) -> dict[str, str]:
    # No key of the user's environment is handed on.
    environment = {name: os.environ[name] for name in _KEEP if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.render"], input=json.dumps(question).encode(), capture_output=True,
        timeout=_LIMIT_S, check=False, env=environment, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RenderError(f"the figure could not be drawn: {said[-1] if said else 'the drawing process ended'}")
    return _REPLY.validate_json(done.stdout)


def _draw(spec: str | None, forms: list[str]) -> dict[str, bytes]:
    import vl_convert  # noqa: PLC0415  (only the helper process loads it)

    drawn: dict[str, bytes] = {}
    if "js" in forms:
        drawn["js"] = vl_convert.javascript_bundle().encode()
    if spec is not None:
        # PNG and PDF are made from the one SVG, so that no two of them can differ.
        svg = vl_convert.vegalite_to_svg(json.loads(spec), allowed_base_urls=[])
        drawn["svg"] = svg.encode()
        if "png" in forms:
            drawn["png"] = vl_convert.svg_to_png(svg, scale=SCALE)
        if "pdf" in forms:
            drawn["pdf"] = vl_convert.svg_to_pdf(svg)
    return drawn


def main() -> None:
    """Read one question from standard input and write the drawings to standard output, as JSON."""
    question = TypeAdapter(_Question).validate_json(sys.stdin.buffer.read())
    drawn = _draw(question.get("spec"), question["forms"])
    json.dump({name: base64.b64encode(value).decode() for name, value in drawn.items()}, sys.stdout)


if __name__ == "__main__":
    main()
