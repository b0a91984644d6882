"""A message that reports several payments at once: its lines, and what becomes of each payment.

The message is sent as one; each of its payments has an action that waits for its result.
"""

from dataclasses import dataclass, replace

from payhub.domain.actions import Request, open_queued
from payhub.domain.errors import ActionOpen, NothingToDo
from payhub.domain.lifecycle import evolve
from payhub.domain.observation import VENDOR
from payhub.domain.payment import Action, ActionState, BatchLine, Payment

MESSAGE, TARGET = "message", "target"
"""The terms of a payment's action: the message it is in, and the status it is to reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a message ended for its payments: at the target, or why not."""

    state: ActionState
    reason: str


def join(
    payment: Payment, line: BatchLine, message: Payment, verb: str, due_ms: int, now_ms: int
) -> Payment:
    """The payment with an open action that waits for the message; it may have one already.

    Raises NothingToDo when it is at the target already, or on the way there in another message;
    ActionOpen when it is on the way to another one.
    """
    own = action_of(payment, message.payment_id)
    if own is not None and own.state.is_open:
        return payment
    on_the_way = payment.open_action
    if payment.vendor_status == line.target:
        raise NothingToDo
    if on_the_way is not None and on_the_way.terms.get(TARGET) == line.target:
        raise NothingToDo
    if on_the_way is not None:
        raise ActionOpen(
            f"The payment is being reported as {on_the_way.terms.get(TARGET)}.",
            payment_id=payment.payment_id,
        )
    request = Request(
        verb=verb,
        actor=message.actions[0].actor,
        terms={MESSAGE: message.payment_id, TARGET: line.target},
    )
    return open_queued(payment, request, "reported in a message", due_ms, now_ms)


def finish(payment: Payment, message_id: str, result: Result, now_ms: int) -> Payment:
    """The payment with the message's result; the same payment when it has it already."""
    own = action_of(payment, message_id)
    if own is None or not own.state.is_open:
        return payment
    done = result.state is ActionState.DONE
    refusal = result.reason if result.state is ActionState.REFUSED else None
    return evolve(
        payment,
        now_ms=now_ms,
        actor=VENDOR,
        reason=result.reason,
        action=replace(own, state=result.state, refusal=refusal),
        vendor_status=str(own.terms[TARGET]) if done else payment.vendor_status,
        due_at_ms=None,
    )


def action_of(payment: Payment, message_id: str) -> Action | None:
    """The payment's latest action for the message."""
    return next((a for a in reversed(payment.actions) if a.terms.get(MESSAGE) == message_id), None)
