"""Serve the portal payments that the hub holds, for practice systems that poll them."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from payhub import portal
from payhub.command import Command, From, Place
from payhub.domain.portal import FeedPage
from payhub.domain.tenant import Caller
from payhub.portal import PaymentType, PracticeId
from payhub.ports import Hub

MAX_MS = 10**13 - 1


def _digits(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        raise ValueError("must be a whole number")
    return value


Whole = Annotated[int, BeforeValidator(_digits)]

Since = Annotated[
    Annotated[Whole, Field(ge=0, le=MAX_MS)] | None,
    Field(description="The `Last-Timestamp` of the answer before; none: from the beginning."),
    From(Place.QUERY, "since"),
]
PAGE_MAX = 100

Max = Annotated[
    Whole,
    Field(
        ge=1,
        le=1_000_000,
        description=f"How many payments an answer has at most; never more than {PAGE_MAX}.",
    ),
    From(Place.QUERY, "max"),
]


class ListPortalPayments(Command):
    """GET /v1/practice/{practiceId}/securePayments."""

    practice_id: PracticeId
    since: Since = None
    max: Max = 100

    @property
    def kind(self) -> str:
        """Bills paid in the portal."""
        return portal.SECURE


class ListSwiperPayments(ListPortalPayments):
    """GET /v1/practice/{practiceId}/payments."""

    payment_type: PaymentType

    @property
    def kind(self) -> str:
        """As the query says."""
        return self.payment_type.value


def list_portal_payments(hub: Hub, caller: Caller, command: ListPortalPayments) -> FeedPage:
    """What became known after `since`, without asking the vendor. Raises NotFound."""
    portal.check_practice(caller, command.practice_id)
    feed = portal.feed_of(command.practice_id, command.kind)
    most = min(command.max, PAGE_MAX)
    payments, last_ms = hub.feed.page(caller.tenant.tenant, feed, command.since, most)
    return FeedPage(payments=tuple(payments), last_ms=last_ms)
