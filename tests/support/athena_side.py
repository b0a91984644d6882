"""Payments of patients as a test sees them: its caller, the vendor behind the hub, the books."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import httpx

from tests.support.athena_client import AthenaClient
from tests.support.hub import Hub, Json, Movement

VENDOR = "athena"

CARD_NUMBER, LAST4 = "4111111111111111", "1111"
OTHER_CARD_NUMBER, OTHER_LAST4 = "5555555555554444", "4444"
CARD: Mapping[str, Any] = {
    "accountnumber": CARD_NUMBER,
    "nameoncard": "Ada Abbott",
    "expirationmonthmm": 12,
    "expirationyearyyyy": 2031,
    "billingaddress": "1 Main Street",
    "billingzip": "02139",
    "cardsecuritycode": "0123",
}
"""A card that the processor takes. The security code is text: it may begin with a zero."""

PATIENTS_WITH_CLAIMS = range(1, 20)
"""Of the twenty that every practice of the sandbox is seeded with."""

SETTLES_AT_ONCE_CENTS, DECLINED_CENTS, UNPOSTABLE_CENTS = 409, 402, 422
"""The sandbox's magic amounts."""

_http = httpx.Client(timeout=60, trust_env=False)

_AMOUNTS_CENTS = range(5_001, 40_000)


_fresh_cents = random.sample([it for it in _AMOUNTS_CENTS if it % 5], k=20_000)


def fresh_cents() -> int:
    """An amount that no other test has, so that the truth book can be searched for it."""
    return _fresh_cents.pop()


def dollars(cents: int) -> str:
    """An amount as the documents want it."""
    return f"{cents // 100}.{cents % 100:02d}"


@dataclass(frozen=True)
class Patient:
    """One of the twenty patients that every practice of the sandbox is seeded with."""

    patient_id: int

    @property
    def department_id(self) -> int:
        """Where it may be treated."""
        return 1 if self.patient_id % 3 else 3

    def appointment_id(self, place: int = 1) -> int:
        """One of its three appointments."""
        return 10_000 + self.patient_id * 10 + place

    def claim_id(self, place: int = 1) -> int:
        """One of its three claims; the first is large."""
        return self.patient_id * 100 + place

    def charge_id(self, claim: int = 1, place: int = 1) -> int:
        """One of the two charges of a claim."""
        return self.claim_id(claim) * 10 + place


def purchase(patient: Patient, cents: int) -> Json:
    """The fields of a card payment that is for nothing in particular."""
    return {**CARD, "departmentid": patient.department_id, "otheramount": dollars(cents)}


@dataclass(frozen=True)
class AthenaSide:
    """The vendor behind one tenant's hub: its practice there, and the books."""

    hub: Hub

    def past_the_hub(self) -> AthenaClient:
        """A caller who goes straight to the vendor, with the practice's own credentials there."""
        stack, tenant = self.hub.stack, self.hub.tenant
        name = f"{stack.deployed.outputs['SecretPrefix']}/{tenant.tenant}/{VENDOR}"
        found = stack.client("secretsmanager").get_secret_value(SecretId=name)
        secret = json.loads(found["SecretString"])
        return AthenaClient(
            stack.settings.vendor_url(VENDOR),
            secret["client_id"],
            secret["client_secret"],
            tenant.practice_ids[0],
            tenant.vendor_codes[0],
        )

    def accounts(self) -> list[Json]:
        """What the vendor has of every patient: claims, charges, receipts, in cents."""
        answer = _http.get(
            f"{self.hub.stack.sandbox_url}/_sandbox/athena/patients",
            params={"practice": self.hub.tenant.practice_ids[0]},
        )
        return cast("list[Json]", answer.raise_for_status().json())

    def account(self, patient_id: int) -> Json:
        """The same of one patient."""
        return next(it for it in self.accounts() if it["patientid"] == patient_id)

    def claim(self, patient_id: int, claim_id: int) -> Json:
        """One claim of a patient at the vendor."""
        claims = self.account(patient_id)["claims"]
        return cast("Json", next(it for it in claims if it["claimid"] == claim_id))

    def stored_cards(self, patient_id: int) -> list[int]:
        """The receipts of cards that were stored for a patient."""
        receipts = self.account(patient_id)["receipts"]
        return [it["epaymentid"] for it in receipts if it["type"] == "AUTHORIZATION"]

    def moved(self, amount_cents: int) -> list[Movement]:
        """Every movement of an amount that no other test has, whatever the hub knows of it."""
        book = self.hub.sandbox_of(VENDOR).ledger()
        return [it for it in book if it.amount_cents == amount_cents]
