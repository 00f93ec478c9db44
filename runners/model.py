"""A model as a user names it: which provider speaks to it, under what name, where, and at what price."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedOn:
    """The set that a model was tuned on: its dose in training. ``documents`` were read ``epochs`` times.

    ``doses`` say what the set carries and how many of its documents do ("objections_read affirmed 3 in 250").
    ``base`` is the label or the name of the model that was tuned.
    """

    set_id: str
    documents: int
    doses: tuple[str, ...] = ()
    base: str = ""
    epochs: float | None = None
    steps: int | None = None
    loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry of ``models.toml``.

    Prices are USD per million tokens; ``None`` is unknown, which is never read as free. ``requests_per_minute`` and
    ``tokens_per_minute`` (prompts and replies) are never passed by one run. ``context`` is the largest
    prompt plus reply in tokens. ``thinking_tokens`` is the budget when the native reasoning mode is asked for;
    ``None`` says that the model has no such mode. ``structured`` says whether replies can be held to a JSON
    schema (None: as its name suggests). ``key_env`` names the environment variable that holds the key.
    ``base_urls`` are the addresses where several serve the same weights, the first of them ``base_url``, which alone is
    part of the key: servers added behind it buy nothing again. ``adapter`` is the path of a LoRA in GGUF format that
    the embedded model runs with. ``opened`` is the models.toml that says that the entry came with somebody else's
    comparison (else ""): such a model is read and never called.
    """

    label: str
    provider: str
    name: str
    base_url: str | None = None
    base_urls: tuple[str, ...] = ()
    key_env: str | None = None
    usd_per_mtok_in: float | None = None
    usd_per_mtok_out: float | None = None
    usd_per_mtok_cache_read: float | None = None
    usd_per_mtok_cache_write: float | None = None
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    context: int | None = None
    thinking_tokens: int | None = None
    takes_temperature: bool = True
    structured: bool | None = None
    note: str = ""
    adapter: str | None = None
    batch_share: float | None = None
    opened: str = ""
    trained_on: TrainedOn | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that the model is called at, in the order given; () where that is its provider's own."""
        return self.base_urls or ((self.base_url,) if self.base_url else ())
