"""Charges and credits that are added by control behave like those that were planted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.bench import shown
from tests.unit.sandbox.decoda_bench import PATIENT, SETTLE, TENANT, DecodaBench

CREDITLESS = 20


def add(decoda: DecodaBench, what: str, number: int = PATIENT, **fields: Any) -> Any:
    body = {"tenant": TENANT, "patient_id": decoda.patient(number)["patient_id"], **fields}
    answer = decoda.control("POST", f"decoda/{what}", body)
    assert answer.status == 201, answer.body
    return shown(answer)


def settle(decoda: DecodaBench, charge_id: str, cents: int, number: int = PATIENT) -> int:
    """The status of the vendor's answer."""
    patient_id = decoda.patient(number)["patient_id"]
    charge = {"patientId": patient_id, "id": charge_id, "totalOutstanding": cents}
    return decoda.ask("POST", f"{SETTLE}?amount={cents}", [charge]).status


def test_an_added_charge_can_be_paid_and_is_told(decoda: DecodaBench) -> None:
    decoda.subscribe()
    charge = add(decoda, "charges", charge_id="visit-1", amount_cents=1_234)
    assert charge == decoda.charge(3)
    assert (charge["charge_id"], charge["outstanding_cents"]) == ("visit-1", 1_234)
    assert settle(decoda, "visit-1", 1_234) == 200
    assert decoda.charge(3)["status"] == "PAID"
    decoda.sandbox.run_due_jobs()
    assert [each["id"] for each in decoda.told("CHARGE_CREATED")] == ["visit-1"]


def test_a_charge_without_an_id_gets_one(decoda: DecodaBench) -> None:
    first, second = (add(decoda, "charges", amount_cents=100) for _ in range(2))
    assert first["charge_id"] != second["charge_id"]


def test_an_added_credit_is_used_after_the_older_ones(decoda: DecodaBench) -> None:
    before = decoda.left()
    credit = add(decoda, "credits", amount_cents=700)
    assert (credit["left_cents"], credit["available"]) == (700, True)
    decoda.settled(before[0] + 1)
    assert decoda.left() == [0, before[1] - 1, before[2], 700]


def test_an_added_credit_is_gone_when_its_day_begins_in_new_york(decoda: DecodaBench) -> None:
    decoda.go_to("2026-11-20T12:00:00")
    add(decoda, "credits", CREDITLESS, amount_cents=500, expires_on="2026-11-21")
    [charge, *_] = decoda.patient(CREDITLESS)["charges"]
    decoda.go_to("2026-11-20T23:59:59")
    assert settle(decoda, charge["charge_id"], 200, CREDITLESS) == 200
    decoda.go_to("2026-11-21T00:00:00")
    assert settle(decoda, charge["charge_id"], 200, CREDITLESS) == 400
    assert decoda.patient(CREDITLESS)["available_credit_cents"] == 0


@pytest.mark.parametrize(
    ("what", "change", "error"),
    [
        ("charges", {"charge_id": "planted"}, "charge_id must be a new one"),
        ("charges", {"amount_cents": 0}, "amount_cents must be a whole number from 1 to 100000000"),
        ("charges", {"tenant": "nobody"}, f"tenant must be one of {TENANT}"),
        (
            "credits",
            {"patient_id": "nobody"},
            "patient_id must be that of a patient of the tenant",
        ),
        ("credits", {"expires_on": "soon"}, "expires_on must be a day such as 2026-12-31"),
        (
            "credits",
            {"charge_id": "x"},
            "charge_id is not known; allowed: tenant, patient_id, amount_cents, expires_on",
        ),
    ],
)
def test_wrong_input_names_the_field(
    decoda: DecodaBench, what: str, change: dict[str, Any], error: str
) -> None:
    planted = decoda.charge(0)["charge_id"]
    body = {
        "tenant": TENANT,
        "patient_id": decoda.patient()["patient_id"],
        "amount_cents": 100,
        **{name: planted if value == "planted" else value for name, value in change.items()},
    }
    answer = decoda.control("POST", f"decoda/{what}", body)
    assert (answer.status, shown(answer)) == (400, {"error": error})
