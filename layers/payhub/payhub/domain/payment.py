"""A payment, its actions and their attempts, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from payhub.domain.plan import Plan


class ActionState(StrEnum):
    """Where one vendor action stands; see ACTION_MOVES in lifecycle.py for what follows what."""

    SENDING = "sending"
    QUEUED = "queued"
    UNKNOWN = "unknown"
    NEEDS_REVIEW = "needs_review"
    DONE = "done"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    NOT_CAPTURED = "not_captured"

    @property
    def is_open(self) -> bool:
        """Whether the action has not ended: at most one action of a payment is open."""
        return self in _OPEN


_OPEN = frozenset(
    {ActionState.SENDING, ActionState.QUEUED, ActionState.UNKNOWN, ActionState.NEEDS_REVIEW}
)

STATUS_WITHOUT_VENDOR = {
    ActionState.SENDING: "pending",
    ActionState.QUEUED: "pending",
    ActionState.UNKNOWN: "unknown",
    ActionState.NEEDS_REVIEW: "needs_review",
    ActionState.DONE: "pending",
    ActionState.REFUSED: "declined",
    ActionState.NOT_SENT: "not_sent",
    ActionState.NOT_CAPTURED: "not_captured",
}
"""The payment's status while its first action has no word of the vendor to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call to the vendor: written before the call, completed after it.

    `refunds_before` are those that the vendor showed when it was begun: none of them is its effect.
    """

    number: int
    token: str
    intent_at_ms: int
    ended_at_ms: int | None = None
    outcome: str | None = None
    detail: str | None = None
    code: str | None = None
    reference: str | None = None
    status_before: str | None = None
    refunds_before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalAnswer:
    """What the caller was or will be told for ever: enough to rebuild it byte for byte."""

    state: ActionState
    status: str
    revision: int
    at_ms: int
    vendor_reference: str | None = None
    vendor_code: str | None = None
    vendor_message: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Origin(StrEnum):
    """Who made a payment."""

    HUB = "hub"
    EXTERNAL = "external"
    """Made at the vendor before or beside the hub, which then carries out what is asked of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing asked of the vendor (issue, release, void, ...) with all its attempts.

    `put_offs` counts the times that no attempt was begun because the vendor could not be read.
    """

    verb: str
    number: int
    state: ActionState
    actor: str
    opened_at_ms: int
    key_digest: str | None = None
    reason: str | None = None
    terms: Mapping[str, str | int] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
    put_offs: int = 0
    refusal: str | None = None
    answer: FinalAnswer | None = None
    watch_until_ms: int | None = None

    @property
    def attempt(self) -> Attempt | None:
        """The latest attempt, or None while nothing was ever sent."""
        return self.attempts[-1] if self.attempts else None

    @property
    def tries(self) -> int:
        """How often the hub has set out to send it."""
        return len(self.attempts) + self.put_offs

    @property
    def may_be_applied(self) -> bool:
        """Whether an attempt left the hub that was not proven to have come to nothing."""
        return any(attempt.outcome != "not_sent" for attempt in self.attempts)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """One payment of a message: the status it is to reach, since when the vendor shows it.

    `included` is None until it is decided: what is there already, or on the way, is left out.
    """

    payment_id: str
    reference: str
    target: str
    since_ms: int
    included: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money that went back, as the vendor shows it; `status` is its word."""

    refund_id: str
    amount_cents: int
    status: str
    created_at_ms: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One line of the audit trail; `subject` is `status`, the verb of an action, or a refund."""

    at_ms: int
    subject: str
    before: str | None
    after: str
    reason: str
    actor: str
    attempt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment of any vendor. Times are epoch milliseconds, amounts cents.

    `due_at_ms` is when the hub must look at it again by itself (None: nothing unfinished).
    `reference_scope` is what a vendor's number needs beside it to be unique (practice, kind); a
    payment that has one owns its reference, and no other payment may take it. `alias` is another
    name, scope and all, that the vendor gives the payment later; it is owned in the same way.
    `said` is what the vendor adds to its status, such as why it failed.
    `look_again_at_ms` is when the vendor's word is expected to have changed although it rests.
    """

    tenant: str
    payment_id: str
    vendor: str
    operation: str
    amount_cents: int
    caller_reference: str
    fingerprint: str
    created_at_ms: int
    updated_at_ms: int
    currency: str = "USD"
    revision: int = 0
    vendor_reference: str | None = None
    vendor_status: str | None = None
    reference_scope: str = ""
    origin: Origin = Origin.HUB
    caller_request_id: str | None = None
    has_carried_body: bool = False
    terms: Mapping[str, str | int] = field(default_factory=dict)
    available_balance_cents: int | None = None
    alias: str | None = None
    plan: Plan | None = None
    refunds: tuple[Refund, ...] = ()
    batch: tuple[BatchLine, ...] = ()
    said: str | None = None
    look_again_at_ms: int | None = None
    due_at_ms: int | None = None
    actions: tuple[Action, ...] = ()
    history: tuple[Transition, ...] = ()
    history_pages: int = 0

    @property
    def status(self) -> str:
        """The vendor's word once its first action is done; before that, what is known instead."""
        first = self.actions[0].state
        if first is ActionState.DONE and self.vendor_status is not None:
            return self.vendor_status
        return STATUS_WITHOUT_VENDOR[first]

    @property
    def scoped_reference(self) -> str | None:
        """The vendor's reference as it is unique for the tenant."""
        if self.vendor_reference is None:
            return None
        return self.reference_scope + self.vendor_reference

    @property
    def action(self) -> Action:
        """The latest action."""
        return self.actions[-1]

    @property
    def open_action(self) -> Action | None:
        """The action that has not ended, if there is one."""
        return next((a for a in reversed(self.actions) if a.state.is_open), None)

    @property
    def watched_action(self) -> Action | None:
        """The action of which a second one may still turn up, if there is one."""
        return next((a for a in self.actions if a.watch_until_ms is not None), None)

    def last_action(self, verb: str) -> Action | None:
        """The latest action of that verb."""
        return next((a for a in reversed(self.actions) if a.verb == verb), None)
