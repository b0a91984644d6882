"""Decoda in a simulation: a clinic, its payers, and what both sides' books must agree on."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from payhub.domain.payment import ActionState, Payment
from payhub.domain.plan import InstallmentState
from payhub.plans import PLAN_OPERATION, TAKEN_OPERATION
from payhub.vendors.decoda.contract import CREATED, IN_REVIEW, PRESENTING, PROCESSING, SUCCEEDED
from tests.support.decoda_world import OTHER_ID, PATIENT, REFUND, TENANT_ID, DecodaWorld
from tests.support.patient_canary import COMMENT
from tests.support.patient_canary import PATIENT as CANARY
from tests.support.sandbox_world import Json, Said
from tests.support.simulation.simulated import CARRIED, NoAnswer, Simulated

HTTP_OK = 200

ON_THE_WAY = frozenset({CREATED, PRESENTING, IN_REVIEW, PROCESSING})
"""The vendor's words for payments and refunds that have not come to their end."""

_INSTALLMENTS = {
    "SCHEDULED": InstallmentState.SCHEDULED,
    "COMPLETED": InstallmentState.PAID,
    "FAILED": InstallmentState.FAILED,
    "CANCELLED": InstallmentState.CANCELLED,
}


class SimulatedDecoda(Simulated, DecodaWorld):
    """Two clinics, the second without patients; everything may go wrong."""

    schedules: ClassVar[dict[str, int]] = {"collect_missed_events": 300}
    never_stored: ClassVar[tuple[str, ...]] = ("key-clinic-1", "key-clinic-2")
    stored_only_in: ClassVar[Mapping[str, frozenset[str]]] = {
        "Brackenfjord": frozenset({CARRIED}),
        "1931-07-09": frozenset({CARRIED}),
        "COMMENTCANARY": frozenset({CARRIED}),
    }
    """Of a patient whose charges are settled or planned: in the request that is sent again."""

    patients: ClassVar[Mapping[str, int]] = {TENANT_ID: PATIENT, OTHER_ID: 0}

    def _make_ports(self) -> None:
        super()._make_ports()
        self.refunded_there: list[str] = []

    def refund_there(self, cents: int) -> None:
        """Somebody in the clinic gives back a part of each payment, past the hub, once."""
        for row in self.kept("payment"):
            if row["id"] not in self.refunded_there:
                body = {"paymentId": row["id"], "amount": cents, "reason": "OTHER"}
                self.at_vendor("POST", REFUND, {**body, "providerId": "provider-1"})
                self.refunded_there.append(row["id"])

    def charges_of_patient(self) -> list[Json]:
        """A charge as a caller may write it, with everything about its patient."""
        (charge,) = self.charges(1)
        return [{**charge, "patient": {**CANARY, "id": charge["patientId"]}, "comment": COMMENT}]

    def kept(self, kind: str) -> list[Json]:
        """What the vendor's books have of a kind, oldest first."""
        found: list[Json] = self.sandbox.store.all("decoda", f"decoda_{kind}")
        return found

    def refunds(self) -> list[Json]:
        """Every refund at the vendor, also what failed."""
        return [refund for row in self.kept("payment") for refund in row["refunds"]]

    @property
    def is_quiet(self) -> bool:
        """And no webhook is tried again, and no money known to be on its way."""
        return super().is_quiet and not self._awaits_news()

    def _awaits_news(self) -> bool:
        told = all(it.state != "pending" for it in self.sandbox.outbox.deliveries("decoda"))
        words = {
            word
            for payment in self.payments()
            for word in (payment.vendor_status, *(it.status for it in payment.refunds))
        }
        return not told or bool(words & ON_THE_WAY)

    def told(self, ask: Callable[[], Said]) -> Said | None:
        """What a caller is told in the end who comes back later for what was not known at once."""
        try:
            said = self.answered(ask)
            if said.status != HTTP_OK:
                self.come_to_rest()
                said = self.answered(ask)
        except NoAnswer:
            return None
        return said if said.status == HTTP_OK else None

    # What the two sides' books say

    def wrong_books(self) -> Iterator[str]:
        """Payments and plans that only one side knows, or that they do not say the same of."""
        payments = self.payments()
        yield from self._wrong_payments(payments)
        yield from self._wrong_plans([it for it in payments if it.operation == PLAN_OPERATION])

    def _wrong_payments(self, payments: list[Payment]) -> Iterator[str]:
        known: dict[str, Payment] = {}
        for payment in payments:
            reference = payment.vendor_reference
            if payment.operation == PLAN_OPERATION or reference is None:
                continue
            if reference in known:
                yield f"two payments of the hub's are the vendor's {reference}"
            known[reference] = payment
        for row in self.kept("payment"):
            mine = known.pop(row["id"], None)
            if mine is None:
                yield f"the hub knows nothing of {row['amount_cents']} cents, {row['status']}"
            else:
                there = self.refunded_there.count(row["id"])
                yield from _wrong_payment(row, mine, self._net_cents(row["id"]), there)
        yield from (f"the vendor knows nothing of {reference}" for reference in known)

    def _net_cents(self, reference: str) -> int:
        """What moved in for a payment, less what went back."""
        moved = self.sandbox.truth_book.movements("decoda", reference)
        return sum(it.amount_cents if it.direction == "in" else -it.amount_cents for it in moved)

    def _wrong_plans(self, plans: list[Payment]) -> Iterator[str]:
        known = {plan.alias: plan for plan in plans if plan.alias is not None}
        if len(known) != sum(plan.alias is not None for plan in plans):
            yield "two plans of the hub's are one of the vendor's"
        for row in self.kept("plan"):
            mine = known.pop(f"plan/{row['id']}", None)
            if mine is None:
                yield f"the hub knows nothing of a plan that is {row['status']}"
            else:
                rows = [it for it in self.kept("payment") if it["plan_id"] == row["id"]]
                yield from _wrong_plan(row, rows, mine, _taken_for(mine, self.payments()))
        yield from (f"the vendor knows nothing of {name}" for name in known)


