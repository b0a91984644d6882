"""Believable values for the document, made by the code that makes the real ones."""

import json
from typing import Any

from payhub.domain.lifecycle import evolve
from payhub.domain.money import AmountUnit
from payhub.domain.payment import Action, ActionState, Attempt, Payment
from payhub.domain.records import DeadLetter
from payhub.domain.tenant import AccountSettings, Caller, Role, Tenant
from payhub.entrypoints import representations
from payhub.operations.get_payment_details import PaymentDetails
from payhub.vendors.optum.contract import CONTRACTS

PAYMENT_ID = "48dc532ac1f63a9616b719de0a6a19a5"
LETTER_ID = "1795270987512-48dc532ac1f63a9616b719de0a6a19a5"
TENANT_ID = "0b9ab1f6-5f0c-4a57-9d0e-2f6a41c0a001"
CORRELATION_ID = "c0ffee11-7d1b-4f1e-9a57-3f0e5a4b2c10"
CURSOR = "MTc5NTI3MDk4NzUxMiM0OGRjNTMyYWMxZjYzYTk2MTZiNzE5ZGUwYTZhMTlhNQ"
INSTANT = "2026-11-21T00:00:00-05:00"
EPAYMENT_ID = 243443304
PATIENT_PAYMENT_ID = 647036207
_VENDOR_REFERENCE = "9f2c1b7ad3e84c5ab0d1e6f7a8b9c0d1"
_AT_MS = 1_795_270_987_512
ACTOR = "caller:7b1f0c2e"

CALLER = Caller(
    tenant=Tenant(
        tenant=TENANT_ID,
        name="Riverside Clinic",
        amount_unit=AmountUnit.CENTS,
        accounts={"ACCT1": AccountSettings(hold=False), "ACCT2": AccountSettings(hold=True)},
        practice_ids=("195900",),
        vendor_codes=("ACME",),
        vendors={"athena": {}},
    ),
    role=Role.OPERATOR,
    actor=ACTOR,
)

ISSUE_BODY: dict[str, Any] = {
    "clientRequestId": "claim-2026-000187",
    "accountShortCode": "ACCT1",
    "payment": {
        "paymentDetails": {"issuerReferenceId": "EVRYHEALTH001", "amount": 12500},
        "payeeDetails": {"name": "Riverside Orthopedics", "taxId": "12-3456789"},
        "totalNumberOfClaims": 1,
    },
}
ASKED_BODY = {"reason": "Sent to the wrong payee"}
RESOLVE_BODY = {
    "resolution": "moved",
    "vendorReference": _VENDOR_REFERENCE,
    "reason": "Seen in the vendor's portal",
}
REQUEST_BODIES = {"IssueBody": ISSUE_BODY, "ReasonBody": ASKED_BODY, "ResolveBody": RESOLVE_BODY}


def payment(state: ActionState = ActionState.DONE, status: str = "Created") -> Payment:
    """A payment whose issue stands so."""
    first = Payment(
        tenant=TENANT_ID,
        payment_id=PAYMENT_ID,
        vendor="optum",
        operation="issue_payment",
        amount_cents=12500,
        caller_reference="EVRYHEALTH001",
        fingerprint="0" * 32,
        created_at_ms=_AT_MS,
        updated_at_ms=_AT_MS,
        available_balance_cents=12500,
    )
    action = Action(
        verb="issue",
        number=1,
        state=ActionState.SENDING,
        actor=ACTOR,
        opened_at_ms=_AT_MS,
        attempts=(Attempt(number=1, token="", intent_at_ms=_AT_MS),),
    )
    sending = evolve(first, now_ms=_AT_MS, actor=ACTOR, reason="asked for", action=action)
    return _ended(sending, state, status)


def voided() -> Payment:
    """A payment that was issued and then voided."""
    issued = payment(status="Sent")
    action = Action(
        verb="void",
        number=2,
        state=ActionState.SENDING,
        actor=ACTOR,
        opened_at_ms=_AT_MS + 60_000,
        reason=ASKED_BODY["reason"],
        attempts=(Attempt(number=1, token="", intent_at_ms=_AT_MS + 60_000),),
    )
    asked = evolve(issued, now_ms=_AT_MS + 60_000, actor=ACTOR, reason="asked for", action=action)
    return _ended(asked, ActionState.DONE, "Voided")


def _ended(sending: Payment, state: ActionState, status: str) -> Payment:
    action, is_done = sending.action, state is ActionState.DONE
    now_ms = sending.updated_at_ms + 418
    attempt = Attempt(
        number=1,
        token="",
        intent_at_ms=action.opened_at_ms,
        ended_at_ms=now_ms if is_done else None,
        outcome="done" if is_done else None,
        reference=_VENDOR_REFERENCE if is_done else None,
    )
    changes: dict[str, Any] = {}
    if is_done:
        changes = {"vendor_reference": _VENDOR_REFERENCE, "vendor_status": status}
    return evolve(
        sending,
        now_ms=now_ms,
        actor="payhub",
        reason="the vendor carried it out" if is_done else "no answer within 10 s",
        action=Action(
            verb=action.verb,
            number=action.number,
            state=state,
            actor=action.actor,
            opened_at_ms=action.opened_at_ms,
            reason=action.reason,
            attempts=(attempt,),
        ),
        **changes,
    )


def issued_body() -> Any:
    """The answer to an issue."""
    return representations.payment_object(payment(), CALLER)


def unknown_body() -> Any:
    """The answer while nobody knows."""
    return representations.payment_object(payment(ActionState.UNKNOWN), CALLER)


def voided_body() -> Any:
    """The answer to an action."""
    return representations.payment_object(voided(), CALLER)


def details_body() -> Any:
    """Everything about a payment."""
    details = PaymentDetails(payment=voided(), contract=CONTRACTS["void"])
    return json.loads(representations.details_answer(details, CALLER, CORRELATION_ID)["body"])


def page_body() -> Any:
    """A page with one payment."""
    return {"payments": [issued_body()], "nextCursor": CURSOR}


def letter_body(redriven_at_ms: int | None = None) -> Any:
    """A dead letter."""
    letter = DeadLetter(
        tenant=TENANT_ID,
        letter_id=LETTER_ID,
        kind="payment",
        subject_id=PAYMENT_ID,
        vendor="optum",
        reason="not sent in 40 attempts",
        at_ms=_AT_MS,
        redriven_at_ms=redriven_at_ms,
        redriven_by=None if redriven_at_ms is None else "operator:51c0a7d3",
    )
    return representations.letter_object(letter)


def redriven_body() -> Any:
    """A dead letter on its way again."""
    return letter_body(_AT_MS + 3_600_000)


def letters_body() -> Any:
    """A page with one dead letter."""
    return {"deadLetters": [letter_body()], "nextCursor": None}


def token_body() -> Any:
    """A token that opens nothing."""
    opaque = "b3Blbi1zZXNhbWUtYnV0LW5vdC1yZWFsbHktYS1rZXk"
    return {"access_token": opaque, "token_type": "Bearer", "expires_in": 3600}


def event_body() -> Any:
    """A vendor's event."""
    return {
        "id": _VENDOR_REFERENCE,
        "source": "payments",
        "specVersion": "1.0",
        "type": "payment_sent",
        "dataContentType": "application/json",
        "data": {"type": "payment_sent", "status": "Sent", "amount": 125.00},
        "time": "2026-11-21T14:03:07.512Z",
        "causationId": "5f6f0c1d-7f53-4c39-8f6f-6f3f7f6a4a11",
    }
