"""Manners of a practice: what the documents leave open, changed by a control."""

from __future__ import annotations

from dataclasses import dataclass

from local.sandbox.medfusion.members import VENDOR
from local.sandbox.shelf import Shelf
from local.sandbox.vendor import Tools

# Steps of the sandbox between a message's arrival and its end.
_STEPS = 4


@dataclass(frozen=True)
class Style:
    """How a ProcessingResponse is written: both ways are documented."""

    namespace: str
    prefixed: bool
    lower_camel: bool

    def written(self, name: str) -> str:
        return name[0].lower() + name[1:] if self.lower_camel else name


STYLES = {
    "admin": Style("http://schema.intuit.com/health/admin/v1", prefixed=False, lower_camel=False),
    "ccd": Style("http://schema.intuit.com/health/ccd/v1", prefixed=True, lower_camel=True),
}


@dataclass(frozen=True)
class Manners:
    practice_id: str
    response_style: str
    loses_location: bool
    overlap_seconds: float
    processing_seconds: float

    @property
    def name(self) -> str:
        return self.practice_id

    @property
    def parent(self) -> str:
        return ""

    @property
    def style(self) -> Style:
        return STYLES[self.response_style]


class MannersBook:
    """The usual ones until something else is saved; a reset brings them back."""

    def __init__(self, tools: Tools) -> None:
        self._processing_seconds = tools.settings.step_seconds * _STEPS
        self._shelf = Shelf(tools.store, VENDOR, "medfusion_manners", lambda body: Manners(**body))
        self.save = self._shelf.save

    def of(self, practice_id: str) -> Manners:
        return self._shelf.get(practice_id) or Manners(
            practice_id,
            response_style=next(iter(STYLES)),
            loses_location=False,
            overlap_seconds=0.0,
            processing_seconds=self._processing_seconds,
        )
