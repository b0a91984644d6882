"""What is to be done next with a payment, by the hub itself or by an operator."""

from dataclasses import replace
from enum import StrEnum

from payhub.domain.errors import NotAllowed
from payhub.domain.lifecycle import evolve
from payhub.domain.payment import Action, ActionState, Payment


class Step(StrEnum):
    """The one thing the hub does with a payment it looks at."""

    NOTHING = "nothing"
    LATER = "later"
    PRESUME_UNKNOWN = "presume_unknown"
    RESEND = "resend"
    INQUIRE = "inquire"
    WATCH = "watch"
    REFRESH = "refresh"


_STEP_OF_STATE = {
    ActionState.SENDING: Step.PRESUME_UNKNOWN,
    ActionState.QUEUED: Step.RESEND,
    ActionState.UNKNOWN: Step.INQUIRE,
}


def next_step(payment: Payment, now_ms: int) -> Step:
    """What a worker that holds this payment does: nothing, unless it is due."""
    if payment.due_at_ms is None:
        return Step.NOTHING
    if now_ms < payment.due_at_ms:
        return Step.LATER
    action = payment.open_action
    if action is not None:
        return _STEP_OF_STATE.get(action.state, Step.NOTHING)
    return Step.REFRESH if payment.watched_action is None else Step.WATCH


class Resolution(StrEnum):
    """What an operator found out about a payment that needs review."""

    MOVED = "moved"
    NOT_MOVED = "not_moved"
    RESEND = "resend"


_REVIEW_ENDS = {
    Resolution.MOVED: ActionState.DONE,
    Resolution.NOT_MOVED: ActionState.NOT_CAPTURED,
    Resolution.RESEND: ActionState.QUEUED,
}


def resolve(
    payment: Payment,
    resolution: Resolution,
    vendor_reference: str | None,
    status_when_moved: str | None,
    reason: str,
    actor: str,
    now_ms: int,
) -> Payment:
    """End a review by an operator's word. Raises NotAllowed when nothing needs review.

    Only of the payment's making is the vendor's reference the payment's own.
    """
    action = payment.open_action
    if action is None or action.state is not ActionState.NEEDS_REVIEW:
        shown = payment.status if action is None else f"{action.verb} is {action.state.value}"
        raise NotAllowed(
            f"The payment does not need review ({shown}); only needs_review can be resolved.",
            payment_id=payment.payment_id,
        )
    moved, makes = resolution is Resolution.MOVED, action.number == 1
    own = vendor_reference if makes and vendor_reference else payment.vendor_reference
    return evolve(
        payment,
        now_ms=now_ms,
        actor=actor,
        reason=reason,
        action=replace(action, state=_REVIEW_ENDS[resolution]),
        facts={} if makes or not vendor_reference else {"reference": vendor_reference},
        vendor_reference=own,
        vendor_status=status_when_moved if moved and status_when_moved else payment.vendor_status,
        due_at_ms=None if resolution is Resolution.NOT_MOVED else now_ms,
    )


def redrive(payment: Payment, actor: str, reason: str, now_ms: int) -> Payment:
    """Queue again what was given up as not sent; anything else comes back unchanged."""
    action: Action = payment.action
    if action.state is not ActionState.NOT_SENT:
        return payment
    return evolve(
        payment,
        now_ms=now_ms,
        actor=actor,
        reason=reason,
        action=replace(action, state=ActionState.QUEUED),
        due_at_ms=now_ms,
    )
