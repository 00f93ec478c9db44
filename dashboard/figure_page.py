"""One figure as a page of its own that moves and shows its tooltips, and that fetches nothing."""

from __future__ import annotations

import html

# Vega compiles expressions, which needs unsafe-eval; nothing may be loaded from anywhere.
POLICY = "; ".join((
    "default-src 'none'", "script-src 'unsafe-inline' 'unsafe-eval'", "style-src 'unsafe-inline'",
    "img-src data: blob:", "base-uri 'none'", "form-action 'none'",
))  # fmt: skip


def held(spec: str) -> str:
    """JSON as a script of a page may hold it: no text in it can end the script."""
    return spec.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def figure_page(title: str, spec: str, javascript: str) -> str:
    """The page; ``spec`` is Vega-Lite as JSON. No text of it can end the script that holds it."""
    library = javascript.replace("</script", "<\\/script")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{html.escape(title)}</title>
</head>
<body>
<div id="figure"></div>
<script>{library}</script>
<script>
vegaEmbed("#figure", {held(spec)}, {{renderer: "svg", actions: false}}).catch(console.error);
</script>
</body>
</html>
"""
