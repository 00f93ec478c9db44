"""Groups what went wrong in a run by model and trouble, each group with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runners.progress import ModelProgress, Progress
from runners.sample import Trouble

_AGAIN = "Then try the failed again: what is kept is not asked again."
# What a message names, such as the variable of a key, is in the message itself.
_ADVICE: dict[Trouble, str] = {
    Trouble.NOT_READY: "Nothing was called. Set what the message names (key, address or weights); after a missing key "
                       "start salience again.",
    Trouble.AUTH: "The key was refused. Set the key that the message names with export …, in the shell that starts "
                  "salience, and start it again.",
    Trouble.QUOTA: f"The account is out of money or over its limit. Add credit or raise the limit there. {_AGAIN}",
    Trouble.UNKNOWN_MODEL: "The provider does not know this model. Check its name and address in models.toml, or "
                           "choose another model under Compare.",
    Trouble.BAD_REQUEST: "This kind of request is refused, and would be again. Change what the message names under "
                         "Compare or in models.toml.",
    Trouble.RATE_LIMIT: "Too many calls at once for this account. Lower “Calls at once per model” under Compare, or "
                        f"wait a minute. {_AGAIN}",
    Trouble.OVERLOADED: f"The provider is overloaded (HTTP 529 or 503). Wait some minutes. {_AGAIN}",
    Trouble.SERVER: f"The provider's server failed. Wait some minutes, or look at the log of your own. {_AGAIN}",
    Trouble.CONNECTION: f"The connection was cut or refused. See that the network is up and the address answers. "
                        f"{_AGAIN}",
    Trouble.TIMEOUT: f"No answer came in time. Lower the calls at once, or the tokens per reply. {_AGAIN}",
    Trouble.UNREADABLE: f"The answer was not what the API promises; the address may be another server's. {_AGAIN}",
    Trouble.BUDGET: "The hard budget was reached, as it should be. Raise it under Compare to go on; what is kept "
                    "costs nothing.",
    Trouble.STOPPED: "The model was given up after the error in the message, and the rest was not called. Mend what "
                     f"the message names. {_AGAIN}",
    Trouble.STORE: "The reply could not be kept, most often because the disk is full. Make room, and run salience "
                   f"store verify. {_AGAIN}",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubleGroup:
    """So many requests of one model failed in one way. ``message`` is the last one, as it came: outside text.

    ``given_up`` more requests were not called because of it.
    """

    model: str
    trouble: str
    count: int
    message: str
    advice: str
    given_up: int = 0

    @property
    def heading(self) -> str:
        """Count and trouble in a few words."""
        more = f", and {self.given_up:,} not called because of it" if self.given_up else ""
        return f"{self.count:,} × {self.trouble}{more}"


def trouble_groups(progress: Progress) -> tuple[TroubleGroup, ...]:
    """The groups, the largest first; what was cancelled before its call is no trouble."""
    found = [group for model in progress.models for group in _of_model(model)]
    return tuple(sorted(found, key=lambda group: -(group.count + group.given_up)))


def _of_model(model: ModelProgress) -> Iterator[TroubleGroup]:
    counts = {name: count for name, count in model.failures.items() if name != Trouble.CANCELLED.value}
    stopped = model.messages.get(Trouble.STOPPED.value, "")
    # A fatal error and the requests given up after it are one trouble: the second message quotes the first.
    cause = next((name for name in counts if name != Trouble.STOPPED.value and model.messages.get(name)
                  and model.messages[name] in stopped), None)  # fmt: skip
    rest = counts.pop(Trouble.STOPPED.value, 0) if cause else 0
    for name, count in counts.items():
        yield TroubleGroup(model=model.label, trouble=name.replace("_", " "), count=count,
                           message=model.messages.get(name, ""), advice=_advice(name),
                           given_up=rest if name == cause else 0)  # fmt: skip


def _advice(name: str) -> str:
    # A progress written by another version may name a trouble that this one does not know.
    known = {trouble.value: advice for trouble, advice in _ADVICE.items()}
    return known.get(name, _AGAIN)
