"""What can go wrong with the store; each message says what to do, and nothing kept is touched."""

from __future__ import annotations

from pathlib import Path

# What to do about a damaged file, wherever that is said.
REPAIR = (
    "If the file is damaged, `salience store repair` copies every sample that is still whole into a new store and "
    "leaves this one as it is"
)


class StoreError(Exception):
    """The store cannot be opened, read or written."""


class UnsafeRow(StoreError):  # noqa: N818  (reads as what it is)
    """A row that this project never writes: a pickle, a file reference or a value that is not bytes."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where}: the store holds a row that Fact Salience never writes (a pickle or a file reference). "
            "Reading it could run code, so it was refused. Do not use a store from somebody you do not trust; "
            "`salience store verify` lists such rows."
        )


def unreadable(folder: Path, error: Exception, *, gone: bool) -> StoreError:
    """What to say of a store that was open and cannot be read any more; ``gone``: there is no file behind it."""
    if gone:
        return StoreError(
            f"the store in {folder} is gone: it was moved or removed while in use ({error}). Put the folder back and "
            "start again, or start with another --workspace"
        )
    return StoreError(f"the store in {folder} cannot be read: {error}. {REPAIR}")
