"""The shape of every vendor's machine, and the tools it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from local.sandbox.clock import Clock
from local.sandbox.ids import Ids
from local.sandbox.jobs import Job, Jobs
from local.sandbox.messages import Request, Response
from local.sandbox.outbox import Outbox
from local.sandbox.routes import Route
from local.sandbox.store import Document, Store
from local.sandbox.truth_book import TruthBook


@dataclass(frozen=True)
class Settings:
    """What the command line can change."""

    step_seconds: float = 0.5
    hang_seconds: float = 15.0
    slow_seconds: float = 1.0
    retry_scale: float = 1.0

    @property
    def step_ms(self) -> int:
        return round(self.step_seconds * 1000)


@dataclass(frozen=True)
class Tools:
    """The only way for a machine to remember, to know the time and to act later."""

    store: Store
    clock: Clock
    ids: Ids
    truth_book: TruthBook
    jobs: Jobs
    outbox: Outbox
    settings: Settings


class Vendor(Protocol):
    """Every method runs inside one transaction of the store; none may block."""

    name: str
    # Operations that can be spoiled by a fault, and those that the vendor itself can decline.
    operations: Sequence[str]
    declinable: Sequence[str]
    # Documents that a reset keeps, unless it is told to forget tenants too.
    kept_kinds: Sequence[str]
    # Controls of its own, as paths below /_sandbox/<vendor>/.
    controls: Sequence[Route]

    def operation_of(self, request: Request) -> str | None:
        """The name of the operation a request asks for, None for an unknown path."""

    def handle(self, request: Request) -> Response:
        """Do what is asked and answer as the vendor would."""

    def put_off(self, request: Request) -> Document | None:
        """What to keep of a request that is applied late; None when it is refused at the door."""

    def catch_up(self, kept: Document) -> None:
        """Apply what was put off."""

    def error_page(self, status: int) -> Response:
        """What the vendor's gateway answers when nothing behind it does: 429 or 5xx."""

    def decline(self, operation: str) -> Response:
        """The vendor's own way of saying no to an operation that was asked correctly."""

    def run(self, job: Job) -> None:
        """Do a job that this machine scheduled."""

    def control(self, operation: str, request: Request) -> Response:
        """Answer one of its own controls; raises BadInputError."""
