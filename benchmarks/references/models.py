"""What the references have in common: the body's model, the vendor's settings, the stored item."""

import json
import os
import time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

TABLE = os.environ["PAYHUB_TABLE"]
TENANT = os.environ["REFERENCE_TENANT"]
VENDOR_URL = os.environ["REFERENCE_VENDOR_URL"]
VENDOR_HEADERS = {
    "API-Key": os.environ["REFERENCE_API_KEY"],
    "X-Optum-Tenant-Id": os.environ["REFERENCE_VENDOR_TENANT"],
}
VENDOR_SECONDS = 10.0


class Details(BaseModel):
    """What is paid."""

    model_config = ConfigDict(extra="allow")

    amount: int = Field(strict=True, gt=0)
    issuerReferenceId: str  # noqa: N815 - the vendor's name


class PaymentPart(BaseModel):
    """The payment."""

    model_config = ConfigDict(extra="allow")

    paymentDetails: Details  # noqa: N815
    totalNumberOfClaims: int = Field(default=0, ge=0)  # noqa: N815


class CreatePayment(BaseModel):
    """POST /payments."""

    clientRequestId: str = Field(min_length=1, max_length=64)  # noqa: N815
    accountShortCode: str  # noqa: N815
    payment: PaymentPart


class PaymentOut(BaseModel):
    """The answer."""

    paymentId: str  # noqa: N815
    issuerReferenceId: str  # noqa: N815
    amount: int
    status: str


def now() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


def item_of(
    payment_id: str, payment: CreatePayment, now_ms: int, answer: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The same state that Payhub keeps: the payment, its history, the attributes of the indexes."""
    details = payment.payment.paymentDetails
    status = "pending" if answer is None else answer["status"]
    history = [{"at": now_ms, "status": "pending", "actor": "caller", "reason": "asked for"}]
    if answer is not None:
        history.append({"at": now_ms, "status": status, "actor": "hub", "reason": "answered"})
    document = {
        "paymentId": payment_id,
        "tenant": TENANT,
        "amount": details.amount,
        "status": status,
        "vendorReference": None if answer is None else answer["paymentId"],
        "request": payment.model_dump(mode="json"),
        "history": history,
    }
    item = {
        "pk": {"S": f"TENANT#{TENANT}#PAYMENT#{payment_id}"},
        "sk": {"S": "PAYMENT"},
        "doc": {"S": json.dumps(document)},
        "by_tenant": {"S": f"TENANT#{TENANT}#PAYMENTS"},
        "created": {"S": f"{now_ms:013d}#{payment_id}"},
        "caller_ref": {"S": f"TENANT#{TENANT}#REFERENCE#{details.issuerReferenceId}"},
        "due_shard": {"S": "DUE#0"},
        "due_at": {"N": str(now_ms + 60_000)},
    }
    if answer is not None:
        item["vendor_ref"] = {"S": f"TENANT#{TENANT}#VENDOR#optum#{answer['paymentId']}"}
    return item


def vendor_body(payment_id: str, payment: CreatePayment) -> dict[str, Any]:
    """What the vendor is sent."""
    return {**payment.model_dump(mode="json"), "clientRequestId": payment_id}


def shown(payment_id: str, payment: CreatePayment, answer: dict[str, Any]) -> PaymentOut:
    """What the caller is told."""
    details = payment.payment.paymentDetails
    return PaymentOut(
        paymentId=payment_id,
        issuerReferenceId=details.issuerReferenceId,
        amount=details.amount,
        status=answer["status"],
    )
