"""Payment plans as they run: the vendor's word about each, and the payments it takes for them.

What the vendor takes for a plan (a first payment, installments) becomes a payment of the hub's of
its own, so that it can be looked at and refunded like any other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from payhub import inquiries
from payhub.attempts import order_of
from payhub.domain.answers import NotSent, TakenPayment, Unanswered, VendorRefused
from payhub.domain.claims import Claim, owner_of, reference_key
from payhub.domain.days import day_of
from payhub.domain.errors import NotFound, NothingToDo
from payhub.domain.observation import VENDOR
from payhub.domain.payment import Payment
from payhub.domain.plan import Installment
from payhub.domain.records import PaymentFilter
from payhub.domain.reply import PlanView
from payhub.domain.tenant import Caller, Tenant
from payhub.drafts import adopt, draft, external
from payhub.making import members_of
from payhub.ports import Hub
from payhub.references import holder_of

TAKEN_OPERATION = "take_payment"
"""The operation of payments that the vendor takes for a plan by itself."""

TAKEN_SCOPE = "payment/"

PLAN_OPERATION = "create_payin_config"
"""The operation of the payments that are plans."""

PAGE = 100


def load_plan(hub: Hub, caller: Caller, plan_id: str) -> Payment:
    """The tenant's plan. Raises NotFound, for a payment that is none too."""
    payment = hub.payments.load(caller.tenant.tenant, plan_id)
    if payment is None or payment.plan is None:
        raise NotFound(f"There is no payment plan {plan_id}.")
    return payment


def view_of(hub: Hub, tenant: Tenant, payment: Payment) -> PlanView:
    """The plan with its payments, as the hub knows them."""
    assert payment.plan is not None
    taken = payments_of(hub, payment)
    return PlanView(
        payment=payment,
        plan=payment.plan,
        payments=tuple(taken),
        overdue=_overdue(hub, tenant, payment, taken),
    )


def _overdue(
    hub: Hub, tenant: Tenant, payment: Payment, taken: Iterable[Payment]
) -> tuple[Installment, ...]:
    """What is overdue of a plan that runs; a payment in vain is no news of an installment."""
    assert payment.plan is not None
    lifecycle = hub.vendors[payment.vendor].lifecycle
    if not payment.plan.reported or payment.vendor_status in lifecycle.ended:
        return ()
    on = [
        day_of(it.created_at_ms, tenant.time_zone)
        for it in taken
        if it.vendor_status not in lifecycle.money_back
    ]
    return payment.plan.overdue(day_of(hub.clock.now_ms(), tenant.time_zone), on)


def claim_on_charge(vendor: str, charge_id: str) -> str:
    """The claim that names the plans made for a charge, where events look for them too."""
    return reference_key(vendor, f"plan-charge/{charge_id}")


def refresh(hub: Hub, tenant: Tenant, payment: Payment) -> Payment:
    """Read a payment that is due; a plan with its payments, and the plan of a payment with it.

    A plan that ended before its payer confirmed it is not looked for once its charges are planned
    anew: what shows up then is the newer one, unless an event says otherwise.
    """
    ended = payment.vendor_status in hub.vendors[payment.vendor].lifecycle.ended
    if payment.plan is not None and payment.alias is None and ended and _later_plans(hub, payment):
        return hub.payments.change(payment, _at_rest)
    after = inquiries.refresh(hub, tenant, payment)
    follow(hub, tenant, after, changed=after.vendor_status != payment.vendor_status)
    return after


def _at_rest(payment: Payment) -> Payment:
    """Not looked at again by itself."""
    if payment.open_action is not None:
        raise NothingToDo
    return replace(payment, look_again_at_ms=None, due_at_ms=None, revision=payment.revision + 1)


