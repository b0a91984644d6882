"""What the operations on athenahealth's paths have in common: whose practice, which payment."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from payhub import attempts, drafts
from payhub.athena_forms import Terms, fold
from payhub.domain.answers import Fetched, VendorRefused, View
from payhub.domain.days import day_of
from payhub.domain.errors import NotFound, VendorUnavailable
from payhub.domain.payment import Payment
from payhub.domain.tenant import Caller
from payhub.making import COLLECTED, Tender, holders_of
from payhub.ports import Hub
from payhub.references import payment_under

VENDOR = "athena"


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
    """How a payment of this vendor is built, see drafts.draft."""
    tenant = caller.tenant.tenant
    return drafts.draft(
        hub, tenant, VENDOR, operation, terms, amount_cents, scope, reference, default_term
    )


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
    day = today(hub, caller)
    key = _tender_key(str(terms["practiceid"]), str(terms["patientid"]), amount_cents, day)
    return Tender(key=key, how=how, card=last4, confirmed=confirmed)


def _tender_key(practice_id: str, patient_id: str, amount_cents: int, day: date) -> str:
    told = {"practice": practice_id, "patient": patient_id, "amount": amount_cents}
    return f"tender/{fold({**told, 'day': day.isoformat()})}"


def today(hub: Hub, caller: Caller) -> date:
    """The present day of the tenant."""
    return day_of(hub.clock.now_ms(), caller.tenant.time_zone)


def known_payment(hub: Hub, caller: Caller, scoped_reference: str) -> Payment | None:
    """The tenant's payment that holds the vendor's reference, read consistently."""
    return payment_under(hub, caller.tenant.tenant, VENDOR, scoped_reference)


def check_patient(payment: Payment, patient_id: str) -> None:
    """Raise NotFound where the payment is another patient's."""
    if payment.terms.get("patientid") != patient_id:
        raise NotFound(f"Patient {patient_id} has no such payment.")


def shown(hub: Hub, caller: Caller, payment: Payment) -> View:
    """What the vendor shows of an external payment.

    Raises NotFound where it does not know the payment, VendorUnavailable where it cannot be asked.
    """
    first = drafts.made(hub, payment)
    reading = hub.vendors[VENDOR].gateway.read(
        attempts.order_of(hub, caller.tenant, replace(payment, actions=(first,)), first)
    )
    if isinstance(reading, VendorRefused):
        raise NotFound(f"athenahealth shows no such payment: {reading.message}")
    if not isinstance(reading, View):
        raise VendorUnavailable("athenahealth cannot be asked about the payment now.")
    return reading


def unfinished_charges(hub: Hub, caller: Caller, payment: Payment, view: View) -> list[Payment]:
    """Charges of the hub without an outcome that may be what the vendor shows as this payment."""
    taken = day_of(int(view.facts["collected_at_ms"]), caller.tenant.time_zone)
    found = []
    for days in (-1, 0, 1):  # asked for before midnight, taken after; clocks that differ
        key = _tender_key(
            str(payment.terms["practiceid"]),
            str(payment.terms["patientid"]),
            view.amount_cents or 0,
            taken + timedelta(days=days),
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
