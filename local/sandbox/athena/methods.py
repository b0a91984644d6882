"""How a recorded payment was made, and the fields that each way asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.sandbox.athena.forms import Form
from local.sandbox.athena.refusals import invalid

CASH, CHECK = "CASH", "CHECK"
CARD_METHODS = {
    "AMEX": "American Express",
    "DISCOVER": "Discover",
    "MASTERCARD": "MasterCard",
    "VISA": "Visa",
}
RECORDED_METHODS = {CASH: "Cash", CHECK: "Check", **CARD_METHODS}
VENDOR_METHODS = {**RECORDED_METHODS, "EFT": "Electronic funds transfer"}
_LAST4 = 4


def needed(form: Form, *, terminal: bool = False, number: bool = True) -> list[str]:
    """The fields that go with the payment method of a request."""
    method = form.text("paymentmethod")
    if method == CHECK:
        return ["checknumber"] if number else []
    if method in CARD_METHODS:
        fields = ["cardnumberlast4"] if number else []
        return [*fields, "vendorterminalid"] if terminal else fields
    return []


def check(form: Form, allowed: Mapping[str, str]) -> str:
    """The method of a request; raises Refused when it is none or its fields are wrong."""
    method = form.choice("paymentmethod", allowed)
    last4 = form.text("cardnumberlast4")
    if last4 and not (last4.isascii() and last4.isdigit() and len(last4) == _LAST4):
        raise invalid("cardnumberlast4", "must be 4 digits")
    return method


def shown(allowed: Mapping[str, str]) -> dict[str, Any]:
    methods = [{"name": name, "paymentmethod": method} for method, name in allowed.items()]
    return {"paymentmethods": methods, "totalcount": len(methods)}
