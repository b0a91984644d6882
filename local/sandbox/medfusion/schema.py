"""The form of a Payments document that is posted: names, order, what must be there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from local.sandbox.medfusion.payments import STATUSES
from local.sandbox.medfusion.refusals import invalid
from local.sandbox.medfusion.xml_text import Element, local_name, text_of

PAYMENTS_NAMESPACE = "http://schema.intuit.com/health/securePayments/v1"
_MORE_OF_DEVICES = ("deviceVersion", "vendorName", "deviceLocalTime", "deviceUTCTime")


@dataclass(frozen=True)
class Part:
    """An element: its text if it has no children, else its children in their order."""

    tag: str
    children: Sequence[Part] = ()
    text: str = ".*"
    attribute: str = ""
    more_attributes: Sequence[str] = ()
    required: bool = True
    many: bool = False


def _optional(tag: str, text: str = ".*") -> Part:
    return Part(tag, text=text, required=False)


def _device(tag: str) -> Part:
    return Part(tag, text="", attribute="deviceName", more_attributes=_MORE_OF_DEVICES)


_INFORMATION = Part(
    "PaymentInformation",
    (
        _optional("AmountPaid", r"[0-9]{1,7}\.[0-9]{2}"),
        _optional("CCType"),
        _optional("CCLast4Digits", "[0-9]{4}"),
        _optional("ConfirmationNumber"),
        _optional("PaymentComments"),
    ),
    required=False,
)
_PAYMENT = Part(
    "Payment",
    (
        _optional("PatientAccountNumber"),
        Part("PaymentType", text=".+"),
        Part("PaymentStatus", text="|".join(STATUSES)),
        _INFORMATION,
    ),
    attribute="id",
    many=True,
)
_PRACTICE = Part("PracticeIdentifier", (Part("PracticeId", text=".+"),))
PAYMENTS = Part(
    f"{{{PAYMENTS_NAMESPACE}}}Payments",
    (
        Part(
            "PaymentsMessageHeaders",
            (_device("Sender"), _device("Partner"), _device("Destination")),
        ),
        Part("PracticeInformation", (_PRACTICE,)),
        _PAYMENT,
    ),
)


def check(part: Part, element: Element) -> None:
    """The element and everything in it; raises Refused for the first mistake."""
    if element.tag != part.tag:
        raise invalid(f"the root must be {part.tag}")
    _check_attributes(part, element)
    if part.children:
        _check_children(part, element)
    elif len(element) or not re.fullmatch(part.text, text_of(element), re.DOTALL):
        raise invalid(f"{local_name(element)} has no allowed content")


def _check_attributes(part: Part, element: Element) -> None:
    if part.attribute and not element.get(part.attribute, "").strip():
        raise invalid(f"{local_name(element)} must have the attribute {part.attribute}")
    if not set(element.keys()) <= {part.attribute, *part.more_attributes}:
        raise invalid(f"{local_name(element)} has an attribute that is not known")


def _check_children(part: Part, element: Element) -> None:
    """As a sequence of XML Schema: each in its place."""
    if text_of(element) or any((child.tail or "").strip() for child in element):
        raise invalid(f"{local_name(element)} must not have text of its own")
    children = list(element)
    for wanted in part.children:
        count = 0
        while children and children[0].tag == wanted.tag:
            check(wanted, children.pop(0))
            count += 1
        if count == 0 and wanted.required:
            raise invalid(f"{local_name(element)} must have {wanted.tag} in its place")
        if count > 1 and not wanted.many:
            raise invalid(f"{local_name(element)} must have one {wanted.tag} only")
    if children:
        raise invalid(f"{local_name(element)} has an element that is unknown or out of place")
