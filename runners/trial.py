"""One planned cell: a model, a condition, a query and a replicate, with the prompt and request they make."""

from __future__ import annotations

from dataclasses import dataclass

from facts.condition import Condition
from facts.prompt import Prompt
from facts.setting import Query
from runners.model import Model
from runners.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Everything that is known before asking. ``key`` is the request's key, computed once; ``facts`` are all facts
    of the comparison, present in this condition or not, so that a manipulation check can ask about absent ones.
    """

    model: Model
    condition: Condition
    query: Query
    replicate: int
    prompt: Prompt
    request: Request
    key: str
    facts: tuple[str, ...] = ()
