"""Short words for what unit tests do with a World."""

from typing import Any

from payhub.domain.payment import Payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Role, Tenant
from payhub.operations.advance_payment import AdvancePayment, advance_payment
from payhub.operations.issue_payment import IssuePayment, issue_payment
from payhub.operations.reissue_payment import ReissuePayment, reissue_payment
from payhub.operations.release_payment import ReleasePayment, release_payment
from payhub.operations.void_payment import VoidPayment, void_payment
from tests.support.fakes import TENANT, World, done, issue_values, view

VERBS: dict[str, tuple[Any, Any]] = {
    "release": (release_payment, ReleasePayment),
    "void": (void_payment, VoidPayment),
    "reissue": (reissue_payment, ReissuePayment),
}


class Killed(BaseException):
    """The process died here: nothing in the hub may catch it."""


def issue(world: World, tenant: Tenant = TENANT, **changes: Any) -> Reply:
    """POST /payments."""
    command = IssuePayment.model_validate(issue_values(**changes))
    return issue_payment(world.hub, world.caller(tenant), command)


def ask(world: World, verb: str, payment: Payment, **values: Any) -> Reply:
    """POST /payments/{id}/{verb}."""
    operation, command = VERBS[verb]
    values = {"payment_id": payment.payment_id, **values}
    reply: Reply = operation(
        world.hub, world.caller(role=Role.OPERATOR), command.model_validate(values)
    )
    return reply


def look(world: World, payment: Payment) -> Payment:
    """The payment as it stands now."""
    found = world.hub.payments.load(payment.tenant, payment.payment_id)
    assert found is not None
    return found


def work(world: World, payment: Payment, seconds: float | None = None) -> Payment:
    """Let time pass (until the payment is due, if not said) and a worker look at it."""
    standing = look(world, payment)
    if seconds is not None:
        world.clock.advance(seconds)
    elif standing.due_at_ms is not None:
        world.clock.at_ms = max(world.clock.at_ms, standing.due_at_ms)
    advance_payment(world.hub, AdvancePayment(tenant=payment.tenant, payment=payment.payment_id))
    return look(world, payment)


def completed(world: World, **changes: Any) -> Payment:
    """A payment that was issued and has reached Completed."""
    world.vendor.answers.append(done("Created"))
    payment = issue(world, **changes).payment
    world.vendor.readings.append(view("Completed"))
    return work(world, payment)
