"""Payments and their one-payment batches, as they are kept and as they are shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from local.sandbox.clock import iso
from local.sandbox.money import dollars
from local.sandbox.optum import lifecycle
from local.sandbox.optum.money import from_cents
from local.sandbox.optum.tenants import VENDOR, Tenant
from local.sandbox.store import Store

_PAYMENT, _BATCH = "payment", "batch"
_FUNDING_TYPE = "PreFundedSameDay"


@dataclass(frozen=True)
class Payment:
    """`available_cents` is out and not cashed; `voided_cents` is what the last void took back.

    `cycle` counts the times it was sent on its way, so that a step planned before a void does not
    move the payment after its reissue.
    """

    payment_id: str
    batch_id: str
    tenant_id: str
    client_request_id: str
    account: str
    sub_account: str | None
    issuer_reference_id: str
    amount_cents: int
    status: str
    created_ms: int
    available_cents: int = 0
    voided_cents: int = 0
    cycle: int = 0


class Payments:
    """By id, and newest batch first for a tenant."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, payment: Payment) -> None:
        """A new payment with its batch."""
        self.save(payment)
        batch = {"payment_id": payment.payment_id}
        self._store.put(VENDOR, _BATCH, payment.batch_id, batch, payment.tenant_id)

    def save(self, payment: Payment) -> None:
        self._store.put(VENDOR, _PAYMENT, payment.payment_id, asdict(payment), payment.tenant_id)

    def get(self, payment_id: str) -> Payment | None:
        body = self._store.get(VENDOR, _PAYMENT, payment_id)
        return Payment(**body) if body else None

    def in_batch(self, batch_id: str) -> Payment | None:
        batch = self._store.get(VENDOR, _BATCH, batch_id)
        return self.get(batch["payment_id"]) if batch else None

    def page(self, tenant_id: str, page: int, page_size: int) -> tuple[list[Payment], int]:
        """The payments behind one page of batches, and how many batches there are in all."""
        batches, total = self._store.page(VENDOR, _BATCH, tenant_id, page, page_size)
        found = (self.get(batch["payment_id"]) for batch in batches)
        return [payment for payment in found if payment], total


def payment_object(payment: Payment, tenant: Tenant) -> dict[str, Any]:
    """The documented payment object, with the batch it was tied to."""
    return {
        "paymentId": payment.payment_id,
        "tenantId": payment.tenant_id,
        "issuerReferenceId": payment.issuer_reference_id,
        "amount": from_cents(payment.amount_cents, tenant.amount_unit),
        "status": payment.status,
        "version": 1,
        "batchId": payment.batch_id,
    }


def payment_details(payment: Payment, tenant: Tenant) -> dict[str, Any]:
    """The payment object with the balance that decides about a void."""
    return {
        **payment_object(payment, tenant),
        "availableBalance": from_cents(payment.available_cents, tenant.amount_unit),
        "accountShortCode": payment.account,
        "subAccountShortCode": payment.sub_account,
    }


def batch_object(payment: Payment, tenant: Tenant) -> dict[str, Any]:
    """The batch of one payment; totals are decimal dollars whatever the tenant's unit."""
    waiting = payment.status in (lifecycle.CREATED, lifecycle.HELD)
    sub_account = payment.sub_account
    return {
        "batchId": payment.batch_id,
        "tenantId": payment.tenant_id,
        "clientRequestId": payment.client_request_id,
        "accountId": tenant.account_id(payment.account),
        "subAccountId": tenant.account_id(sub_account) if sub_account else None,
        "fundingType": _FUNDING_TYPE,
        "batchStatus": "Created" if waiting else "Funding",
        "expectedBatchTotal": dollars(payment.amount_cents),
        "expectedNumberOfPayments": 1,
        "currentBatchTotal": dollars(payment.amount_cents),
        "currentNumberOfPayments": 1,
        "batchCreatedDate": iso(payment.created_ms),
    }
