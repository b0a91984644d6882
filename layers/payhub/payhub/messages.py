"""Messages that report portal payments: sent by a worker, followed to their end.

Which payments a message carries is decided when it is first sent: each payment is in one message
at a time, and what is at its target already is left out.
"""

from dataclasses import replace

from payhub import attempts, inquiries
from payhub.domain import batch, outcomes
from payhub.domain.answers import NotSent, View
from payhub.domain.batch import MESSAGE, Result
from payhub.domain.errors import ActionOpen, NothingToDo
from payhub.domain.payment import Action, ActionState, BatchLine, Payment
from payhub.domain.tenant import Tenant
from payhub.ports import Hub

POST_VERB = "post"
COMPLETED, ERROR = "COMPLETED", "ERROR"

LOOK_AFTER_MS = 3_600_000
"""When a payment in a message is looked at by itself, should the message's end have been missed."""

_LINE_STATES = {
    ActionState.REFUSED: ActionState.REFUSED,
    ActionState.NOT_CAPTURED: ActionState.NOT_CAPTURED,
    ActionState.NOT_SENT: ActionState.NOT_SENT,
}


def send(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Do what a queued action waits for: of a message, of a payment in one, or of any other."""
    if payment.action.verb == POST_VERB:
        return _catch_up(hub, payment)
    if not payment.batch:
        return attempts.resend(hub, tenant, payment)
    try:
        message = _with_lines(hub, payment)
    except ActionOpen as open_elsewhere:
        return _later(hub, payment, open_elsewhere.detail)
    if not any(line.included for line in message.batch):
        return _nothing_to_send(hub, message)
    return follow(hub, attempts.resend(hub, tenant, message))


def follow(hub: Hub, message: Payment) -> Payment:
    """Give a message's payments its result, once it has one; done twice, it changes nothing."""
    result = result_of(message)
    if result is not None:
        now_ms = hub.clock.now_ms()
        for line in message.batch:
            payment = hub.payments.load(message.tenant, line.payment_id) if line.included else None
            if payment is not None:
                hub.payments.change(
                    payment,
                    lambda latest: batch.finish(latest, message.payment_id, result, now_ms),
                )
    return message


def refresh(hub: Hub, tenant: Tenant, message: Payment) -> Payment:
    """Ask how far the vendor is with a message."""
    return follow(hub, inquiries.refresh(hub, tenant, message))


def result_of(message: Payment) -> Result | None:
    """How a message ended for its payments; None while it has not."""
    action: Action = message.actions[0]
    if action.state is ActionState.DONE and message.vendor_status == COMPLETED:
        return Result(state=ActionState.DONE, reason="the vendor completed the message")
    if action.state is ActionState.DONE and message.vendor_status == ERROR:
        reason = message.said or "the vendor could not process the message"
        return Result(state=ActionState.REFUSED, reason=reason)
    if action.state not in _LINE_STATES:
        return None
    last = action.attempt
    told = action.answer.vendor_message if action.answer else None
    reason = told or (last.detail if last else None) or "the message was not sent"
    return Result(state=_LINE_STATES[action.state], reason=reason)


def _catch_up(hub: Hub, payment: Payment) -> Payment:
    """A payment whose message's end was missed, because the process died in between."""
    message = hub.payments.load(payment.tenant, str(payment.action.terms[MESSAGE]))
    result = result_of(message) if message is not None else None
    now_ms = hub.clock.now_ms()

    def change(latest: Payment) -> Payment:
        if latest.action.number != payment.action.number or latest.open_action is None:
            return latest
        if message is not None and result is not None:
            return batch.finish(latest, message.payment_id, result, now_ms)
        later_ms = now_ms + LOOK_AFTER_MS
        return replace(latest, due_at_ms=later_ms, revision=latest.revision + 1)

    return hub.payments.change(payment, change)


def _with_lines(hub: Hub, message: Payment) -> Payment:
    """The message with each of its lines decided, and the payments of those in it waiting for it.

    After a crash it is done again; a payment that waits for this message already is in it.
    """
    lines = tuple(
        line if line.included is False else replace(line, included=_join(hub, message, line))
        for line in message.batch
    )
    if lines == message.batch:
        return message
    return hub.payments.change(
        message, lambda latest: replace(latest, batch=lines, revision=latest.revision + 1)
    )


def _later(hub: Hub, message: Payment, why: str) -> Payment:
    """An earlier message about one of its payments has to end first."""
    rules, now_ms = attempts.rules_of(hub, message, message.action.verb), hub.clock.now_ms()
    luck, number = hub.ids.luck(), message.action.number
    put_off = hub.payments.change(
        message,
        lambda latest: outcomes.put_off(latest, number, NotSent(reason=why), rules, now_ms, luck),
    )
    return attempts.follow_up(hub, put_off)


def _join(hub: Hub, message: Payment, line: BatchLine) -> bool:
    payment = hub.payments.load(message.tenant, line.payment_id)
    if payment is None:
        return False
    now_ms = hub.clock.now_ms()
    try:
        hub.payments.change(
            payment,
            lambda latest: batch.join(
                latest, line, message, POST_VERB, now_ms + LOOK_AFTER_MS, now_ms
            ),
        )
    except NothingToDo:
        return False
    return True


def _nothing_to_send(hub: Hub, message: Payment) -> Payment:
    """Everything in it is there already, or on the way in other messages."""
    rules, now_ms = attempts.rules_of(hub, message, message.action.verb), hub.clock.now_ms()
    view = View(reference=None, status=COMPLETED)
    number = message.action.number
    return hub.payments.change(
        message,
        lambda latest: outcomes.find_applied(latest, number, view, rules, now_ms),
    )
