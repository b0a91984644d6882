"""Medfusion in a simulation: a portal, its patients, a practice system, and what they agree on."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from payhub.domain import passwords
from payhub.domain.payment import Payment
from payhub.portal import RECEIVED_OPERATION
from payhub.xml import parse
from tests.support.medfusion_world import PRACTICE, TENANT_ID, MedfusionWorld
from tests.support.sandbox_world import Json, Said
from tests.support.simulation.simulated import CARRIED, DOCUMENTS, NoAnswer, Simulated

HTTP_OK, HTTP_NO_CONTENT, HTTP_ACCEPTED = 200, 204, 202

ACCOUNT, COMMENT = "ACCOUNT-CANARY-77", "COMMENTCANARY about her knee"
_KEPT = frozenset({DOCUMENTS, CARRIED})


class SimulatedMedfusion(Simulated, MedfusionWorld):
    """Two tenants; everything may go wrong."""

    schedules: ClassVar[dict[str, int]] = {"poll_portal_payments": 300}
    never_stored: ClassVar[tuple[str, ...]] = (
        *("password-1", "secret-1", "app-1"),
        *("password-2", "secret-2", "app-2"),
    )
    stored_only_in: ClassVar[Mapping[str, frozenset[str]]] = {ACCOUNT: _KEPT, COMMENT: _KEPT}
    """Of a patient: with the payment, which is served as it came, and in reports of it."""

    def begin(self) -> None:
        """Passwords are cheap to hash here: what a guess costs is tested elsewhere."""
        cost, passwords._COST = passwords._COST, 2
        try:
            super().begin()
        finally:
            passwords._COST = cost

    def patient_pays(self, amount_cents: int = 2500) -> str:
        """In the portal; answers the vendor's id."""
        about = {"patient_account_number": ACCOUNT, "comments": COMMENT}
        return self.pay(amount_cents, **about)

    def told(self, ask: Callable[[], Said]) -> Said | None:
        """The answer to a report that its sender repeats until it is taken."""
        try:
            return self.answered(ask)
        except NoAnswer:
            return None

    # What the two sides' books say

    def wrong_books(self) -> Iterator[str]:
        """Payments that only one side knows, or that they do not say the same of."""
        theirs = {it["payment_id"]: it for it in self.control("GET", "medfusion/payments")}
        known: dict[str, Payment] = {}
        for payment in self.payments():
            if payment.operation != RECEIVED_OPERATION:
                continue
            reference = str(payment.vendor_reference)
            if reference in known:
                yield f"two payments of the hub's are the vendor's {reference}"
            known[reference] = payment
        if known.keys() != theirs.keys():
            yield f"the vendor has {len(theirs)} payments, the hub {len(known)}"
        for reference in known.keys() & theirs.keys():
            mine, row = known[reference], theirs[reference]
            ours = (mine.amount_cents, mine.status)
            if ours != (row["amount_cents"], row["status"]):
                yield f"at the vendor {row['amount_cents']}, {row['status']}, at the hub {ours}"


class Feed:
    """A practice system that reads what is new, from where it was told to go on."""

    def __init__(self, world: SimulatedMedfusion) -> None:
        self._world = world
        self._since: str | None = None
        self.read: list[str] = []

    def ask(self) -> Said:
        """One page."""
        said = self._world.get(since=self._since, max=1)
        if said.status in (HTTP_OK, HTTP_NO_CONTENT):
            self.read += _ids_of(said)
            self._since = said.headers["Last-Timestamp"]
        return said

    def catch_up(self) -> None:
        """Until nothing is new."""
        said = self._world.told(self.ask)
        while said is not None and said.status == HTTP_OK:
            said = self._world.told(self.ask)

    def wrong(self) -> Iterator[str]:
        """What was not served exactly once to who went on from each Last-Timestamp."""
        self.catch_up()
        paid = [it["payment_id"] for it in self._world.control("GET", "medfusion/payments")]
        if sorted(self.read) != sorted(paid):
            yield f"{len(paid)} payments were made, {len(self.read)} read, one after another"
        whole = _ids_of(self._world.get())
        if whole != self.read:
            yield f"read were {self.read}, the feed is {whole}"


def _ids_of(said: Said) -> list[str]:
    payments = parse(said.body.encode()).iterchildren("Payment") if said.body else ()
    return [it.get("id", "") for it in payments]


def messages_of(world: SimulatedMedfusion, reference: str, state: str = "") -> list[Json]:
    """The messages about a payment that the vendor accepted, or that came to that state."""
    found: list[Any] = world.messages(reference, PRACTICE)
    return [it for it in found if state in ("", it["state"])]


def stored_as(world: SimulatedMedfusion, reference: str) -> list[Payment]:
    """The hub's payments of that id of the vendor's."""
    return [
        it
        for it in world.payments()
        if (it.tenant, it.operation, it.vendor_reference)
        == (TENANT_ID, RECEIVED_OPERATION, reference)
    ]
