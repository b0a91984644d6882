"""A message that reports several payments at once: its lines, and what becomes of each payment.

The message is sent as one; each of its payments has an action that waits for its result.
"""

from dataclasses import dataclass, replace

from payhub.domain.actions import Request, open_queued
from payhub.domain.contract import Lifecycle
from payhub.domain.errors import ActionOpen, NothingToDo
from payhub.domain.lifecycle import evolve
from payhub.domain.observation import HUB, VENDOR
from payhub.domain.payment import Action, ActionState, BatchLine, Payment
from payhub.domain.policy import LOOK_AGAIN_MAX_MS

MESSAGE, TARGET = "message", "target"
"""The terms of a payment's action: the message it is in, and the status it is to reach."""

WAIT_MS = 5_000
"""How soon a message that waits for another one is looked at; more rarely as it grows old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a message ended for its payments: at the target, or why not."""

    state: ActionState
    reason: str


def join(
    payment: Payment,
    line: BatchLine,
    message: Payment,
    request: Request,
    lifecycle: Lifecycle,
    due_ms: int,
    now_ms: int,
) -> Payment:
    """The payment with an open action that waits for the message; it may have one already.

    Raises NothingToDo when it is at the target already or beyond, or on the way there in another
    message; ActionOpen when it is on the way to another one.
    """
    own = action_of(payment, message.payment_id)
    if own is not None and own.state.is_open:
        return payment
    on_the_way = payment.open_action
    if lifecycle.has_reached(payment.vendor_status, line.target):
        raise NothingToDo
    if on_the_way is not None and on_the_way.terms.get(TARGET) == line.target:
        raise NothingToDo
    if on_the_way is not None:
        raise ActionOpen(
            f"The payment is being reported as {on_the_way.terms.get(TARGET)}.",
            payment_id=payment.payment_id,
        )
    why = f"reported as {line.target} in message {message.payment_id}"
    return open_queued(payment, request, why, due_ms, now_ms)


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


def decided(message: Payment, number: int, lines: tuple[BatchLine, ...]) -> Payment:
    """The message that is to be sent, with each of its lines decided.

    Raises NothingToDo when its action `number` does not wait any more.
    """
    _waiting(message, number)
    if message.batch == lines:
        return message
    return replace(message, batch=lines, revision=message.revision + 1)


def wait(message: Payment, number: int, now_ms: int) -> Payment:
    """An earlier message about one of its payments has to end first: that is no failed attempt."""
    age_ms = now_ms - _waiting(message, number).opened_at_ms
    wait_ms = min(max(WAIT_MS, age_ms // 4), LOOK_AGAIN_MAX_MS)
    return replace(message, due_at_ms=now_ms + wait_ms, revision=message.revision + 1)


def complete_without_call(message: Payment, number: int, status: str, now_ms: int) -> Payment:
    """Nothing of it is left to be sent."""
    return evolve(
        message,
        now_ms=now_ms,
        actor=HUB,
        reason="nothing to send: each payment is there, or on the way in another message",
        action=replace(_waiting(message, number), state=ActionState.DONE),
        vendor_status=status,
        due_at_ms=None,
    )


def _waiting(message: Payment, number: int) -> Action:
    action = message.open_action
    if action is None or action.number != number or action.state is not ActionState.QUEUED:
        raise NothingToDo
    return action


def action_of(payment: Payment, message_id: str) -> Action | None:
    """The payment's latest action for the message."""
    return next((a for a in reversed(payment.actions) if a.terms.get(MESSAGE) == message_id), None)