def _wrong_payment(row: Json, mine: Payment, net_cents: int, there: int) -> Iterator[str]:
    """One payment in the vendor's books, in the hub's, and in the truth book.

    `there` counts its refunds that somebody made past the hub.
    """
    ours: list[Any] = [mine.amount_cents, mine.vendor_status]
    ours += sorted((it.refund_id, it.amount_cents, it.status) for it in mine.refunds)
    theirs: list[Any] = [row["amount_cents"], row["status"]]
    theirs += sorted((it["id"], it["amount_cents"], it["status"]) for it in row["refunds"])
    if ours != theirs:
        yield f"at the vendor {theirs}, at the hub {ours}"
    back_cents = sum(it.amount_cents for it in mine.refunds if it.status == SUCCEEDED)
    known_cents = mine.amount_cents - back_cents if mine.vendor_status == SUCCEEDED else 0
    if net_cents != known_cents:
        yield f"{net_cents} cents moved, {known_cents} are known"
    if net_cents < 0:
        yield f"{-net_cents} cents more went back than were paid"
    done = [it for it in mine.actions if it.verb == "refund" and it.state is ActionState.DONE]
    if len(done) + there != len(mine.refunds):
        yield f"{len(done)} refunds were asked for and made, {len(mine.refunds)} are known"


def _taken_for(plan: Payment, payments: list[Payment]) -> list[Payment]:
    return [
        it
        for it in payments
        if it.operation == TAKEN_OPERATION and it.caller_reference == plan.payment_id
    ]


def _wrong_plan(row: Json, rows: list[Json], mine: Payment, taken: list[Payment]) -> Iterator[str]:
    """One plan's terms and installments, to the cent and the day, and what was taken for it."""
    plan = mine.plan
    assert plan is not None
    theirs = [(it["amount_cents"], it["day"], _INSTALLMENTS[it["status"]]) for it in row["planned"]]
    ours = [(it.amount_cents, it.due_on.isoformat(), it.state) for it in plan.installments]
    if (row["status"], theirs) != (mine.vendor_status, ours):
        yield f"a plan at the vendor {row['status']} {theirs}, here {mine.vendor_status} {ours}"
    if plan.initial_cents + sum(it.amount_cents for it in plan.installments) != plan.total_cents:
        yield f"the installments do not sum up to {plan.total_cents}: {ours}"
    if plan.difference is not None:
        yield f"not as it was agreed: {plan.difference}"
    paid = [it for it in plan.installments if it.state is InstallmentState.PAID]
    paid_cents = sum(it.amount_cents for it in paid)
    got = [it for it in rows if it["planned_id"] and it["status"] == SUCCEEDED]
    got_cents = sum(it["amount_cents"] for it in got)
    if paid_cents != got_cents:
        yield f"{got_cents} cents were taken as installments, {paid_cents} show as paid"
    if sorted(it["id"] for it in rows) != sorted(str(it.vendor_reference) for it in taken):
        yield f"{len(rows)} payments were taken for the plan, {len(taken)} name it"
