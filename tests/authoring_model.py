"""A scripted writer for tests of authoring: reads which stage asks and answers as a good model would, or as told."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

_WORDS = (
    "ledger", "garden", "porter", "window", "corridor", "kettle", "harbour", "orchard", "lantern", "basket",
    "meadow", "pigeon", "carpet", "ladder", "gravel", "courtyard", "blanket", "cupboard", "shutter", "parcel",
    "almanac", "bucket", "teapot", "hedge", "balcony", "trellis", "doormat", "barrow", "stairwell", "pantry",
    "umbrella", "saucer", "mailbox", "thimble", "ribbon", "candle", "shelf", "gutter", "fence", "mirror", "table",
    "cushion", "drawer", "bottle", "hammer", "marble", "pebble", "saddle", "ticket", "whistle", "button", "feather",
    "pillow", "curtain", "napkin", "pepper", "biscuit", "chimney", "cellar", "attic",
)  # fmt: skip
_VERBS = ("stands", "waits", "leans", "rests", "turned", "moved", "stayed", "arrived", "changed", "opened", "closed")
_WORDING = re.compile(r"such as: (.+)")
_LENGTH = re.compile(r"about (\d+) words")
Script = Callable[[str, str, int], "str | None"]


def stage_of(prompt: str) -> str:
    """Which stage a prompt is of, by its own words."""
    marks = (("rewrite", "Say each text in other words"), ("presence", "What does the document say of the statement"),
             ("revise", "An editor's notes on it"), ("critique", "exacting editor"),
             ("document", "Write one complete document"), ("idea", "to be planned"), ("types", "list of kinds"),
             ("key_facts", "List between 4 and 15"), ("context", "needs the background"))  # fmt: skip
    return next(stage for stage, mark in marks if mark in prompt)


def filler(draw: random.Random, words: int) -> list[str]:
    made: list[str] = []
    while sum(len(s.split()) for s in made) < words:
        a, b, c, d = draw.sample(_WORDS, 4)
        made.append(f"The {a} by the {b} {draw.choice(_VERBS)} with the {c} near a {d}.")
    return made


def document(prompt: str, draw: random.Random) -> str:
    said = _WORDING.findall(prompt)
    room = int(_LENGTH.findall(prompt)[-1]) - sum(len(s.split()) for s in said)
    lines = filler(draw, max(20, room))
    step = max(1, len(lines) // (len(said) + 1))
    for number, sentence in enumerate(said):
        lines.insert((number + 1) * step + number, sentence)
    return "\n\n".join(" ".join(lines[n : n + 4]) for n in range(0, len(lines), 4))


def settled(prompt: str) -> str:
    return re.search(r"(?:one thing is settled:\s+|What is settled in it: )(.+)", prompt)[1]


def good(prompt: str, replicate: int = 0) -> str:  # noqa: PLR0911  (a reply a stage)
    """What a good model says, always the same for the same prompt and replicate."""
    draw = random.Random(f"{prompt}|{replicate}")
    match stage_of(prompt):
        case "context":
            return f"{settled(prompt)} " + " ".join(filler(draw, 90))
        case "key_facts":
            return "\n".join(f"{n}. {text}" for n, text in enumerate((settled(prompt), *filler(draw, 60)), 1))
        case "types":
            kinds = re.findall(r"^(\d+)\. .+?:", prompt, re.MULTILINE)
            count = int(kinds[-1])
            return "\n".join(f"{n}. the {draw.choice(_WORDS)} paper of the house" for n in range(1, count + 1))
        case "idea":
            return " ".join(filler(draw, 30))
        case "document" | "revise":
            return document(prompt, draw)
        case "critique":
            return "nothing"
        case "rewrite":
            text = prompt.rsplit("Text: ", 1)[1].split("\nIn other words:", maxsplit=1)[0]
            return (
                text.replace("The ", "That ", 1) if text.startswith("The ") else f"Indeed, {text[0].lower()}{text[1:]}"
            )
        case "presence":
            body = prompt.split("<<<\n")[1].split("\n>>>", maxsplit=1)[0]
            return f'entails\n"{" ".join(body.split()[:6])}"'


def prompt_of(body: bytes) -> str:
    """The text asked, of either wire."""
    content = json.loads(body)["messages"][-1]["content"]
    return content if isinstance(content, str) else content[0]["text"]
