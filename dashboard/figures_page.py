"""All figures of an export in one page that moves and shows tooltips: each is drawn when opened, nothing is fetched."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboard.figure_page import POLICY, held

_CSS = """
body { font: 15px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; color: #1f2328;
  background: #fff; margin: 0 auto; max-width: 1000px; padding: 20px; }
h1 { font-size: 24px; } h2 { font-size: 19px; margin: 32px 0 8px; }
p { color: #57606a; max-width: 800px; } p.said { color: #1f2328; font-weight: 600; }
details { border: 1px solid #d9dde2; border-radius: 8px; padding: 8px 14px; margin: 8px 0; }
summary { cursor: pointer; } .figure { overflow-x: auto; } a { color: #0b57a4; }
.doubt { border-left: 5px solid #b00020; background: #fdf1f2; padding: 8px 14px; font-weight: 600; color: #1f2328; }
"""
_DRAW = """
for (const box of document.querySelectorAll("details[id]")) {
  box.addEventListener("toggle", () => {
    const place = box.querySelector(".figure");
    if (!box.open || place.hasChildNodes()) return;
    const spec = JSON.parse(box.querySelector("script").textContent);
    vegaEmbed(place, spec, {renderer: "svg", actions: false}).catch(console.error);
  });
}
const show = () => {
  const box = document.getElementById(location.hash.slice(1));
  if (box && box.tagName === "DETAILS") { box.open = true; box.scrollIntoView(); }
};
addEventListener("hashchange", show);
show();
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One figure for the page: ``spec`` is Vega-Lite as JSON, ``file`` where its other formats lie in the export, and
    ``forms`` which these are."""

    section: str
    title: str
    said: str
    caption: str
    spec: str
    file: str
    forms: tuple[str, ...]


def figures_page(title: str, doubts: Iterable[str], drawn: Sequence[Drawn], javascript: str) -> str:
    """The page. The library stands in it once; a figure is drawn when its box is opened. No text can end a script."""
    sections = dict.fromkeys(one.section for one in drawn)
    number = {one.file: f"figure-{place}" for place, one in enumerate(drawn, start=1)}
    groups = [(name, [one for one in drawn if one.section == name]) for name in sections]
    contents = "".join(
        f"<li>{_text(name)}<ul>"
        + "".join(f'<li><a href="#{number[one.file]}">{_text(one.title)}</a></li>' for one in own) + "</ul></li>"
        for name, own in groups
    )  # fmt: skip
    body = "".join(
        f"<h2>{_text(name)}</h2>" + "".join(_box(one, number[one.file]) for one in own) for name, own in groups
    )
    library = javascript.replace("</script", "<\\/script")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width">
<title>{_text(title)}</title>
<style>{_CSS}</style>
</head>
<body>
<h1>{_text(title)}</h1>
{"".join(f'<p class="doubt">{_text(line)}</p>' for line in doubts)}
<p>{len(drawn)} figures; open one to draw it. The same figures lie beside this page as SVG, PNG, PDF and Vega-Lite.</p>
<details open><summary>Contents</summary><ul>{contents}</ul></details>
{body}
<script>{library}</script>
<script>{_DRAW}</script>
</body>
</html>
"""


def _box(one: Drawn, name: str) -> str:
    said = f'<p class="said">{_text(one.said)}</p>' if one.said else ""
    forms = ", ".join(f".{form}" for form in one.forms)
    return (
        f'<details id="{name}"><summary>{_text(one.title)}</summary>{said}<div class="figure"></div>'
        f"<p>{_text(one.caption)}</p><p>Files: {_text(one.file + forms)}</p>"
        f'<script type="application/json">{held(one.spec)}</script></details>\n'
    )


def _text(text: str) -> str:
    return html.escape(text, quote=True)
