"""Payments as they are drafted: for a request, or for what the vendor turns out to have made."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from payhub.attempts import rules_of
from payhub.domain.answers import View
from payhub.domain.identity import fingerprint_of, payment_id_of
from payhub.domain.lifecycle import evolve
from payhub.domain.observation import due_ms_of, news_of, with_refunds
from payhub.domain.payment import Action, ActionState, Origin, Payment
from payhub.ports import Hub

Terms = Mapping[str, str | int]

SEEN = "made at the vendor, not through Payhub"


def draft(
    hub: Hub,
    tenant: str,
    vendor: str,
    operation: str,
    terms: Terms,
    amount_cents: int,
    scope: str,
    reference: str | None = None,
    default_term: str | None = None,
    created_at_ms: int | None = None,
) -> Callable[[str], Payment]:
    """How the payment is built once its id is known; the id fills an absent `default_term`.

    `scope` is what makes the vendor's number unique; empty where the number is not one payment's.
    What was not made now has its own `created_at_ms`.
    """
    now_ms = hub.clock.now_ms() if created_at_ms is None else created_at_ms

    def build(payment_id: str) -> Payment:
        default = {} if default_term is None else {default_term: payment_id}
        return Payment(
            tenant=tenant,
            payment_id=payment_id,
            vendor=vendor,
            operation=operation,
            amount_cents=amount_cents,
            caller_reference=reference or payment_id,
            fingerprint=fingerprint_of(terms),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            reference_scope=scope,
            terms={**default, **terms},
        )

    return build


def key_of(header: str | None) -> tuple[str, str] | None:
    """The caller's own key, if there is one."""
    return None if header is None else ("Idempotency-Key", header)


def external(build: Callable[[str], Payment], reference: str) -> Payment:
    """A payment that was made before or beside the hub, not known yet; the same id every time."""
    nameless = build("")
    where = nameless.reference_scope + reference
    payment_id = payment_id_of(nameless.tenant, nameless.operation, "vendor reference", where)
    return replace(build(payment_id), origin=Origin.EXTERNAL, vendor_reference=reference)


def made(hub: Hub, payment: Payment) -> Action:
    """The action that an external payment begins with."""
    rows = hub.vendors[payment.vendor].contracts.items()
    return Action(
        verb=next(verb for verb, row in rows if row.operation == payment.operation),
        number=1,
        state=ActionState.DONE,
        actor=SEEN,
        opened_at_ms=payment.created_at_ms,
    )


def adopted(hub: Hub, actor: str, payment: Payment, view: View) -> Payment:
    """An external payment as the vendor shows it, not stored yet."""
    action = made(hub, payment)
    known = evolve(
        with_refunds(payment, view, payment.created_at_ms),
        now_ms=payment.created_at_ms,
        actor=actor,
        reason=SEEN,
        action=action,
        facts=view.facts,
        vendor_status=view.status,
        amount_cents=payment.amount_cents if view.amount_cents is None else view.amount_cents,
        **news_of(payment, view),
    )
    rules, now_ms = rules_of(hub, known, action.verb), hub.clock.now_ms()
    return replace(known, due_at_ms=due_ms_of(known, rules, now_ms))


def adopt(hub: Hub, actor: str, payment: Payment, view: View) -> Payment:
    """Make an external payment known, as the vendor shows it; one that is known already stands."""
    return hub.payments.create(adopted(hub, actor, payment, view), None)
