"""Money that moved elsewhere: recorded payments, payment vendors, refunds and adjustments."""

from __future__ import annotations

import json

import pytest

from tests.unit.sandbox.athena_bench import PATIENT, AthenaBench
from tests.unit.sandbox.bench import shown

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    "method",
    [
        {"paymentmethod": "CASH"},
        {"paymentmethod": "CHECK", "checknumber": "17"},
        {"paymentmethod": "VISA", "cardnumberlast4": "1111", "postdate": "05/01/2026"},
    ],
)
def test_recording_twice_is_two_payments_in_batches_of_their_own(
    athena: AthenaBench, method: dict[str, str]
) -> None:
    answers = [shown(athena.record(**method)) for _ in range(2)]
    assert [each["success"] for each in answers] == ["true", "true"]
    assert answers[0]["paymentbatchid"] != answers[1]["paymentbatchid"]
    assert athena.movements() == [("record_payment", 1000, "in")] * 2
    assert athena.receipts() == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"paymentmethod": ""}, "paymentmethod"),
        ({"paymentmethod": "BITCOIN"}, "paymentmethod"),
        ({"paymentmethod": "CHECK"}, "checknumber"),
        ({"paymentmethod": "VISA"}, "cardnumberlast4"),
        ({"paymentmethod": "VISA", "cardnumberlast4": "11111"}, "cardnumberlast4"),
        ({"otheramount": ""}, "otheramount"),
        ({"copayamount": "1"}, "appointmentid"),
        ({"postdate": "2026-05-01"}, "postdate"),
    ],
)
def test_what_is_recorded_wrongly_is_refused(
    athena: AthenaBench, change: dict[str, str], named: str
) -> None:
    answer = athena.record(**change)
    assert (answer.status, named in answer.body.decode()) == (400, True)
    assert athena.movements() == []


def test_422_cents_cannot_be_posted(athena: AthenaBench) -> None:
    answer = athena.record(otheramount="4.22")
    assert (answer.status, shown(answer)["success"]) == (200, "false")
    assert athena.vendor_payment(otheramount="4.22").status == 400
    assert athena.movements() == []


@pytest.mark.parametrize(
    ("path", "has_cash"),
    [
        ("configuration/validnonccpcreditcardmethods", False),
        ("patientpayvendors/ACME/validvendorpaymentmethods", True),
    ],
)
def test_payment_methods_are_listed(athena: AthenaBench, path: str, has_cash: bool) -> None:
    answer = shown(athena.ask("GET", path))
    methods = {each["paymentmethod"] for each in answer["paymentmethods"]}
    assert answer["totalcount"] == len(methods)
    assert ("CASH" in methods, "VISA" in methods) == (has_cash, True)


def test_a_vendor_payment_is_recorded_and_pays_its_claims(athena: AthenaBench) -> None:
    answer = shown(athena.vendor_payment(otheramount="", claimpayment='[{"702":"17.77"}]'))
    assert answer["previouslyrecordedyn"] == "false"
    assert athena.movements() == [("record_vendor_payment", 1777, "in")]
    assert athena.claim(702)["status"] == "CLOSED"


def test_the_same_reference_within_six_hours_is_the_earlier_payment(athena: AthenaBench) -> None:
    first = shown(athena.vendor_payment())
    athena.clock.advance(6 * HOUR_MS - 1)
    athena.sign_in()
    again = shown(athena.vendor_payment())
    assert again == {
        "patientpaymentid": first["patientpaymentid"],
        "previouslyrecordedyn": "true",
    }
    assert len(athena.movements()) == 1


def test_the_same_reference_after_six_hours_is_recorded_again(athena: AthenaBench) -> None:
    first = shown(athena.vendor_payment())
    athena.clock.advance(6 * HOUR_MS)
    athena.sign_in()
    again = shown(athena.vendor_payment())
    assert again["previouslyrecordedyn"] == "false"
    assert again["patientpaymentid"] != first["patientpaymentid"]
    assert len(athena.movements()) == 2


def test_another_reference_is_another_payment(athena: AthenaBench) -> None:
    athena.vendor_payment()
    assert shown(athena.vendor_payment(externalrefid="ref-2"))["previouslyrecordedyn"] == "false"
    assert len(athena.movements()) == 2


@pytest.mark.parametrize("change", [{"otheramount": "26"}, {"patientid": "8"}])
@pytest.mark.parametrize("hours", [0, 7])
def test_a_reference_of_another_payment_is_refused_at_any_time(
    athena: AthenaBench, change: dict[str, str], hours: int
) -> None:
    athena.vendor_payment()
    athena.clock.advance(hours * HOUR_MS)
    athena.sign_in()
    assert athena.vendor_payment(**change).status == 400
    assert len(athena.movements()) == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"externalrefid": ""}, "externalrefid"),
        ({"externalrefid": "r" * 33}, "externalrefid"),
        ({"patientid": ""}, "patientid"),
        ({"patientid": "99"}, "patient"),
        ({"departmentid": "3"}, "department"),
        ({"paymentmethod": "VISA", "cardnumberlast4": "1111"}, "vendorterminalid"),
        ({"paymentmethod": "VISA", "vendorterminalid": "T1"}, "cardnumberlast4"),
        ({"paymentmethod": "CHECK"}, "checknumber"),
        ({"bankdepositdate": "13/01/2026"}, "bankdepositdate"),
        ({"claimpayment": '[{"702":"17.78"}]'}, "claimpayment"),
    ],
)
def test_a_wrong_vendor_payment_is_refused(
    athena: AthenaBench, change: dict[str, str], named: str
) -> None:
    answer = athena.vendor_payment(**change)
    assert (answer.status, named in answer.body.decode()) == (400, True)
    assert athena.movements() == []


