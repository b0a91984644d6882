"""Do the next thing a payment is due for: send again, ask, watch or read."""

from collections.abc import Callable

from pydantic import BaseModel

from payhub import inquiries, messages, plans
from payhub.domain.payment import Payment
from payhub.domain.steps import Step, next_step
from payhub.domain.tenant import Tenant
from payhub.ports import Hub


class AdvancePayment(BaseModel):
    """A reminder: ids only."""

    tenant: str
    payment: str


STEPS: dict[Step, Callable[[Hub, Tenant, Payment], Payment]] = {
    Step.PRESUME_UNKNOWN: inquiries.presume_unknown,
    Step.RESEND: messages.send,
    Step.INQUIRE: inquiries.inquire,
    Step.WATCH: inquiries.watch,
    Step.REFRESH: plans.refresh,
}


def advance_payment(hub: Hub, command: AdvancePayment) -> None:
    """A reminder that finds nothing due does nothing; how a message ends, its payments are told."""
    payment = hub.payments.load(command.tenant, command.payment)
    tenant = hub.tenants.load(command.tenant)
    if payment is None or tenant is None:
        return
    step = STEPS.get(next_step(payment, hub.clock.now_ms()))
    if step is not None:
        messages.follow(hub, step(hub, tenant, payment))
