"""The document's prose: what it is about, its tags, schemes and headers."""

from collections.abc import Iterable
from typing import Any

from payhub.entrypoints.problems import BASE, Kind

Json = dict[str, Any]

TITLE = "Payhub"

_INTRODUCTION = """\
One API over healthcare payment systems that never moves money twice and never loses a payment.

**Credentials.** Send your key in the `API-KEY` header; operators' keys also release, resolve and
redrive. The paths below `/v1/`, which are those of athenahealth and of Medfusion, take a bearer
token instead. A `TENANT` header may be sent with either, as Decoda's clients do.

**Repeating a request is safe.** A POST with the same idempotency key and body is carried out once;
every repeat gets the first one's final answer, with `Idempotent-Replayed: true`. The key is
`clientRequestId`, else the `Idempotency-Key` header, else `issuerReferenceId`. Actions on a payment
need no key until the same action was done before; then send a key or `If-Match`. On athenahealth's
paths the key is the header, of a vendor payment else its `externalrefid`; on Decoda's it is the
header. Without one the same request within ten minutes is a repeat on either's paths.

**202 is not a failure.** The vendor did not answer or could not be reached. The hub sends again
only what provably was not applied and finds out about the rest by itself; `Location` shows how it
stands.

**athenahealth's paths** take forms or JSON and answer in the vendor's shape: a decline is HTTP 200
with `success` "false" and `errortext`, an unknown outcome 202 with an `errortext` that begins
`OUTCOME UNKNOWN, do not charge again`. A card number is taken in the fields made for one only, and
is kept nowhere.

**Decoda's paths** take the JSON that Decoda documents, and answer in its shapes. What is wrong with
a field is a 422 with `detail` as the list `[{loc, msg, type}]`, every other problem has text there.
A plan is followed at `/payment-plans/{planId}`, where `planId` is the `Payment-Id` of the answer;
what Decoda takes for it are payments of the hub, to be looked up and refunded like any other.

**Medfusion's paths** take and answer XML; their problems are XML too (RFC 7807). What was paid in
the portal is served as the portal shows it. What is reported of it is stored, answered with 202,
and sent to the portal by the hub; `Location` tells what becomes of it. Tokens in Medfusion's words
come from `POST /v1/oauth2/token`.

**Money** is exact. `amount` is in the unit your tenant declared, `amountCents` always in cents.
athenahealth's paths take dollars as text, such as `17.07`; Decoda's paths, plans and refunds take
whole cents.

**Errors** are problem documents (RFC 9457). `errors` names the fields, `retry` says what repeating
the request would do. A path that takes other methods answers 405 with `Allow`; unknown paths 404.
What belongs to another tenant does not exist for you.
"""

TAGS: dict[str, str] = {
    "Payments": "Issue payments, look them up and act on them.",
    "Issuer's documented paths": "The same, under the paths that the issuer's guide writes.",
    "athenahealth's documented paths": "Patients' payments by card, by hand and by payment vendors,"
    " plans and receipts.",
    "Decoda's documented paths": "Settlements with a patient's credit, and payment plans for the"
    " patient to confirm.",
    "Medfusion's documented paths": "What patients paid in the portal, and reports that it was"
    " posted.",
    "Payment plans": "Follow payment plans, and cancel them.",
    "Operators": "What needs a person: unclear outcomes and dead letters.",
    "Tokens": "Bearer tokens for client credentials and for users.",
    "Webhooks": "What vendors call.",
    "Documentation": "This document.",
}


def introduction(kinds: Iterable[Kind]) -> str:
    """The prose and the table of problems."""
    rows = [f"| {kind.status} | `{kind.slug}` | {kind.title} | {kind.retry} |" for kind in kinds]
    head = ["| Status | Type | What it says | Repeat |", "|---|---|---|---|"]
    listed = "\n".join([*head, *dict.fromkeys(rows)])
    return f"{_INTRODUCTION}\n**Problem types**, each behind `{BASE}`:\n\n{listed}\n"


SCHEMA_WORDS = {
    "ActionState": "Where one action stands; the last four are ends.",
    "CollectBody": "A charge: what it is for, and the card as a number or as swipe data.",
    "StoreCardBody": "A card to be kept by the vendor, for one appointment.",
    "PlanBody": "A plan; a card where something is charged to one.",
    "RecordBody": "What was paid, for what, and by which means.",
    "NoFields": "No fields.",
    "VendorPaymentBody": "What was paid through the payment vendor, for what, and by which means.",
    "RefundBody": "A refund of the whole payment.",
    "AdjustBody": "Charges of one patient, and what is taken off each.",
    "ChargeDetail": "A charge to be settled. One without an id, or with one that Decoda does not"
    " know, is made by Decoda.",
    "ChargeSummary": "A charge that the plan pays; Decoda knows it already.",
    "ChargeItem": "An item of a charge.",
    "Tip": "Decoda's TipDetail.",
    "Patient": "Decoda's PatientSummary; passed on, never looked up.",
    "PatientTag": "A tag of a patient.",
    "PayinBody": "Decoda's PayinConfigCreate, with its payment plan.",
    "PlanTerms": "Decoda's PaymentPlanCreateWithoutID: `initialAmount` plus `installments` times"
    " `installmentAmount` is what is outstanding on the charges, but for a remainder of fewer cents"
    " than there are installments.",
    "RefundPaymentBody": "How much goes back, why, and who asks for it.",
    "Frequency": "Weeks, two weeks or months between two installments.",
    "InstallmentState": "What became of an installment.",
}
"""Where the code's own words speak to its readers only."""

PARAMETER_WORDS = {
    "practiceid": "The practice; one of the tenant's own, any other does not exist for it.",
    "patientid": "The patient.",
    "appointmentid": "The appointment that the card is stored for.",
    "epaymentid": "The card payment, as the answer to its collection named it.",
    "patientpaymentid": "The vendor payment, as the answer to its recording named it.",
    "vendorcode": "The payment vendor; one of the tenant's own.",
    "departmentid": "The department; required.",
    "customerversion": "`true`: the customer's copy.",
    "merchantversion": "`true`: the merchant's copy.",
    "termsasjson": "`true`: the terms as a list of texts, not as a page.",
}
"""Parameters whose models have no words of their own."""

SCHEME_WORDS = {
    "API-KEY": "An opaque key that belongs to one tenant and has a role.",
    "Authorization": "`Bearer` and a token from `POST /oauth2/v1/token`, or as Medfusion's clients"
    " get one from `POST /v1/oauth2/token`, good for an hour.",
}

HEADERS: dict[str, Json] = {
    "Payment-Id": {
        "description": "The hub's id of the payment.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "ETag": {
        "description": "The payment's revision in quotes, to send as `If-Match`.",
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
    "Location": {
        "description": "Where the payment is to be seen.",
        "schema": {"type": "string", "pattern": "^/payment(s|-plans)/[0-9a-f]{32}$"},
    },
    "ProcessingLocation": {
        "description": "Where to see what becomes of the message.",
        "schema": {"type": "string", "format": "uri"},
    },
    "Last-Timestamp": {
        "description": "The `since` of the next request: nothing new appears before it.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,13}$"},
    },
    "Idempotent-Replayed": {
        "description": "There, and `true`, when the answer is that of an earlier request.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {
        "description": "Seconds to wait before the request is repeated.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "WWW-Authenticate": {
        "description": "How to send client credentials.",
        "schema": {"type": "string"},
    },
    "Allow": {"description": "The methods that the path takes.", "schema": {"type": "string"}},
}
