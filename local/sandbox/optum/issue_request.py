"""The body of POST /payments: what is checked, and what is carried through unread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.sandbox import json_text
from local.sandbox.optum.money import to_cents
from local.sandbox.optum.problems import Problem, invalid
from local.sandbox.optum.tenants import Tenant

_TEXT_MAX = 255


@dataclass(frozen=True)
class IssueRequest:
    client_request_id: str
    account: str
    sub_account: str | None
    issuer_reference_id: str
    amount_cents: int


def parse(body: bytes, tenant: Tenant) -> IssueRequest:
    """Read a request; raises Problem naming the field."""
    request = json_object(body)
    payment = _object(request, "payment", "payment")
    details = _object(payment, "paymentDetails", "payment.paymentDetails")
    account = _text(request, "accountShortCode", "accountShortCode")
    _check_claims(payment)
    if account not in tenant.accounts:
        raise Problem(
            422,
            "Unprocessable Entity",
            f"accountShortCode {account} is not known",
            "UNKNOWN_ACCOUNT",
        )
    return IssueRequest(
        client_request_id=_text(request, "clientRequestId", "clientRequestId"),
        account=account,
        sub_account=_optional_text(request, "subAccountShortCode"),
        issuer_reference_id=_text(
            details, "issuerReferenceId", "payment.paymentDetails.issuerReferenceId"
        ),
        amount_cents=to_cents(details.get("amount"), tenant.amount_unit),
    )


def json_object(body: bytes) -> dict[str, Any]:
    """A body that must be a JSON object."""
    try:
        value = json_text.loads(body)
    except ValueError:
        raise invalid("The body", "must be JSON") from None
    if not isinstance(value, dict):
        raise invalid("The body", "must be a JSON object")
    return value


def _check_claims(payment: dict[str, Any]) -> None:
    claims = payment.get("totalNumberOfClaims")
    if not isinstance(claims, int) or isinstance(claims, bool) or not 0 <= claims < 2**31:
        raise invalid("payment.totalNumberOfClaims", "is required: an int32 of 0 or more")


def _object(parent: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise invalid(path, "is required: an object")
    return value


def _text(parent: dict[str, Any], name: str, path: str) -> str:
    value = parent.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_MAX:
        raise invalid(path, f"is required: text of 1 to {_TEXT_MAX} characters")
    return value


def _optional_text(parent: dict[str, Any], name: str) -> str | None:
    return None if parent.get(name) is None else _text(parent, name, name)
