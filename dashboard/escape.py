"""Escapes outside text for the places where Streamlit reads Markdown: labels, captions and message boxes."""

from __future__ import annotations

import re
import string

# CommonMark: a backslash before any ASCII punctuation character makes it literal. So no image, link, HTML, maths or
# Streamlit directive can begin in such text, and the browser fetches nothing for it.
_MARKS = re.compile(f"[{re.escape(string.punctuation)}]")
# Bare addresses become links all the same, escaped or not. A joiner without width after what begins one stops that.
_ADDRESS = re.compile(r"(?i)https?:|ftp:|mailto:|xmpp:|www\.|@")
JOINER = "\u2060"
_ACTIVE = re.compile(r"[^\w\s.,;'’“”%?+\u2060-]|_")


def plain(text: str) -> str:
    """The text with every ASCII punctuation character escaped; in Markdown it reads as the very same text, unlinked."""
    return _MARKS.sub(r"\\\g<0>", _ADDRESS.sub(rf"\g<0>{JOINER}", text))


def spoken(text: str) -> str:
    """The text for a label that is not shown: a screen reader reads the escapes of ``plain`` aloud.

    So what Markdown could read as its own is left out instead, and nothing of the text is live either.
    """
    return " ".join(_ACTIVE.sub(" ", _ADDRESS.sub(rf"\g<0>{JOINER}", text)).split())


def paragraph(text: str) -> str:
    """The text for a message box: escaped, and with its line breaks kept."""
    return "  \n".join(plain(line.strip()) for line in text.splitlines() if line.strip())
