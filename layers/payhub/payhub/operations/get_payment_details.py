"""Look up a payment with everything that happened to it."""

from dataclasses import dataclass, replace

from payhub.asked import load_payment
from payhub.command import Command, PaymentId
from payhub.domain.contract import Contract
from payhub.domain.payment import Payment
from payhub.domain.tenant import Caller
from payhub.ports import Hub


class GetPaymentDetails(Command):
    """GET /payments/{paymentId}/details."""

    payment_id: PaymentId


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDetails:
    """A payment with its whole history and the vendor's promises for its latest action."""

    payment: Payment
    contract: Contract


def get_payment_details(hub: Hub, caller: Caller, command: GetPaymentDetails) -> PaymentDetails:
    """The payment with history, attempts and contract row. Raises NotFound."""
    payment = load_payment(hub, caller, command.payment_id)
    vendor = hub.vendors[payment.vendor]
    action = payment.open_action or payment.action
    row = vendor.contracts[action.verb]
    in_force = replace(row, late_apply_bound_seconds=hub.policy.bound_seconds(row))
    return PaymentDetails(payment=hub.payments.with_history(payment), contract=in_force)
