"""Decoda's side of one tenant: its patients and their charges, its payers, its bank, its books."""

import hashlib
import hmac
import itertools
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from payhub.domain.identity import digest
from payhub.domain.records import InboxRecord
from payhub.store.items import event_of
from tests.support.browser import FORM, confirm_on_page
from tests.support.decoda_client import DecodaClient
from tests.support.hub import Hub, Json, Movement, eventually, new_key, read

VENDOR = "decoda"
SIGNATURE = "Decoda-Signature"

DECLINED_CENTS, NEVER_REFUNDED_CENTS, REFUND_FAILS_CENTS = 402, 409, 410
NO_CREDIT_CENTS = 422
"""The sandbox's magic amounts."""

_PATIENTS_OF_A_TENANT = 20
_http = httpx.Client(timeout=60, trust_env=False)
_numbers = itertools.count()


@dataclass(frozen=True)
class Charge:
    """A charge of a patient that no other test has, known by its id."""

    charge_id: str
    patient_id: str
    cents: int

    def shown(self, **more: Any) -> Json:
        """As a caller names it."""
        return {
            "id": self.charge_id,
            "patientId": self.patient_id,
            "totalOutstanding": self.cents,
            **more,
        }


@dataclass(frozen=True)
class DecodaSide:
    """What happens at the vendor, past the hub."""

    hub: Hub

    @property
    def tenant(self) -> str:
        """How the vendor calls the tenant."""
        return self.hub.tenant.vendor_tenant_ids[VENDOR]

    @property
    def caller(self) -> DecodaClient:
        """The tenant's caller at the hub."""
        return DecodaClient(self.hub.api)

    # What a practice does

    def patient(self) -> str:
        """One patient after the other."""
        patients: list[Json] = self._get("patients")
        return str(patients[next(_numbers) % _PATIENTS_OF_A_TENANT]["patient_id"])

    def charge(self, cents: int, patient_id: str = "") -> Charge:
        """A new charge, outstanding."""
        found = Charge(f"charge-{new_key()}", patient_id or self.patient(), cents)
        self._post(
            "charges",
            tenant=self.tenant,
            patient_id=found.patient_id,
            charge_id=found.charge_id,
            amount_cents=cents,
        )
        return found

    def payable(self, cents: int) -> Charge:
        """A new charge, of a patient who was given as much credit."""
        charge = self.charge(cents)
        self.give_credit(charge.patient_id, cents)
        return charge

    def give_credit(self, patient_id: str, cents: int) -> None:
        """A new credit that stays."""
        self._post("credits", tenant=self.tenant, patient_id=patient_id, amount_cents=cents)

    def account(self, patient_id: str) -> Json:
        """Credits and charges of a patient, in cents."""
        found: list[Json] = self._get("patients")
        return next(it for it in found if it["patient_id"] == patient_id)

    def outstanding_cents(self, charge: Charge) -> int:
        """What is still owed of it."""
        charges = self.account(charge.patient_id)["charges"]
        found = next(it for it in charges if it["charge_id"] == charge.charge_id)
        return int(found["outstanding_cents"])

    def speak(self, style: str) -> None:
        """The words of webhooks: those of the API description ("api") or of the guide."""
        self._post(
            "tenants", tenant=self.tenant, api_key=self.secrets()["api_key"], event_style=style
        )

    # What payers and banks do

    def page(self, payin: Json) -> str:
        """Where the payer finds the vendor's component."""
        url = self.hub.stack.settings.vendor_url(VENDOR)
        return f"{url}/component?sessionKey={payin['sessionKey']}"

    def confirm_on_page(self, payin: Json, method: str = "CARD", outcome: str = "approved") -> None:
        """In a browser; the test says so where there is none."""
        if confirm_on_page(self.page(payin), method, outcome) == FORM:
            warnings.warn("No Chromium here: the page's form was posted without one", stacklevel=2)

    def confirm(self, payin: Json, method: str = "CARD", outcome: str = "approved") -> Json:
        """The same without the page."""
        return self._post(
            "payins", payin_config_id=payin["payinConfigId"], method=method, outcome=outcome
        )

    def payin(self, payin_config_id: str) -> Json:
        """A payin as the vendor knows it."""
        found: list[Json] = self._get("payins")
        return next(it for it in found if it["payin_config_id"] == payin_config_id)

    def payins_of(self, charge: Charge) -> list[Json]:
        """Every payin that was prepared for a charge."""
        return [it for it in self._get("payins") if charge.charge_id in it["charge_ids"]]

    def return_payment(self, reference: str) -> None:
        """The bank takes back what came from an account."""
        self._post("ach-returns", payment_id=reference)

    # What the books say

    def books(self) -> Json:
        """Everything that the vendor has of the tenant."""
        return {it: self._get(it) for it in ("patients", "payins")}

    def events(self, *references: str) -> list[Json]:
        """The webhooks of a charge, a payment, a plan or a payin, oldest first."""
        sandbox = self.hub.sandbox_of(VENDOR)
        return [it for reference in references for it in sandbox.events(reference)]

    def event_types(self, charge: Charge) -> list[str]:
        """What the vendor told, or is to tell, of a charge."""
        return [str(it["type"]) for it in self.events(charge.charge_id)]

    def all_applied(self, charge: Charge) -> bool:
        """Whether the hub has every event of the charge and nothing is left to do about it."""
        stored = self.stored(charge)
        return len(stored) == len(self.events(charge.charge_id)) and all(
            it.state.is_final for it in stored
        )

    def stored(self, charge: Charge) -> list[InboxRecord]:
        """The events of a charge as the hub keeps them."""
        told = {digest(it["event_id"]) for it in self.events(charge.charge_id)}
        return [it for it in self.inbox("") if it.event_id in told]

    def movements(self, charge: Charge) -> list[Movement]:
        """Every movement of money of a charge, whatever the hub knows of it."""
        named = {it for event in self.events(charge.charge_id) for it in event["references"]}
        return [it for it in self.hub.sandbox_of(VENDOR).ledger() if it.reference in named]

    def received_cents(self, charge: Charge) -> int:
        """What was paid for a charge and not given or taken back."""
        return -sum(it.net_cents for it in self.movements(charge))

    # Webhooks

    def secrets(self) -> Json:
        """The vendor credentials as the hub holds them."""
        stack = self.hub.stack
        name = f"{stack.deployed.outputs['SecretPrefix']}/{self.hub.tenant.tenant}/{VENDOR}"
        found = stack.client("secretsmanager").get_secret_value(SecretId=name)
        secret: Json = json.loads(found["SecretString"])
        return secret

    def post_webhook(self, body: bytes, signature: str, tenant: str = "") -> httpx.Response:
        """A webhook with any signature."""
        return _http.post(
            f"{self.hub.stack.base_url}/webhooks/{VENDOR}/{tenant or self.hub.tenant.tenant}",
            content=body,
            headers={SIGNATURE: signature, "Content-Type": "application/json"},
        )

    def sign(self, body: bytes, secret: str = "") -> str:
        """Hex HMAC-SHA256 over exactly these bytes."""
        key = secret or self.secrets()["webhook_secret"]
        return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()

    def inbox(self, text: str) -> list[InboxRecord]:
        """Every stored event of the tenant whose body contains the text."""
        pages = self.hub.stack.client("dynamodb").get_paginator("scan")
        beginning = f"TENANT#{self.hub.tenant.tenant}#EVENT#"
        found = [
            event_of(item)
            for page in pages.paginate(
                TableName=self.hub.stack.deployed.outputs["TableName"],
                FilterExpression="begins_with(pk, :events)",
                ExpressionAttributeValues={":events": {"S": beginning}},
            )
            for item in page["Items"]
        ]
        return [it for it in found if text in it.body]

    def _get(self, what: str) -> Any:
        answer = _http.get(
            f"{self.hub.stack.sandbox_url}/_sandbox/{VENDOR}/{what}",
            params={"tenant": self.tenant},
        )
        return answer.raise_for_status().json()

    def _post(self, what: str, **fields: Any) -> Json:
        url = f"{self.hub.stack.sandbox_url}/_sandbox/{VENDOR}/{what}"
        answer = _http.post(url, json=fields)
        assert answer.is_success, answer.text
        shown: Json = answer.json()
        return shown


