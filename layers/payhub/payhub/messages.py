"""Messages that report portal payments: sent by a worker, followed to their end.

Which payments a message carries is decided when it is first sent: each payment is in one message
at a time, and what is at its target already is left out.
"""

from dataclasses import replace

from payhub import attempts
from payhub.domain import batch
from payhub.domain.actions import Request
from payhub.domain.batch import MESSAGE, TARGET, Result
from payhub.domain.errors import ActionOpen, NothingToDo
from payhub.domain.payment import Action, ActionState, BatchLine, Payment
from payhub.domain.portal import MessageView
from payhub.domain.tenant import Tenant
from payhub.ports import Hub

POST_VERB = "post"
PROCESSING, COMPLETED, ERROR = "PROCESSING", "COMPLETED", "ERROR"

_ENDS = {
    ActionState.REFUSED: ActionState.REFUSED,
    ActionState.NOT_CAPTURED: ActionState.REFUSED,
    ActionState.NOT_SENT: ActionState.NOT_SENT,
}
"""From the end of a message that was not applied to that of its payments' actions."""


def send(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Do what a queued action waits for: of a message, of a payment in one, or of any other."""
    if payment.action.verb == POST_VERB:
        return _catch_up(hub, payment)
    if not payment.batch:
        return attempts.resend(hub, tenant, payment)
    now_ms, number = hub.clock.now_ms(), payment.action.number
    try:
        message = _with_lines(hub, payment)
    except ActionOpen:
        waiting = hub.payments.change(payment, lambda latest: batch.wait(latest, number, now_ms))
        return attempts.follow_up(hub, waiting)
    if any(line.included for line in message.batch):
        return attempts.resend(hub, tenant, message)
    return hub.payments.change(
        message, lambda latest: batch.complete_without_call(latest, number, COMPLETED, now_ms)
    )


def follow(hub: Hub, message: Payment) -> Payment:
    """Give a message's payments its result, once it has one; done twice, it changes nothing.

    What the vendor is processing is looked at when it is due: the sweep would come a minute later.
    Whatever is no message comes back as it is.
    """
    result = result_of(message) if message.batch else None
    if result is None:
        if message.batch and message.open_action is None and message.due_at_ms is not None:
            attempts.remind(hub, message)
        return message
    for line in message.batch:
        payment = hub.payments.load(message.tenant, line.payment_id)
        if payment is not None:
            _tell(hub, payment, message, result)
    return message


def result_of(message: Payment) -> Result | None:
    """How a message ended for its payments; None while it has not."""
    action: Action = message.actions[0]
    if action.state is ActionState.DONE and message.vendor_status == COMPLETED:
        return Result(state=ActionState.DONE, reason="the vendor completed the message")
    if action.state is ActionState.DONE and message.vendor_status == ERROR:
        reason = message.said or "the vendor could not process the message"
        return Result(state=ActionState.REFUSED, reason=reason)
    if action.state not in _ENDS:
        return None
    last = action.attempt
    told = action.answer.vendor_message if action.answer else None
    reason = told or (last.detail if last else None) or "the message was not applied"
    return Result(state=_ENDS[action.state], reason=reason)


def view_of(hub: Hub, message: Payment) -> MessageView:
    """What is said of a message: its end only when its payments know of it.

    A payment that was left out because another message has it is said to be what it became there.
    """
    result = result_of(message)
    if result is None:
        return MessageView(message=message, state=PROCESSING)
    lifecycle = hub.vendors[message.vendor].lifecycle
    failed = []
    for line in message.batch:
        payment = hub.payments.load(message.tenant, line.payment_id)
        if payment is None or lifecycle.has_reached(payment.vendor_status, line.target):
            continue
        waiting = payment.open_action
        if waiting is not None and waiting.terms.get(TARGET) == line.target:
            return MessageView(message=message, state=PROCESSING)
        failed.append(f"Payment {line.reference}: {_why_not(payment, line)}")
    if result.state is not ActionState.DONE:
        return MessageView(message=message, state=ERROR, error=result.reason)
    if failed:
        return MessageView(message=message, state=ERROR, error="; ".join(failed))
    return MessageView(message=message, state=COMPLETED)


def _why_not(payment: Payment, line: BatchLine) -> str:
    """Why it did not get there in the message that had it."""
    tried = [a for a in payment.actions if a.terms.get(TARGET) == line.target]
    said = tried[-1].answer.vendor_message if tried and tried[-1].answer else None
    return said or f"it is {payment.status}"


def _catch_up(hub: Hub, payment: Payment) -> Payment:
    """A payment that waits for a message, in case the process died before it was told the end."""
    told = _with_result(hub, payment)
    waiting = told.open_action
    if waiting is None:
        return told
    now_ms = hub.clock.now_ms()
    later_ms = hub.policy.next_inquiry_ms(waiting.opened_at_ms, now_ms, None)

    def look_later(latest: Payment) -> Payment:
        if latest.open_action != waiting:
            raise NothingToDo
        return replace(latest, due_at_ms=later_ms, revision=latest.revision + 1)

    return hub.payments.change(told, look_later)


def _with_result(hub: Hub, payment: Payment) -> Payment:
    """The payment with the result of the message that it waits for, if there is one."""
    waiting = payment.open_action
    if waiting is None or waiting.verb != POST_VERB:
        return payment
    message = hub.payments.load(payment.tenant, str(waiting.terms[MESSAGE]))
    result = None if message is None else result_of(message)
    if message is None or result is None:
        return payment
    return _tell(hub, payment, message, result)


def _tell(hub: Hub, payment: Payment, message: Payment, result: Result) -> Payment:
    now_ms = hub.clock.now_ms()
    return hub.payments.change(
        payment, lambda latest: batch.finish(latest, message.payment_id, result, now_ms)
    )


def _with_lines(hub: Hub, message: Payment) -> Payment:
    """The message with each of its lines decided, and the payments of those in it waiting for it.

    After a crash it is done again; a payment that waits for this message already is in it. All
    messages take their payments in the same order, so that no two wait for each other.
    """
    included = {
        line.payment_id: line.included is not False and _join(hub, message, line)
        for line in sorted(message.batch, key=lambda line: line.payment_id)
    }
    lines = tuple(replace(line, included=included[line.payment_id]) for line in message.batch)
    number = message.action.number
    return hub.payments.change(message, lambda latest: batch.decided(latest, number, lines))


def _join(hub: Hub, message: Payment, line: BatchLine) -> bool:
    """Whether the payment now waits for the message.

    What an earlier message left behind is seen to first: what is told as failed can be sent again.
    """
    payment = hub.payments.load(message.tenant, line.payment_id)
    if payment is None:
        return False
    payment = _with_result(hub, payment)
    now_ms, lifecycle = hub.clock.now_ms(), hub.vendors[message.vendor].lifecycle
    due_ms = hub.policy.next_inquiry_ms(now_ms, now_ms, None)
    request = Request(
        verb=POST_VERB,
        actor=message.actions[0].actor,
        terms={MESSAGE: message.payment_id, TARGET: line.target},
    )
    try:
        hub.payments.change(
            payment,
            lambda latest: batch.join(latest, line, message, request, lifecycle, due_ms, now_ms),
        )
    except NothingToDo:
        return False
    return True
