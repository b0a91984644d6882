"""The issuer in a simulation: issues, releases, voids, reissues, and the books they leave."""

from typing import Any

from local.sandbox.clock import ManualClock
from local.sandbox.sandbox import Sandbox
from payhub.operations.issue_payment import IssuePayment, issue_payment
from tests.support.doing import VERBS
from tests.support.fakes import issue_values
from tests.support.optum_world import ACCOUNTS
from tests.support.simulation.chance import Chance
from tests.support.simulation.optum_books import wrong_books
from tests.support.simulation.scenario import Kind, Wrongs, all_of
from tests.support.simulation.time_passing import Time
from tests.support.simulation.world import World

VENDOR_TENANT = "a976ced5-28ea-4e08-a267-024d2751e591"
KEY = "vendor-key"
FAULTS = (
    "disconnect",
    "timeout_before",
    "timeout_after",
    "http_500_before",
    "http_500_after",
    "http_429",
    "malformed",
    "decline",
    "late_apply",
)
OPERATIONS = ("issue_payment", "release_payment", "void_payment", "reissue_payment")
READS = ("get_payment_details", "list_batches", "get_batch_details")


class OptumSimulation:
    """One seed's world: act, let time pass, and look whether the books agree."""

    def __init__(self, seed: int, death_rate: float = 0.02) -> None:
        clock = ManualClock()
        self.chance = Chance(seed, clock)
        self.chance.meanwhile = self.one_step
        self.world = World("optum", self.chance, clock)
        self._make_tenant()
        self.chance.death_rate = death_rate
        self.time = Time(self.world)

    @property
    def trace(self) -> list[str]:
        """What happened."""
        return self.chance.trace

    @property
    def sandbox(self) -> Sandbox:
        """The vendor's side."""
        return self.world.sandbox

    def _make_tenant(self) -> None:
        known = {"tenant_id": VENDOR_TENANT, "api_key": KEY, "amount_unit": "cents"}
        self.world.control("POST", "optum/tenants", {**known, "accounts": ACCOUNTS})
        self.world.make_tenant({"accounts": ACCOUNTS}, {**known, "webhook_secret": "w"})

    def issue(self, key: str, account: str) -> None:
        """POST /payments."""
        values = issue_values(key=key, account=account, reference=f"ref-{key}")
        hub = self.world.hub
        self.chance.attempt(
            f"issue {key}",
            lambda: issue_payment(hub, self.world.caller, IssuePayment.model_validate(values)),
        )

    def ask(self, verb: str, payment_id: str) -> None:
        """POST /payments/{id}/{verb}, with a key now and then."""
        operation, command = VERBS[verb]
        random = self.chance.random
        key = f"{verb}-{random.randrange(3)}" if random.random() < 0.5 else None
        values = {"payment_id": payment_id, "idempotency_key": key}
        self.chance.attempt(
            f"{verb} {payment_id[:6]} {key}",
            lambda: operation(self.world.hub, self.world.caller, command.model_validate(values)),
        )

    def arm(self) -> None:
        """The vendor misbehaves once, some time from now."""
        random = self.chance.random
        fault, operation = random.choice(FAULTS), random.choice(OPERATIONS)
        if fault not in ("decline", "late_apply") and random.random() < 0.3:
            operation = random.choice(READS)
        body: dict[str, Any] = {"vendor": "optum", "operation": operation, "fault": fault}
        if fault == "late_apply":
            body |= {"delay_seconds": random.randrange(5, 800)}
        self.world.arm(body)

    def one_step(self) -> None:
        """Somebody does something, or time passes."""
        ids, random = self.world.payment_ids(), self.chance.random
        roll = random.random()
        if roll < 0.25 or not ids:
            self.issue(f"k{random.randrange(3)}", "ACCT1")
        elif roll < 0.30:
            self.issue(f"h{random.randrange(2)}", "ACCT2")
        elif roll < 0.55:
            self.ask(random.choice(list(VERBS)), random.choice(ids))
        elif roll < 0.75:
            self.arm()
        else:
            self.time.pass_seconds(random.choice([1, 5, 30, 200, 1500]))

    def settle(self, days: int = 5) -> None:
        """No more faults: let everything that is unfinished come to its end."""
        self.time.stop_failing()
        for _ in range(days * 24):
            self.time.pass_seconds(3600)
            if self.time.is_quiet():
                return

    def wrong(self) -> list[str]:
        """All that is wrong."""
        return all_of(self.wrongs())

    def wrongs(self) -> Wrongs:
        """What the truth book and the hub do not agree about, and what has not ended."""
        payments = self.world.payments()
        unfinished = [
            f"{payment.payment_id[:6]}: {action.verb} ended as {action.state.value}"
            for payment in payments
            if (action := payment.open_action)
        ]
        moved = self.sandbox.truth_book.movements("optum")
        return {Kind.MONEY: list(wrong_books(payments, moved)), Kind.LIVENESS: unfinished}
