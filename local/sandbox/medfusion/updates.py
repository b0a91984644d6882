"""Reads a posted document: which payments shall have which status."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from local.sandbox.medfusion import schema, xml_text
from local.sandbox.medfusion.calls import Call
from local.sandbox.medfusion.refusals import invalid
from local.sandbox.medfusion.xml_text import Element, text_of
from local.sandbox.redaction import masked


@dataclass(frozen=True)
class Update:
    """What a practice says of one payment; the amount is None where it is not repeated."""

    payment_id: str
    status: str
    amount_cents: int | None


def read(call: Call, type_: str) -> list[Update]:
    """At least one; raises Refused with 400."""
    try:
        root = xml_text.parse(call.body)
    except ValueError as error:
        raise invalid(str(error)) from None
    schema.check(schema.PAYMENTS, root)
    if root.findtext("PracticeInformation//PracticeId", "").strip() != call.practice_id:
        raise invalid("PracticeId must be that of the path")
    return [_update(element, type_) for element in root.findall("Payment")]


def _update(element: Element, type_: str) -> Update:
    if element.findtext("PaymentType", "").strip() != type_:
        raise invalid(f"PaymentType must be {type_} here")
    amount = element.find("PaymentInformation/AmountPaid")
    return Update(
        payment_id=masked(element.get("id", "").strip()),
        status=element.findtext("PaymentStatus", "").strip(),
        amount_cents=None if amount is None else int(Decimal(text_of(amount)) * 100),
    )
