"""Bills paid in a vendor's portal: what it shows, what callers report, what they are served."""

from dataclasses import dataclass

from payhub.domain.payment import Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPayment:
    """A payment as the portal shows it; `xml` is its element as it came."""

    reference: str
    status: str
    amount_cents: int
    xml: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPage:
    """Some payments, oldest first, and the vendor's instant up to which nothing is missing."""

    payments: tuple[PortalPayment, ...]
    last_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPayment:
    """A payment in a caller's document: the status it is to have, and what is said beside it."""

    reference: str
    target: str
    payment_type: str
    amount: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedDocument:
    """A caller's document, read; `text` is the document itself."""

    practice_id: str
    payments: tuple[PostedPayment, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """Payments of a feed in the order in which they became known.

    `last_ms` is the stamp from which the next page goes on; nothing ever appears before it.
    """

    payments: tuple[Payment, ...]
    last_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message with what is to be said of it: its state, and why it failed."""

    message: Payment
    state: str
    error: str | None = None