def follow(hub: Hub, tenant: Tenant, payment: Payment, *, changed: bool) -> None:
    """What else a fresh word about a payment asks for."""
    if payment.plan is not None:
        take_in(hub, tenant, payment)
    elif changed and payment.operation == TAKEN_OPERATION:
        plan = hub.payments.load(payment.tenant, payment.caller_reference)
        if plan is not None:
            inquiries.adopt_present_state(hub, tenant, plan, "one of its payments changed")


def bring_in(hub: Hub, tenant: Tenant, plan: Payment, reason: str) -> None:
    """Read the plan anew with its payments, where the vendor can be asked."""
    observed = inquiries.adopt_present_state(hub, tenant, plan, reason)
    if observed is not None:
        take_in(hub, tenant, observed)


def take_in(hub: Hub, tenant: Tenant, plan: Payment) -> None:
    """Make the payments known that the vendor took for the plan, and say what is not as it should.

    What cannot be asked now is asked when the plan is looked at again.
    """
    source = hub.vendors[plan.vendor].plans
    order = order_of(hub, tenant, plan, plan.action)
    taken = source.taken(order, lambda reference: _is_known(hub, plan, reference))
    if not isinstance(taken, NotSent | Unanswered | VendorRefused):
        later = [other for other in _later_plans(hub, plan) if other.alias is not None]
        for payment in taken:
            if not any(payment.at_ms >= other.created_at_ms for other in later):
                _make_known(hub, plan, payment)
    _signal(hub, tenant, plan)


def _signal(hub: Hub, tenant: Tenant, plan: Payment) -> None:
    assert plan.plan is not None
    late = _overdue(hub, tenant, plan, payments_of(hub, plan))
    if late:
        hub.signals.count("OverdueInstallments", len(late), vendor=plan.vendor)
    if plan.plan.difference is not None:
        hub.signals.count("PlanDifferences", vendor=plan.vendor)


def _is_known(hub: Hub, plan: Payment, reference: str) -> bool:
    return holder_of(hub, plan.tenant, plan.vendor, TAKEN_SCOPE + reference) is not None


def _later_plans(hub: Hub, plan: Payment) -> list[Payment]:
    """Plans of its charges that were made after this one."""
    assert plan.plan is not None
    keys = [claim_on_charge(plan.vendor, charge_id) for charge_id in plan.plan.charge_ids]
    claims = [hub.payments.claim(plan.tenant, key) for key in keys]
    others = {each for claim in claims for each in members_of(claim)} - {plan.payment_id}
    loaded = [hub.payments.load(plan.tenant, each) for each in sorted(others)]
    return [it for it in loaded if it is not None and it.created_at_ms > plan.created_at_ms]


def _make_known(hub: Hub, plan: Payment, taken: TakenPayment) -> None:
    terms: Mapping[str, str | int] = {
        "patientId": plan.terms["patientId"],
        "chargeIds": plan.terms["chargeIds"],
        "medium": taken.medium,
    }
    build = draft(
        hub,
        plan.tenant,
        plan.vendor,
        TAKEN_OPERATION,
        terms,
        0,
        TAKEN_SCOPE,
        reference=plan.payment_id,
        created_at_ms=taken.at_ms,
    )
    adopt(hub, VENDOR, external(build, str(taken.view.reference)), taken.view)


def payments_of(hub: Hub, plan: Payment) -> list[Payment]:
    """The payments that are known to have been taken for the plan, oldest first."""
    found: list[Payment] = []
    cursor: str | None = None
    while True:
        wanted = PaymentFilter(
            limit=PAGE, cursor=cursor, operation=TAKEN_OPERATION, reference=plan.payment_id
        )
        page = hub.payments.page(plan.tenant, wanted)
        found += page.payments
        cursor = page.next_cursor
        if cursor is None:
            return found[::-1]


def holders_of(claim: Claim | None) -> tuple[str, ...]:
    """The payments that a claim names, newest first, whether it has one holder or several."""
    owner = owner_of(claim)
    return (owner,) if owner is not None else members_of(claim)
