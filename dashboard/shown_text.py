"""Outside text made fit for a line of a page: on one line, not too long, and with nothing in it that cannot be seen."""

from __future__ import annotations

import re

from dashboard.escape import plain

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def shown(text: str, most: int = 400) -> str:
    """The text's first ``most`` characters on one line; what steers or hides text is shown as ``�``."""
    head = " ".join(text[: most + 1].split())
    whole = len(text) <= most
    return _UNSEEN.sub("\ufffd", head if whole else head[: most - 1] + "…")


def label(text: str, most: int = 400) -> str:
    """The same, for where Markdown is read: nothing of it is live."""
    return plain(shown(text, most))
