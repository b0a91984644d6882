"""The part of the tour that shows athenahealth's paths: a token, forms, the vendor's answers."""

import json
import secrets
from typing import Any

import httpx

from local.tour_steps import Json, Steps

_TAKEN, _DECLINED = "4111111111111111", "4000000000000002"
_HOLDER = {
    "nameoncard": "Ada Lovelace",
    "expirationmonthmm": "12",
    "expirationyearyyyy": "2099",  # a play moves the clock by a year
    "billingaddress": "1 Main St",
    "billingzip": "02110",
}
_ADJUSTED_CENTS = 1

Found = tuple[Json, Json]
"""What a request answered, and the payment behind it."""


class AthenaTour(Steps):
    """Patients' payments. Amounts are drawn, so that no play is the duplicate of another."""

    def run(self) -> None:
        """Every operation once."""
        self.token = self.fetch_token()
        self.practice = f"/v1/{self.tenant['practice_ids'][0]}"
        self.vendor = f"{self.practice}/patientpayvendors/{self.tenant['vendor_codes'][0]}"
        patients = self.patients()
        self.patient, self.charge = next(
            (patient, charge)
            for patient in patients
            for claim in patient["claims"]
            for charge in claim["charges"]
            if charge["outstanding_cents"] >= _ADJUSTED_CENTS
        )
        self.department = str(self.patient["departmentids"][0])
        self.collected_and_voided()
        self.stored()
        self.recorded()
        self.recorded_for_a_vendor_and_refunded()
        self.adjusted()
        self.planned(patients)

    def fetch_token(self) -> str:
        answer = self.client.post(
            "/oauth2/v1/token",
            auth=(self.tenant["client_id"], self.tenant["client_secret"]),
            data={"grant_type": "client_credentials"},
        )
        self.note("token", "POST /oauth2/v1/token", answer.status_code, {})
        return str(answer.raise_for_status().json()["access_token"])

    def patients(self) -> list[Json]:
        """The practice's patients, from the sandbox's controls: the vendor's own state."""
        answer = httpx.get(
            f"{self.settings.sandbox_url}/_sandbox/athena/patients",
            params={"practice": self.tenant["practice_ids"][0]},
        )
        found: list[Json] = answer.raise_for_status().json()
        return found

    def collected_and_voided(self) -> None:
        amount = _amount()
        path = self.of_patient("collectpayment")
        card = self.card(_TAKEN, otheramount=amount)
        answer, payment = self.post("collect by card", path, card)
        self.expect(payment["status"] == "Collected", "the card is charged")
        again, repeated = self.post("the same again, no key", path, card)
        self.expect(
            again == answer and repeated["paymentId"] == payment["paymentId"],
            "the same request without a key is a repeat",
        )
        other = self.card(_DECLINED, otheramount=amount)
        _, declined = self.post("a card that is declined", path, other, success=False)
        self.expect(declined["status"] == "declined", "a decline is told")
        epayment_id = str(answer["epaymentid"])
        _, voided = self.post("void", self.of_patient(f"voidpayment/{epayment_id}"))
        self.expect(voided["status"] == "Voided", "it is voided before it settles")
        receipts = self.get("receipts", self.of_patient("receipts"), departmentid=self.department)
        listed = {str(it["epaymentid"]): it["type"] for it in receipts}
        self.expect(listed.get(epayment_id) == "PURCHASE", "the purchase has a receipt")
        self.get("one receipt", self.of_patient(f"receipts/{epayment_id}"))
        details = self.get("its details", self.of_patient(f"receipts/{epayment_id}/details"))
        self.expect(details["amount"] == amount, "the receipt tells the amount")
        self.compare(voided, 0, self.movements("athena", epayment_id), "in")

    def stored(self) -> None:
        appointment = self.patient["appointments"][0]["appointmentid"]
        path = self.of_patient(f"collectpayment/singleappointment/{appointment}")
        card = self.card(_TAKEN, cardsecuritycode="123", maxamount="200")
        answer, payment = self.post("store a card", path, card, key="store")
        self.expect(payment["status"] == "CardStored", "the card is stored")
        self.compare(payment, 0, self.movements("athena", str(answer["epaymentid"])), "in")

    def recorded(self) -> None:
        body = {
            "departmentid": self.department,
            "paymentmethod": "CASH",
            "otheramount": _amount(),
        }
        path = self.of_patient("recordpayment")
        answer, payment = self.post("record cash", path, body, key="cash")
        self.expect(payment["status"] == "Posted", "cash is recorded")
        moved = self.movements("athena", str(answer["paymentbatchid"]))
        self.compare(payment, payment["amountCents"], moved, "in")

    def recorded_for_a_vendor_and_refunded(self) -> None:
        body = {
            "departmentid": self.department,
            "patientid": str(self.patient["patientid"]),
            "paymentmethod": "CASH",
        }
        paid = {**body, "externalrefid": f"TOUR-{self.play}", "otheramount": _amount()}
        path = f"{self.vendor}/payments"
        answer, payment = self.post("a payment vendor's payment", path, paid)
        self.expect(payment["status"] == "Recorded", "a payment vendor's payment is recorded")
        number = str(answer["patientpaymentid"])
        back = {**body, "externalrefid": f"BACK-{self.play}"}
        _, refunded = self.post("its refund", f"{path}/{number}/refund", back)
        self.expect(refunded["status"] == "Refunded", "it is refunded in full")
        self.compare(refunded, 0, self.movements("athena", number), "in")

    def adjusted(self) -> None:
        charge_id = self.charge["chargeid"]
        before = len(self.movements("athena", str(charge_id)))
        charges = [{"chargeid": charge_id, "adjustmentamount": f"0.{_ADJUSTED_CENTS:02d}"}]
        body = {"patientid": str(self.patient["patientid"]), "charges": json.dumps(charges)}
        path = f"{self.vendor}/adjustingcharges"
        _, payment = self.post("adjust a charge", path, body, key="adjust")
        self.expect(payment["status"] == "Adjusted", "the charge is adjusted")
        moved = self.movements("athena", str(charge_id))[before:]
        self.compare(payment, -payment["amountCents"], moved, "in")

    def planned(self, patients: list[Json]) -> None:
        """A claim is in one plan at most, so each play takes another one, while there are any."""
        free = [
            (patient, claim)
            for patient in patients
            for claim in patient["claims"]
            if claim["paymentplanid"] is None and _outstanding(claim) > 2 * _PLAN_CENTS
        ]
        if not free:
            self.note("start a plan: every claim has one", "-", None, {})
            return
        patient, claim = free[0]
        dollars = f"{_PLAN_CENTS // 100}.00"
        body = self.card(_TAKEN, claimids=str(claim["claimid"]), cycleamount=dollars)
        body |= {
            "departmentid": str(patient["departmentids"][0]),
            "downpaymentamount": dollars,
            "frequency": "MONTHLY",
            "allowduplicatepayments": "true",
        }
        path = f"{self.practice}/patients/{patient['patientid']}/collectpayment/paymentplan"
        answer, payment = self.post("start a plan", path, body, key="plan")
        self.expect(payment["status"] == "PlanStarted", "the plan runs")
        moved = self.movements("athena", str(answer["epaymentid"]))
        self.compare(payment, payment["amountCents"], moved, "in")

    def of_patient(self, rest: str) -> str:
        return f"{self.practice}/patients/{self.patient['patientid']}/{rest}"

    def card(self, number: str, **fields: str) -> dict[str, str]:
        return {"departmentid": self.department, "accountnumber": number, **_HOLDER, **fields}

    def post(
        self,
        step: str,
        path: str,
        form: dict[str, str] | None = None,
        *,
        key: str = "",
        success: bool = True,
    ) -> Found:
        """One request, one row; with the payment as the hub shows it."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if key:
            headers["Idempotency-Key"] = f"tour-{self.play}-{key}"
        answer = self.client.post(path, data=form, headers=headers)
        payment_id = answer.headers.get("Payment-Id")
        payment = self.payment(payment_id) if payment_id else {}
        self.note(step, f"POST {_shortened(path)}", answer.status_code, payment)
        body: Json = answer.json()
        self.expect(
            answer.is_success and (body.get("success") != "false") == success,
            f"{step} answers {answer.status_code}: {answer.text}",
        )
        return body, payment

    def get(self, step: str, path: str, **query: str) -> Any:
        """One look, one row."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.client.get(path, params=query, headers=headers)
        self.note(step, f"GET {_shortened(path)}", answer.status_code, {})
        self.expect(answer.is_success, f"{step} answers {answer.status_code}: {answer.text}")
        return answer.json()


_PLAN_CENTS = 100


def _outstanding(claim: Json) -> int:
    cents: int = sum(charge["outstanding_cents"] for charge in claim["charges"])
    return cents


def _amount() -> str:
    """Dollars that no earlier play, and none of the sandbox's magic amounts, has."""
    cents = 1000 + secrets.randbelow(9000)
    return f"{cents // 100}.{cents % 100:02d}"


def _shortened(path: str) -> str:
    """Without the practice, which is the same in every row."""
    return "/v1/../" + path.split("/", 3)[3]
