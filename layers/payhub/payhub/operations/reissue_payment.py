"""Reissue a payment that was voided, under the same id and amount."""

from payhub import acting
from payhub.asked import AskedOfPayment, asked_request, load_payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.ports import Hub

VERB = "reissue"


class ReissuePayment(AskedOfPayment):
    """POST /payments/{paymentId}/reissue."""


def reissue_payment(hub: Hub, caller: Caller, command: ReissuePayment) -> Reply:
    """Reissue a payment that was voided, under the same id and amount.

    Raises NotFound, and NotAllowed naming the status, the balance and the rule.
    """
    payment = load_payment(hub, caller, command.payment_id)
    return acting.act(hub, caller.tenant, payment, asked_request(command, caller, VERB))
