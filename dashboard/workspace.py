"""A workspace: the one folder that holds everything a user makes; back it up, move it or delete it as a whole."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from facts.errors import FactError
from runners.comparison import NAME

DEFAULT = Path("workspace")
VARIABLE = "SALIENCE_WORKSPACE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Paths inside ``root``; folders are made when first written to."""

    root: Path

    @property
    def store(self) -> Path:
        """Kept samples."""
        return self.root / "store"

    @property
    def facts(self) -> Path:
        """The user's own facts, beside the shipped library."""
        return self.root / "facts"

    @property
    def models(self) -> Path:
        """The user's own models, beside the shipped ones."""
        return self.root / "models.toml"

    @property
    def comparisons(self) -> Path:
        """Comparisons as TOML, one a file."""
        return self.root / "comparisons"

    @property
    def documents(self) -> Path:
        """Document sets, each a folder named by its content; exports of them lie in ``exports``."""
        return self.root / "documents"

    @property
    def exports(self) -> Path:
        """Zips and reports."""
        return self.root / "exports"

    def run_folder(self, comparison: str) -> Path:
        """Progress, lock and failures of the last run of a comparison; derived, may be deleted.

        Raises ``FactError`` for what cannot be a comparison's name, such as a path.
        """
        if not NAME.fullmatch(comparison):
            raise FactError(f"{comparison[:200]!r} is not the name of a comparison; names look like my-ladder")
        return self.root / "runs" / comparison


def open_workspace(chosen: str | None = None) -> Workspace:
    """The workspace named on the command line, else by SALIENCE_WORKSPACE, else ``./workspace``."""
    path = chosen or os.environ.get(VARIABLE) or DEFAULT
    try:
        return Workspace(root=Path(path).expanduser().resolve())
    except (RuntimeError, ValueError, OSError) as error:  # nobody's home, links in a circle, a name too long
        raise FactError(
            f"{str(path)[:200]!r} cannot be a workspace ({error}); choose a folder with --workspace"
        ) from error
