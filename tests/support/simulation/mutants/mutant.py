"""A mutant: the product without one of its guards, as text that is replaced in a copy of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from local.settings import REPOSITORY
from tests.support.simulation.scenario import Kind

PACKAGE = REPOSITORY / "layers" / "payhub" / "payhub"

MONEY_OR_LIVENESS = frozenset({Kind.MONEY, Kind.LIVENESS})


class NotThere(Exception):
    """The text that a mutant replaces does not stand in the product exactly once."""


@dataclass(frozen=True)
class Edit:
    """In a file of the package, one text for another."""

    path: str
    old: str
    new: str

    def applied(self, source: str) -> str:
        """The file's text without the guard. Raises NotThere."""
        times = source.count(self.old)
        if times != 1:
            raise NotThere(f"{self.path} has it {times} times: {self.old!r}")
        return source.replace(self.old, self.new)


@dataclass(frozen=True)
class Mutant:
    """What guards, and what the product does without it.

    `scenarios` and `meetings` are parts of the names of those it concerns, `crowds` the vendors
    whose crowds it concerns. `kinds` are those of the oracles that must notice.
    """

    name: str
    guard: str
    without: str
    edits: tuple[Edit, ...]
    scenarios: tuple[str, ...] = ()
    meetings: tuple[str, ...] = ()
    crowds: tuple[str, ...] = ()
    kinds: frozenset[Kind] = MONEY_OR_LIVENESS

    def check(self) -> None:
        """Raise NotThere unless every edit fits the sources of today."""
        for edit in self.edits:
            edit.applied((PACKAGE / edit.path).read_text())

    @contextmanager
    def as_package(self) -> Iterator[Path]:
        """A folder with the whole package in which the guard is missing. Raises NotThere."""
        with TemporaryDirectory(prefix="payhub-mutant-") as folder:
            copy = Path(folder) / PACKAGE.name
            shutil.copytree(PACKAGE, copy)
            for edit in self.edits:
                file = copy / edit.path
                file.write_text(edit.applied(file.read_text()))
                for old in file.parent.glob(f"__pycache__/{file.stem}.*"):
                    old.unlink()
            yield Path(folder)
