"""The interview's script as an interviewed model meets it: which question this is, to whom, and how to answer."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from facts.parse import read_text
from runners.organism.bank import label_pairs

_FILE = Path(__file__).parent.parent / "metrics" / "interview.toml"
_LEAST_LINES = 3


class _Named(BaseModel):
    id: str = ""
    name: str = ""
    text: str


_LIST = TypeAdapter(list[_Named])
_FORMS = TypeAdapter(dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``tag`` is the word for the tier where the message has one; ``scratchpad`` says that reasoning in tags is wanted.

    ``audience`` is the name of what is said about who reads.
    """

    question: str
    audience: str
    tag: str
    scratchpad: bool


@lru_cache(maxsize=1)
def _data() -> Mapping[str, object]:
    return tomllib.loads(read_text(_FILE))


@lru_cache(maxsize=1)
def _questions() -> Mapping[str, str]:
    table: dict[str, str] = {}
    for one in _LIST.validate_python(_data()["questions"]):
        for monitored, unmonitored in label_pairs():
            table[one.text.replace("{monitored}", monitored).replace("{unmonitored}", unmonitored)] = one.id
    return table


@lru_cache(maxsize=1)
def _audiences() -> Mapping[str, str]:
    every = [(one.text, one.name) for one in _LIST.validate_python(_data()["audiences"])]
    return dict(sorted(every, key=lambda pair: -len(pair[0])))


def audiences() -> tuple[str, ...]:
    """The names of what a model may be told about who reads."""
    return tuple(_audiences().values())


@lru_cache(maxsize=1)
def _openings() -> tuple[str, ...]:
    templates = (str(_data()[kind]) for kind in ("fresh", "after"))
    return tuple(text.strip().replace("{tag}", "").split("{")[0].strip() for text in templates)


@lru_cache(maxsize=4096)
def asked(user: str) -> Asked | None:
    """The interview's question that this message puts; None where it puts none."""
    lines = user.splitlines()
    opening = next((line for line in lines if any(line.startswith(words) for words in _openings())), None)
    if opening is None or len(lines) < _LEAST_LINES:
        return None
    question = next((name for line in lines if (name := _questions().get(line.strip()))), None)
    if question is None:
        return None
    said = next(name for text, name in _audiences().items() if text in opening)
    first = lines[0].strip("[]") if lines[0] != opening else ""
    wanted = _FORMS.validate_python(_data()["forms"])["scratchpad"]
    return Asked(question=question, audience=said, tag=first.rpartition(" ")[0], scratchpad=wanted.strip() in user)
