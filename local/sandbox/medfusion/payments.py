"""What patients paid, by portal, card swiper or Pay Now, and how far the practice has posted it."""

from __future__ import annotations

from dataclasses import dataclass

from local.sandbox.medfusion.members import VENDOR
from local.sandbox.shelf import Shelf
from local.sandbox.truth_book import Movement
from local.sandbox.vendor import Tools

BILL, CARD_SWIPER, PAY_NOW = "BillPayment", "VCS Payment", "Pay Now Payment"
# As the truth book calls them.
OPERATION_OF_TYPE = {
    BILL: "portal_payment",
    CARD_SWIPER: "card_swiper_payment",
    PAY_NOW: "pay_now_payment",
}
# The order in which a practice may move a payment on.
STATUSES = ("SUBMITTED", "ACCEPTED", "POSTED")


@dataclass(frozen=True)
class Payment:
    """Two of a practice and type never have the same `created_ms`."""

    id: str
    practice_id: str
    type: str
    amount_cents: int
    account_number: str
    card_type: str
    card_last4: str
    confirmation: str
    comments: str
    created_ms: int
    status: str = STATUSES[0]

    @property
    def name(self) -> str:
        return self.id

    @property
    def parent(self) -> str:
        return _stream(self.practice_id, self.type)


class Payments:
    """Oldest first, each type of a practice on its own."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._shelf = Shelf(tools.store, VENDOR, "medfusion_payment", lambda body: Payment(**body))
        self.save = self._shelf.save
        self.get = self._shelf.get

    def all(self) -> list[Payment]:
        return self._shelf.all()

    def of(self, practice_id: str, type_: str) -> list[Payment]:
        return self._shelf.all(_stream(practice_id, type_))

    def created_ms(self, practice_id: str, type_: str) -> int:
        """A moment for a new payment that no earlier one has."""
        earlier = self.of(practice_id, type_)
        return max([self._tools.clock.now_ms(), *(each.created_ms + 1 for each in earlier[-1:])])

    def add(self, payment: Payment) -> None:
        """The patient has paid: real money."""
        self.save(payment)
        self._tools.truth_book.record(
            Movement(
                VENDOR,
                OPERATION_OF_TYPE[payment.type],
                payment.id,
                payment.amount_cents,
                "in",
                payment.created_ms,
            )
        )


def _stream(practice_id: str, type_: str) -> str:
    return f"{practice_id}/{type_}"
