"""The issuer's side of one tenant: its secret, its subscription, and the hub's inbox of it."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

import httpx

from payhub.domain.records import InboxRecord
from payhub.store.items import event_of
from payhub.store.table import Table
from payhub.store.tenants import Tenants
from payhub.vendors.optum.auth import OptumSettings, settings_of
from tests.support.hub import Hub, Json, new_key

SIGNATURE = "X-Optum-Webhook-Callback-Hmac-Signature"


@dataclass(frozen=True)
class VendorSide:
    """What the vendor of one tenant can do to the hub."""

    hub: Hub

    @property
    def secret(self) -> dict[str, str]:
        """The vendor credentials as the hub holds them."""
        found = self._secrets.get_secret_value(SecretId=self._secret_name)
        secret: dict[str, str] = json.loads(found["SecretString"])
        return secret

    def keep_secret(self, secret: dict[str, str]) -> None:
        """Give the hub other credentials, as a rotation would."""
        self._secrets.put_secret_value(SecretId=self._secret_name, SecretString=json.dumps(secret))

    @property
    def settings(self) -> OptumSettings:
        """How the hub reaches the vendor."""
        tenant = Tenants(self._table).load(self.hub.tenant.tenant)
        assert tenant is not None
        return settings_of(tenant)

    def webhook(self, body: bytes, key: str, tenant: str = "") -> httpx.Response:
        """Post a webhook signed with that key."""
        return self.post(body, signature_of(body, key), tenant)

    def post(self, body: bytes, signature: str, tenant: str = "") -> httpx.Response:
        """Post a webhook with any signature."""
        return httpx.post(
            f"{self.hub.stack.base_url}/webhooks/optum/{tenant or self.hub.tenant.tenant}",
            content=body,
            headers={SIGNATURE: signature, "Content-Type": "application/json"},
            timeout=60,
        )

    def inbox(self, text: str = "") -> list[InboxRecord]:
        """Every stored event of the tenant whose body contains the text."""
        client = self.hub.stack.client("dynamodb")
        pages = client.get_paginator("scan").paginate(
            TableName=self.hub.stack.deployed.outputs["TableName"],
            FilterExpression="begins_with(pk, :events)",
            ExpressionAttributeValues={":events": {"S": f"TENANT#{self.hub.tenant.tenant}#EVENT#"}},
        )
        records = [event_of(item) for page in pages for item in page["Items"]]
        return [it for it in records if text in it.body]

    def subscription(self) -> Json:
        """The tenant's subscription as the vendor shows it."""
        found: list[Json] = self._call("GET", "/subscriptions")["subscriptions"]
        return next(it for it in found if it["id"] == self.settings.subscription_id)

    def move_subscription(self, url: str) -> None:
        """Have the vendor send its webhooks elsewhere."""
        subscription = self.subscription()
        self._call(
            "PUT",
            f"/subscriptions/{subscription['id']}",
            {
                "url": url,
                "eventNames": subscription["eventNames"],
                "auth": {"apiKey": {"key": self.secret["webhook_secret"]}},
            },
        )

    def missed_events(self) -> list[Json]:
        """What the vendor could not deliver."""
        path = f"/subscriptions/{self.settings.subscription_id}/missed-events"
        found: list[Json] = self._call("GET", path)["missedEvents"]
        return found

    def act(self, verb: str, reference: str) -> None:
        """Somebody acts on the payment at the vendor, past the hub."""
        self._request("POST", f"{self.settings.prefix}/payments/{reference}/{verb}")

    def _call(self, method: str, path: str, body: Json | None = None) -> Any:
        return self._request(method, self.settings.event_prefix + path, body)

    def _request(self, method: str, path: str, body: Json | None = None) -> Any:
        settings = self.settings
        answer = httpx.request(
            method,
            settings.base_url + path,
            json=body,
            headers={"API-Key": self.secret["api_key"], "X-Optum-Tenant-Id": settings.tenant_id},
        )
        return answer.raise_for_status().json()

    @property
    def _secrets(self) -> Any:
        return self.hub.stack.client("secretsmanager")

    @property
    def _secret_name(self) -> str:
        prefix = self.hub.stack.deployed.outputs["SecretPrefix"]
        return f"{prefix}/{self.hub.tenant.tenant}/optum"

    @property
    def _table(self) -> Table:
        outputs = self.hub.stack.deployed.outputs
        return Table(self.hub.stack.client("dynamodb"), outputs["TableName"])


def signature_of(body: bytes, key: str) -> str:
    """Hex HMAC-SHA256 over exactly these bytes."""
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def event_body(reference: str, status: str, event_id: str | None = None) -> bytes:
    """An envelope as the vendor writes it."""
    envelope = {
        "id": reference,
        "specVersion": "1.0",
        "type": f"payment_{status.lower()}",
        "data": {"type": "Payment", "status": status},
        "time": "2026-11-21T12:00:00.000Z",
        "causationId": event_id or new_key(),
    }
    return json.dumps(envelope).encode()