def test_what_is_overpaid_goes_to_unapplied_when_the_vendor_says_so(athena: AthenaBench) -> None:
    fields = {
        "otheramount": "",
        "claimpayment": '[{"702":"20"}]',
        "movetounappliedifoverpay": "true",
    }
    athena.vendor_payment(**fields)
    assert athena.patient()["unapplied_cents"] == 2000 - 1777


def test_a_refund_takes_the_whole_payment_back(athena: AthenaBench) -> None:
    before = athena.patient()
    payment_id = shown(athena.vendor_payment(claimpayment='[{"701":"5"}]'))["patientpaymentid"]
    answer = shown(athena.refund(payment_id, fullrefund="true", ispaymentsettled="true"))
    assert sorted(answer) == ["patientpaymentid", "recordedtime"]
    assert str(answer["patientpaymentid"]) != str(payment_id)
    assert answer["recordedtime"] == "05/28/2026 16:26:40"
    assert athena.patient() == before
    assert athena.movements() == [
        ("record_vendor_payment", 3000, "in"),
        ("refund_vendor_payment", 3000, "out"),
    ]
    references = {each["reference"] for each in shown(athena.control("GET", "ledger"))}
    assert references == {str(payment_id)}


@pytest.mark.parametrize(("settled", "kind"), [("true", "REFUND"), ("false", "VOID"), ("", "VOID")])
def test_a_refund_before_settlement_is_recorded_as_a_void(
    athena: AthenaBench, settled: str, kind: str
) -> None:
    fields = {"otheramount": "", "claimpayment": '[{"701":"5"}]'}
    payment_id = shown(athena.vendor_payment(**fields))["patientpaymentid"]
    athena.refund(payment_id, ispaymentsettled=settled)
    query = "showbalancedetails=true"
    [patient] = shown(athena.ask("GET", f"patients/{PATIENT}?{query}"))
    charge = patient["claimbalancedetails"][0]["claimdetails"][0]["chargeleveldetail"][0]
    assert charge["transactions"][-1]["transfertype"] == kind


def test_refunding_twice_with_the_same_reference_is_one_refund(athena: AthenaBench) -> None:
    payment_id = shown(athena.vendor_payment())["patientpaymentid"]
    first = shown(athena.refund(payment_id))
    athena.clock.advance(60_000)
    assert shown(athena.refund(payment_id)) == first
    other = athena.refund(payment_id, externalrefid="refund-2")
    assert other.status == 400
    assert "already been refunded" in shown(other)["error"]
    assert len(athena.movements()) == 2


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"fullrefund": "false"}, 400, "adjustingcharges"),
        ({"externalrefid": ""}, 400, "externalrefid"),
        ({"paymentmethod": "VISA"}, 400, "vendorterminalid"),
        ({"patientid": "8"}, 404, "payment"),
    ],
)
def test_a_refund_that_is_refused(
    athena: AthenaBench, change: dict[str, str], status: int, named: str
) -> None:
    payment_id = shown(athena.vendor_payment())["patientpaymentid"]
    answer = athena.refund(payment_id, **change)
    assert (answer.status, named in answer.body.decode()) == (status, True)
    assert len(athena.movements()) == 1


def test_a_refunds_reference_belongs_to_one_payment(athena: AthenaBench) -> None:
    first, second = (
        shown(athena.vendor_payment(externalrefid=each))["patientpaymentid"] for each in ("a", "b")
    )
    athena.refund(first)
    assert athena.refund(second).status == 400
    assert athena.refund(999).status == 404
    assert len(athena.movements()) == 3


def test_every_charge_is_adjusted_or_told_its_error(athena: AthenaBench) -> None:
    charges = [
        {"chargeid": 7021, "adjustmentamount": "17.07"},
        {"chargeid": "7022", "adjustmentamount": ".71"},
        {"chargeid": 8011, "adjustmentamount": "1"},
        {"chargeid": 7022, "adjustmentamount": "much"},
    ]
    answer = athena.adjust(json.dumps(charges))
    body = shown(answer)
    assert (answer.status, str(body["patientid"])) == (200, str(PATIENT))
    adjusted, *others = body["charges"]
    assert (str(adjusted["chargeid"]), adjusted["adjustmentamount"]) == ("7021", "17.07")
    assert adjusted["outstandingamount"] == "0"
    assert ["error" in each for each in others] == [True, True, True]
    assert athena.movements() == [("adjust_charges", 1707, "out")]
    assert athena.claim(702)["status"] == "OPEN"


def test_a_claim_whose_charges_are_all_adjusted_is_closed(athena: AthenaBench) -> None:
    charges = [
        {"chargeid": 7021, "adjustmentamount": "17.07"},
        {"chargeid": 7022, "adjustmentamount": ".7"},
    ]
    athena.adjust(json.dumps(charges))
    assert athena.claim(702)["status"] == "CLOSED"
    again = shown(athena.adjust(json.dumps(charges)))
    assert all("error" in each for each in again["charges"])


@pytest.mark.parametrize("charges", ["", "[]", "{}", "x", "[1]", '[{"adjustmentamount":"1"}]'])
def test_charges_that_are_none_are_refused(athena: AthenaBench, charges: str) -> None:
    assert athena.adjust(charges).status == 400


def test_an_unknown_patient_is_an_error_at_the_patients_level(athena: AthenaBench) -> None:
    answer = athena.adjust('[{"chargeid":1,"adjustmentamount":"1"}]', patient=99)
    assert (answer.status, shown(answer)["charges"], "error" in shown(answer)) == (200, [], True)
