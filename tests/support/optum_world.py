"""A Hub on fakes whose issuer is the sandbox's own machine, in memory, on one clock.

Webhooks reach the functions' own handler at once.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from local.sandbox.truth_book import Movement
from local.sandbox.webhooks import Outcome, Post
from payhub.operations.create_tenant import CreateTenant, create_tenant
from tests.support.fakes import issue_values
from tests.support.sandbox_world import OTHER_ID, TENANT_ID, Json, Said, SandboxWorld, functions

URL = "http://optum.test"
AT_THE_VENDOR = {
    TENANT_ID: "a976ced5-28ea-4e08-a267-024d2751e591",
    OTHER_ID: "b087dfe6-39fb-4f19-b378-135e3862f602",
}
"""The hub's tenants, and how the issuer calls them."""

OPEN_ACCOUNT, HOLD_ACCOUNT = "ACCT1", "ACCT2"
ACCOUNTS = {OPEN_ACCOUNT: {"hold": False}, HOLD_ACCOUNT: {"hold": True}}
STAYS_IN_LOADING_CENTS, FAILS_IN_LOADING_CENTS = 408, 403

_API = (
    *("issue_payment", "release_payment", "void_payment", "reissue_payment"),
    *("get_payment", "get_payment_details", "list_payments", "resolve_payment"),
)
_OTHERS = (
    *("webhooks.optum", "workers.advance_payment", "workers.apply_event"),
    *("schedules.sweep", "schedules.collect_missed_events"),
)


@dataclass
class OptumWorld(SandboxWorld):
    """Two tenants, each with an open account and one that holds its payments."""

    vendor: ClassVar[str] = "optum"
    url: ClassVar[str] = URL
    functions: ClassVar[tuple[str, ...]] = functions(_API, *_OTHERS)

    def begin(self) -> None:
        """Set the tenants up on both sides; needs the functions' handlers."""
        for tenant, known_as in AT_THE_VENDOR.items():
            known = {"tenant_id": known_as, "api_key": f"key-{known_as}", "amount_unit": "cents"}
            self.control("POST", "optum/tenants", {**known, "accounts": ACCOUNTS})
            command = {
                "tenant": tenant,
                "name": known_as,
                "amount_unit": "cents",
                "accounts": ACCOUNTS,
                "vendors": {
                    "optum": {"base_url": URL, "webhook_secret": f"hook-{known_as}", **known}
                },
            }
            create_tenant(self.hub, CreateTenant.model_validate(command))
        self.sent.clear()

    def _deliver(self, post: Post) -> Outcome:
        return Outcome(status=self.notify(post).status)

    # The vendor's books

    def movements(self) -> list[Movement]:
        """What really moved."""
        return self.sandbox.truth_book.movements("optum")

    def moved(self, operation: str) -> list[int]:
        """The amounts in cents that an operation moved."""
        return [row.amount_cents for row in self.movements() if row.operation == operation]

    def payments_of(self, reference: str) -> list[Json]:
        """The vendor's payments that carry the caller's reference."""
        rows = self.sandbox.store.all("optum", "payment")
        return [row for row in rows if row["issuer_reference_id"] == reference]

    # Its callers

    def issue(self, key: str | None = None, **values: Any) -> Said:
        """POST /payments; `amount` in cents, `reference` and `account` may differ."""
        return self.call("issue_payment", body=issue_values(**values)["body"], key=key)

    def ask(self, verb: str, payment_id: str, key: str | None = None, **more: Any) -> Said:
        """POST /payments/{paymentId}/{verb}, as an operator."""
        ids = {"paymentId": payment_id}
        return self.call(f"{verb}_payment", ids, {}, key, role="operator", **more)

    def issued(self, **values: Any) -> str:
        """The id of a payment that was issued, and is wherever it goes by itself."""
        said = self.issue(**values)
        assert said.status == 201, said
        self.go(30)
        return said.payment_id
