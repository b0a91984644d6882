"""A caller written for Decoda, from its documents alone; plans and refunds as the hub has them."""

from collections.abc import Sequence
from typing import Any

import httpx

from tests.support.hub import Api

Json = dict[str, Any]

SETTLE_PATH = "/billing/payment-terminal/charge/create-patient-credit-settled"
PAYIN_PATH = "/billing/payment-plan/payin-config"


class DecodaClient:
    """One tenant's caller. Answers are raw: their status is the behaviour."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def settle(
        self, cents: int, charges: Sequence[Json], key: str | None = None, tenant: str = ""
    ) -> httpx.Response:
        """Settle charges with the patient's credit; the body is a JSON array."""
        query = {"amount": str(cents)}
        return self._api.send(
            "POST", SETTLE_PATH, list(charges), query, idempotency_key=key, tenant=tenant or None
        )

    def create_payin(self, body: Json, key: str | None = None, tenant: str = "") -> httpx.Response:
        """Prepare a payment plan; the payer confirms it later."""
        return self._api.send("POST", PAYIN_PATH, body, idempotency_key=key, tenant=tenant or None)

    def plan(self, plan_id: str) -> httpx.Response:
        """GET /payment-plans/{planId}."""
        return self._api.send("GET", f"/payment-plans/{plan_id}")

    def plans(self, **query: str) -> httpx.Response:
        """GET /payment-plans."""
        return self._api.send("GET", "/payment-plans", query=query)

    def cancel(
        self, plan_id: str, key: str | None = None, if_match: str | None = None
    ) -> httpx.Response:
        """POST /payment-plans/{planId}/cancel."""
        path = f"/payment-plans/{plan_id}/cancel"
        return self._api.send("POST", path, idempotency_key=key, if_match=if_match)

    def refund(
        self, payment_id: str, cents: int, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """POST /payments/{paymentId}/refund."""
        body = {"amount": cents, "reason": "OTHER", "providerId": "provider-1", **more}
        path = f"/payments/{payment_id}/refund"
        return self._api.send("POST", path, body, idempotency_key=key)