def plan_body(
    charges: Sequence[Charge],
    initial_cents: int,
    installments: int,
    each_cents: int,
    frequency: str = "MONTHLY",
    **more: Any,
) -> Json:
    """The body of a payin for a plan over all of the charges."""
    plan = {
        "initialAmount": initial_cents,
        "chargeIds": [it.charge_id for it in charges],
        "frequency": frequency,
        "installments": installments,
        "installmentAmount": each_cents,
    }
    return {
        "paymentMedium": "VIRTUAL_TERMINAL",
        "charges": [it.shown() for it in charges],
        "paymentPlan": plan,
        **more,
    }


def begun_plan(side: DecodaSide, initial_cents: int = 1_000) -> tuple[Charge, Json]:
    """A plan of three months of 30 dollars that its payer has confirmed."""
    charge = side.charge(initial_cents + 9_000)
    prepared = side.caller.create_payin(plan_body([charge], initial_cents, 3, 3_000))
    side.confirm(read(prepared))
    plan_id = prepared.headers["Payment-Id"]
    return charge, wait_for_plan(side, plan_id, "begun", status="active", paidCents=initial_cents)


def wait_for_plan(side: DecodaSide, plan_id: str, what: str, **wanted: Any) -> Json:
    """The plan as soon as these of its members are as wanted, with no action open."""
    last: Json = {}

    def look() -> Json | None:
        last.update(read(side.caller.plan(plan_id)))
        is_so = all(last[name] == value for name, value in wanted.items())
        return last if is_so and last["action"] is None else None

    try:
        return eventually(look, what)
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {last}") from None
