"""What the operations on athenahealth's paths have in common: whose practice, which payment."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
from payhub.making import COLLECTED, Tender, holders_of
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
    how: str,
    *,
    confirmed: bool,
) -> Tender:
    """A card payment of one patient, amount and day, as it must not be booked twice."""
    day = today(hub, ZoneInfo(caller.tenant.time_zone))
    key = _tender_key(str(terms["practiceid"]), str(terms["patientid"]), amount_cents, day)
    return Tender(key=key, how=how, card=last4, confirmed=confirmed)


def _tender_key(practice_id: str, patient_id: str, amount_cents: int, day: date) -> str:
    told = {"practice": practice_id, "patient": patient_id, "amount": amount_cents}
    return f"tender/{fold({**told, 'day': day.isoformat()})}"


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


def external(build: Callable[[str], Payment], reference: str) -> Payment:
    """A payment that was made before or beside the hub, not known yet; the same id every time."""
    nameless = build("")
    where = nameless.reference_scope + reference
    payment_id = payment_id_of(nameless.tenant, nameless.operation, "vendor reference", where)
    return replace(build(payment_id), origin=Origin.EXTERNAL, vendor_reference=reference)


def made(hub: Hub, payment: Payment) -> Action:
    """The action that an external payment begins with."""
    rows = hub.vendors[VENDOR].contracts.items()
    return Action(
        verb=next(verb for verb, row in rows if row.operation == payment.operation),
        number=1,
        state=ActionState.DONE,
        actor=SEEN,
        opened_at_ms=payment.created_at_ms,
    )


def shown(hub: Hub, caller: Caller, payment: Payment) -> View:
    """What the vendor shows of an external payment.

    Raises NotFound where it does not know the payment, VendorUnavailable where it cannot be asked.
    """
    first = made(hub, payment)
    reading = hub.vendors[VENDOR].gateway.read(
        attempts.order_of(hub, caller.tenant, replace(payment, actions=(first,)), first)
    )
    if isinstance(reading, VendorRefused):
        raise NotFound(f"athenahealth shows no such payment: {reading.message}")
    if not isinstance(reading, View):
        raise VendorUnavailable("athenahealth cannot be asked about the payment now.")
    return reading


def adopt(hub: Hub, caller: Caller, payment: Payment, view: View) -> Payment:
    """Make an external payment known, as the vendor shows it."""
    known = evolve(
        payment,
        now_ms=payment.created_at_ms,
        actor=caller.actor,
        reason=SEEN,
        action=made(hub, payment),
        facts=view.facts,
        vendor_status=view.status,
        amount_cents=payment.amount_cents if view.amount_cents is None else view.amount_cents,
    )
    return hub.payments.create(known, None)


def unfinished_charges(hub: Hub, caller: Caller, payment: Payment, view: View) -> list[Payment]:
    """Charges of the hub without an outcome that may be what the vendor shows as this payment."""
    zone = ZoneInfo(caller.tenant.time_zone)
    taken = datetime.fromtimestamp(int(view.facts["collected_at_ms"]) / 1000, UTC).astimezone(zone)
    found = []
    for days in (-1, 0, 1):  # asked for before midnight, taken after; clocks that differ
        key = _tender_key(
            str(payment.terms["practiceid"]),
            str(payment.terms["patientid"]),
            view.amount_cents or 0,
            taken.date() + timedelta(days=days),
        )
        for holder in holders_of(hub.payments.claim(payment.tenant, key), COLLECTED):
            charge = hub.payments.load(payment.tenant, holder)
            if charge is not None and charge.actions[0].state.is_open:
                found.append(charge)
    return found


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
