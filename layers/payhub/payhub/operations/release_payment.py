"""Release a held payment, so that it is issued."""

from payhub import acting
from payhub.asked import AskedOfPayment, asked_request, load_payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.ports import Hub

VERB = "release"


class ReleasePayment(AskedOfPayment):
    """POST /payments/{paymentId}/release."""


def release_payment(hub: Hub, caller: Caller, command: ReleasePayment) -> Reply:
    """Release a held payment, so that it is issued.

    Raises NotFound, and NotAllowed naming the status, the balance and the rule.
    """
    payment = load_payment(hub, caller, command.payment_id)
    return acting.act(hub, caller.tenant, payment, asked_request(command, caller, VERB))
