"""What can come back from a vendor: answers, views of a payment, findings, events."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from payhub.domain.payment import Refund
from payhub.domain.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The vendor's present word about one payment.

    `reference` is None for what the vendor gives no id to. `facts` is what else it said and callers
    are told, by names of ours. `amount_cents` is what moved, where that is not what was asked for.
    `refusal` is why the verb in question is not allowed, although the status would allow it.
    `said` is what the vendor adds to the status, such as why it failed.
    `plan`, `refunds` and `alias` are None where the vendor said nothing of them; `refund` is the
    one that a call made, where it said nothing of the others.
    `look_again_at_ms` is when its word is expected to have changed.
    """

    reference: str | None
    status: str
    available_balance_cents: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    amount_cents: int | None = None
    refusal: str | None = None
    said: str | None = None
    alias: str | None = None
    plan: Plan | None = None
    refunds: tuple[Refund, ...] | None = None
    refund: Refund | None = None
    look_again_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPayment:
    """A payment that the vendor took for a plan, when and how."""

    view: View
    at_ms: int
    medium: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The vendor carried the call out and says how the payment stands."""

    view: View


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorRefused:
    """The vendor said no, for good: verdict NEVER (repeating would be refused again).

    `status` is the payment's status where the refusal shows it, `facts` what else it said.
    """

    message: str
    code: str | None = None
    status: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    is_cut_off: bool = False
    """Whether its words did not come whole, so that what they do not say proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """Proof that nothing can have been applied: verdict SAFE (may be sent again)."""

    reason: str
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """The call may or may not have been applied: verdict ASK_FIRST (never resent blindly)."""

    reason: str


TOO_LATE = NotSent(reason="the call could not start in time after the intent")
"""A call that is not made any more, because its attempt may already be presumed unknown."""

NO_KEY = NotSent(reason="the tenant's key for the vendor could not be read")
"""A call that is not made, because what proves who makes it cannot be had."""


Answer = Done | VendorRefused | NotSent | Unanswered
"""What a call that changes something can come back with."""

Reading = View | VendorRefused | NotSent | Unanswered
"""What a call that only reads can come back with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """A completed search: every payment at the vendor that carries our reference."""

    views: tuple[View, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """The search could not be completed; it proves nothing."""

    reason: str
    retry_after_seconds: int | None = None


Finding = Matches | Undecided


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document that the vendor keeps, as JSON values in the types it documents."""

    content: object


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorEvent:
    """A vendor's notification, reduced to what the hub acts on.

    `reference` is the vendor's id of the payment and `status` its new word, None where the vendor
    has to be asked. `within` names what the payment belongs to (scoped references, also of
    charges of plans): through that an unknown one is made known. With neither, the event is only
    kept; so it is when nothing is found and it is `optional`.
    """

    event_id: str
    kind: str
    reference: str | None
    status: str | None
    occurred_at_ms: int | None
    within: tuple[str, ...] = ()
    optional: bool = False
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedEvent:
    """An event the vendor could not deliver, as its list of missed events holds it."""

    missed_id: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A complete list of missed events."""

    events: tuple[MissedEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The vendor will send its notifications; `registration_id` is its id of that promise.

    `secret` are the fields of a secret that the vendor made for it, and shows only now.
    """

    registration_id: str
    secret: Mapping[str, str] = field(default_factory=dict)


Failure = VendorRefused | NotSent | Unanswered
"""A call about notifications that did not succeed, and why."""


def undecided(failure: Failure) -> Undecided:
    """A search that broke off: whatever stopped it, it proves nothing."""
    if isinstance(failure, NotSent):
        return Undecided(reason=failure.reason, retry_after_seconds=failure.retry_after_seconds)
    if isinstance(failure, VendorRefused):
        return Undecided(reason=failure.message)
    return Undecided(reason=failure.reason)


Carried = Mapping[str, object]
"""Parts of a request whose inner fields are not documented, passed through unchanged."""
