"""Void a payment whose money can still be taken back."""

from payhub import acting
from payhub.asked import AskedOfPayment, asked_request, load_payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.ports import Hub

VERB = "void"


class VoidPayment(AskedOfPayment):
    """POST /payments/{paymentId}/void."""


def void_payment(hub: Hub, caller: Caller, command: VoidPayment) -> Reply:
    """Void a payment whose money can still be taken back.

    Raises NotFound, and NotAllowed naming the status, the balance and the rule.
    """
    payment = load_payment(hub, caller, command.payment_id)
    return acting.act(hub, caller.tenant, payment, asked_request(command, caller, VERB))
