"""A patient's account: appointments with copays, claims with charges, money not applied yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.sandbox.store import Document


@dataclass
class Transaction:
    """What a charge owes more (positive) or less (negative) since then."""

    id: int
    date: str
    type: str
    amount_cents: int
    transfertype: str = ""
    epayment_id: int | None = None


@dataclass
class Charge:
    id: int
    procedurecode: str
    description: str
    transactions: list[Transaction]

    @property
    def outstanding_cents(self) -> int:
        return sum(each.amount_cents for each in self.transactions)

    def add(self, entry: Entry, amount_cents: int) -> None:
        number = self.id * 100 + len(self.transactions)
        self.transactions.append(
            Transaction(
                number, entry.date, entry.type, amount_cents, entry.transfertype, entry.epayment_id
            )
        )


@dataclass
class Claim:
    id: int
    department_id: int
    date: str
    charges: list[Charge]
    plan_id: int | None = None

    @property
    def outstanding_cents(self) -> int:
        return sum(charge.outstanding_cents for charge in self.charges)

    @property
    def status(self) -> str:
        return "OPEN" if self.outstanding_cents else "CLOSED"


@dataclass
class Appointment:
    id: int
    department_id: int
    date: str
    copay_cents: int
    paid_cents: int = 0


@dataclass(frozen=True)
class Entry:
    """How a change of the account shows among the transactions of its charges."""

    date: str
    type: str = "PAYMENT"
    transfertype: str = ""
    epayment_id: int | None = None


@dataclass(frozen=True)
class Split:
    """What the payer wants paid; claims by id."""

    copay_cents: int = 0
    appointment_id: int = 0
    other_cents: int = 0
    claims: dict[str, int] = field(default_factory=dict)

    @property
    def total_cents(self) -> int:
        return self.copay_cents + self.other_cents + sum(self.claims.values())


@dataclass(frozen=True)
class Allocation:
    """Where a payment went, so that a void or refund can take it back; charges by id."""

    copay_cents: int
    appointment_id: int
    unapplied_cents: int
    charges: dict[str, int]


@dataclass
class Patient:
    practice_id: str
    id: int
    first_name: str
    last_name: str
    provider_group: int
    departments: list[int]
    unapplied_cents: int
    appointments: list[Appointment]
    claims: list[Claim]

    @classmethod
    def from_document(cls, document: Document) -> Patient:
        appointments = [Appointment(**each) for each in document["appointments"]]
        claims = [_claim(each) for each in document["claims"]]
        return cls(**{**document, "appointments": appointments, "claims": claims})

    @property
    def outstanding_cents(self) -> int:
        return sum(claim.outstanding_cents for claim in self.claims)

    def claim(self, claim_id: int) -> Claim | None:
        return next((each for each in self.claims if each.id == claim_id), None)

    def charge(self, charge_id: int) -> Charge | None:
        charges = (charge for claim in self.claims for charge in claim.charges)
        return next((each for each in charges if each.id == charge_id), None)

    def appointment(self, appointment_id: int) -> Appointment | None:
        return next((each for each in self.appointments if each.id == appointment_id), None)

    def pay(self, split: Split, entry: Entry) -> Allocation:
        """Claims from their first charge on; what is too much for a claim stays unapplied."""
        unapplied_cents = split.other_cents
        paid: dict[str, int] = {}
        for claim_id, cents in split.claims.items():
            claim = self.claim(int(claim_id))
            left_cents = cents
            for charge in claim.charges if claim else []:
                part_cents = min(left_cents, charge.outstanding_cents)
                if part_cents > 0:
                    charge.add(entry, -part_cents)
                    paid[str(charge.id)] = part_cents
                    left_cents -= part_cents
            unapplied_cents += left_cents
        self.unapplied_cents += unapplied_cents
        self._pay_copay(split.appointment_id, split.copay_cents)
        return Allocation(split.copay_cents, split.appointment_id, unapplied_cents, paid)

    def take_back(self, allocation: Allocation, entry: Entry) -> None:
        self.unapplied_cents -= allocation.unapplied_cents
        self._pay_copay(allocation.appointment_id, -allocation.copay_cents)
        for charge_id, cents in allocation.charges.items():
            charge = self.charge(int(charge_id))
            if charge:
                charge.add(entry, cents)

    def _pay_copay(self, appointment_id: int, cents: int) -> None:
        appointment = self.appointment(appointment_id)
        if appointment:
            appointment.paid_cents += cents


def _claim(document: Document) -> Claim:
    charges = [
        Charge(**{**each, "transactions": [Transaction(**entry) for entry in each["transactions"]]})
        for each in document["charges"]
    ]
    return Claim(**{**document, "charges": charges})
