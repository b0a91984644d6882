"""What the operations on athenahealth's paths have in common: whose practice, which payment."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from payhub import attempts
from payhub.athena_forms import Terms, fold
from payhub.domain.answers import Fetched, VendorRefused, View
from payhub.domain.claims import owner_of, reference_key
from payhub.domain.errors import NotFound, VendorUnavailable
from payhub.domain.identity import fingerprint_of, payment_id_of
from payhub.domain.lifecycle import evolve
from payhub.domain.payment import Action, ActionState, Origin, Payment
from payhub.domain.tenant import Caller
from payhub.making import Tender
from payhub.ports import Hub

VENDOR = "athena"

SEEN = "made at the vendor, not through Payhub"


def check_practice(caller: Caller, practice_id: str, vendor_code: str | None = None) -> None:
    """Raise NotFound unless practice and payment vendor are the tenant's own."""
    tenant = caller.tenant
    if practice_id not in tenant.practice_ids or VENDOR not in tenant.vendors:
        raise NotFound(f"There is no practice {practice_id}.")
    if vendor_code is not None and vendor_code not in tenant.vendor_codes:
        raise NotFound(f"There is no payment vendor {vendor_code}.")


def draft(
    hub: Hub,
    caller: Caller,
    operation: str,
    terms: Terms,
    amount_cents: int,
    scope: str,
    reference: str | None = None,
    default_term: str | None = None,
) -> Callable[[str], Payment]:
    """How the payment is built once its id is known; the id fills an absent `default_term`.

    `scope` is what makes the vendor's number unique; empty where the number is not one payment's.
    """
    now_ms = hub.clock.now_ms()

    def build(payment_id: str) -> Payment:
        default = {} if default_term is None else {default_term: payment_id}
        return Payment(
            tenant=caller.tenant.tenant,
            payment_id=payment_id,
            vendor=VENDOR,
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


def epayment_scope(practice_id: str) -> str:
    """epaymentids are unique in a practice."""
    return f"{practice_id}/epayment/"


def vendor_payment_scope(practice_id: str, vendor_code: str) -> str:
    """patientpaymentids, as far as is known, of one payment vendor."""
    return f"{practice_id}/{vendor_code}/payment/"


def tender_of(
    hub: Hub,
    caller: Caller,
    terms: Terms,
    last4: str,
    amount_cents: int,
    side: str,
    *,
    confirmed: bool,
) -> Tender:
    """A card payment of one patient, amount and day, as it must not be booked twice."""
    day = today(hub, ZoneInfo(caller.tenant.time_zone))
    told = {
        "practice": terms["practiceid"],
        "patient": terms["patientid"],
        "amount": amount_cents,
        "card": last4,
        "day": day.isoformat(),
    }
    return Tender(key=f"tender/{fold(told)}", side=side, confirmed=confirmed)


def today(hub: Hub, zone: ZoneInfo) -> date:
    """The present day in a time zone."""
    return datetime.fromtimestamp(hub.clock.now_ms() / 1000, UTC).astimezone(zone).date()


def known_payment(hub: Hub, caller: Caller, scoped_reference: str) -> Payment | None:
    """The tenant's payment that holds the vendor's reference, read consistently."""
    tenant = caller.tenant.tenant
    holder = owner_of(hub.payments.claim(tenant, reference_key(VENDOR, scoped_reference)))
    return None if holder is None else hub.payments.load(tenant, holder)


def check_patient(payment: Payment, patient_id: str) -> None:
    """Raise NotFound where the payment is another patient's."""
    if payment.terms.get("patientid") != patient_id:
        raise NotFound(f"Patient {patient_id} has no such payment.")


def adopt(
    hub: Hub,
    caller: Caller,
    build: Callable[[str], Payment],
    reference: str,
    status: str | None = None,
) -> Payment:
    """Make a payment known that was made before or beside the hub, as the vendor shows it.

    `status` is taken for granted where the vendor has no way to show it. Raises NotFound where the
    vendor does not know the payment, VendorUnavailable where it cannot be asked.
    """
    nameless = build("")
    payment = build(
        payment_id_of(
            nameless.tenant,
            nameless.operation,
            "vendor reference",
            nameless.reference_scope + reference,
        )
    )
    made = Action(
        verb=_verb_of(hub, payment),
        number=1,
        state=ActionState.DONE,
        actor=SEEN,
        opened_at_ms=payment.created_at_ms,
    )
    seen = replace(payment, origin=Origin.EXTERNAL, vendor_reference=reference)
    shown = (
        _shown(hub, caller, seen, made)
        if status is None
        else View(reference=reference, status=status)
    )
    known = evolve(
        seen,
        now_ms=payment.created_at_ms,
        actor=caller.actor,
        reason=SEEN,
        action=made,
        facts=shown.facts,
        vendor_status=shown.status,
        amount_cents=seen.amount_cents if shown.amount_cents is None else shown.amount_cents,
    )
    return hub.payments.create(known, None)


def _shown(hub: Hub, caller: Caller, payment: Payment, made: Action) -> View:
    reading = hub.vendors[VENDOR].gateway.read(
        attempts.order_of(hub, caller.tenant, replace(payment, actions=(made,)), made)
    )
    if isinstance(reading, VendorRefused):
        raise NotFound(f"athenahealth shows no such payment: {reading.message}")
    if not isinstance(reading, View):
        raise VendorUnavailable("athenahealth cannot be asked about the payment now.")
    return reading


def fetch(
    hub: Hub, caller: Caller, document: str, *, query: Mapping[str, str | None], **ids: str
) -> object:
    """A document that the vendor keeps. Raises NotFound and VendorUnavailable."""
    check_practice(caller, ids["practiceid"])
    wanted = {name: text for name, text in query.items() if text is not None}
    answer = hub.vendors[VENDOR].documents.fetch(caller.tenant, document, ids, wanted)
    if isinstance(answer, Fetched):
        return answer.content
    if isinstance(answer, VendorRefused):
        raise NotFound(f"athenahealth does not show it: {answer.message}")
    raise VendorUnavailable("athenahealth cannot be asked now.")


def _verb_of(hub: Hub, payment: Payment) -> str:
    rows = hub.vendors[VENDOR].contracts.items()
    return next(verb for verb, row in rows if row.operation == payment.operation)
