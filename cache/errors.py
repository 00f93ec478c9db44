"""What can go wrong with the store; each message says what to do, and nothing kept is touched."""

from __future__ import annotations


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
