"""Look up a payment of any vendor."""

from payhub.asked import load_payment
from payhub.command import Command, PaymentId
from payhub.domain.payment import Payment
from payhub.domain.tenant import Caller
from payhub.ports import Hub


class GetPayment(Command):
    """GET /payments/{paymentId}."""

    payment_id: PaymentId


def get_payment(hub: Hub, caller: Caller, command: GetPayment) -> Payment:
    """The payment as the hub knows it: one consistent read. Raises NotFound."""
    return load_payment(hub, caller, command.payment_id)
