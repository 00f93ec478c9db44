"""The size of every request that a comparison will make, judges' included, before what they will judge exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from cache.store import Store
from facts.catalog import Library
from facts.condition import Reasoning
from facts.tokens import count_tokens
from runners.comparison import Comparison
from runners.judging import judgings
from runners.keep import kept
from runners.marks import Marks
from runners.model import Model
from runners.planning import requests_of, trials
from runners.prefix_cache import cached_from
from runners.questions import Reader, address, for_subject, gather, judged, readers, wanted
from runners.request import Request
from runners.sample import Outcome, Sample, Stop
from runners.trial import Trial

_LOOK = 500
TYPICAL_REPLY = 0.5  # of max_tokens, until a kept sample says better
_count = lru_cache(maxsize=4096)(count_tokens)  # both tiers and every probe share one system text


@dataclass(frozen=True, slots=True)
class Size:
    """What a plan needs of a request: the label of the model that it goes to, its key (None: it cannot be known yet),
    the tokens of its prompt, and the most its reply can take (thinking is billed as output).

    ``text`` stands for its system text where the provider's cache may keep that (0: it does not); ``lasting`` are the
    tokens of it that the cache is expected to keep. ``later`` says that it comes up only from a sample.
    """

    label: str
    key: str | None
    tokens: int
    most: int
    text: int = 0
    lasting: int = 0
    later: bool = False


def requests(comparison: Comparison, library: Library, model: Model) -> Iterator[tuple[str, Request]]:
    """Every distinct request of one model that can be named beforehand, probes right behind their trial."""
    seen = Marks()
    for trial in trials(comparison, library, model):
        for request in requests_of(trial, comparison, library):
            key = request.key
            if seen.new(key):  # two conditions can make one prompt; it is asked once
                yield key, request


def sizes(
    comparison: Comparison, library: Library, model: Model, judges: tuple[Model, ...] = (),
    store: Store | None = None, seen: Marks | None = None, *, only_kept: bool = False,
) -> Iterator[Size]:  # fmt: skip
    """The size of every request about one model's trials.

    Where a judge will read what does not exist yet, a stand-in of typical length takes its place. ``seen`` are the keys
    that were sized before: equal replies of two models are judged once. ``only_kept`` leaves out what models under
    test have not been asked.
    """
    if not judged(comparison, library):
        for key, request in requests(comparison, library, model):
            yield _size(model.label, key, request)
        return
    using = readers(comparison, library, judgings(comparison, judges))
    labels = {address(one): one.label for one in (*judges, model)}
    seen = Marks() if seen is None else seen
    for chunk in _chunks(trials(comparison, library, model)):
        samples = kept(store, [trial.key for trial in chunk]) if store else {}
        known = gather(chunk, library, using, samples, lambda keys: kept(store, keys) if store else {})
        for trial in chunk:
            sample = samples.get(trial.key)
            if only_kept and sample is None:
                continue
            found = _further if only_kept else _expected
            first = {trial.key, *wanted(trial, library, using, None, {})} if comparison.via == "batch" else set[str]()
            for key, request in found(trial, library, using, sample, known):
                if key is None or seen.new(key):
                    size = _size(labels[request.provider, request.endpoint, request.model], key, request)
                    yield size if key in first else replace(size, later=True)


def _chunks(source: Iterable[Trial]) -> Iterator[list[Trial]]:
    every = iter(source)
    while chunk := list(islice(every, _LOOK)):
        yield chunk


def _further(
    trial: Trial, library: Library, using: Sequence[Reader], sample: Sample | None, known: Mapping[str, Outcome]
) -> Iterator[tuple[str | None, Request]]:
    yield trial.key, trial.request
    for key, request in wanted(trial, library, using, sample, known).items():
        if key in known or not for_subject(request, trial):
            yield key, request


def _expected(
    trial: Trial, library: Library, using: Sequence[Reader], sample: Sample | None, known: Mapping[str, Outcome]
) -> Iterator[tuple[str | None, Request]]:
    real = wanted(trial, library, using, sample, known)
    yield trial.key, trial.request
    yield from real.items()
    stand_in = sample or _stand_in(trial.request, scratchpad=trial.condition.reasoning is Reasoning.SCRATCHPAD)
    replies, asked = dict(known), dict[str, Request]()
    while further := {key: request for key, request in wanted(trial, library, using, stand_in, replies).items()
                      if key not in asked}:  # fmt: skip
        asked |= further
        for key, request in further.items():
            replies.setdefault(key, _stand_in(request, scratchpad=False))
    yield from ((None, request) for key, request in asked.items() if key not in real)


def _stand_in(request: Request, *, scratchpad: bool) -> Sample:
    # Marked by its request: two questions must not be thought to bring one answer, which would be judged once.
    words = f"{request.key[-12:]} " + "word " * max(1, int(request.max_tokens * TYPICAL_REPLY))
    half = words[: len(words) // 2]
    text = f"<SCRATCHPAD_REASONING>{half}</SCRATCHPAD_REASONING><RESPONSE>{half}</RESPONSE>" if scratchpad else words
    native = "word " * (request.thinking_tokens // 4) if request.thinking_tokens else None
    return Sample(text=text, stop=Stop.END, model="", reasoning=native)


def _size(label: str, key: str | None, request: Request) -> Size:
    system = _count(request.system or "")
    tokens = system + sum(_count(turn.text) for turn in request.turns)
    most = request.max_tokens + (request.thinking_tokens or 0)
    if (least := cached_from(request)) is None:
        return Size(label, key, tokens, most)
    return Size(label, key, tokens, most, hash(request.system) or 1, system if system >= least else 0)
