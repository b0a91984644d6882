"""Money from a card: collected once, declined in words, voided until 20:00 in New York."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.sandbox.athena.magic import DECLINED_CARDS
from tests.unit.sandbox.athena_bench import PATIENT, VISA, AthenaBench
from tests.unit.sandbox.bench import shown

TRACK = {
    "accountnumber": "",
    "trackdata": f"%B{VISA}^ABBOTT/ADA^3012101?;{VISA}=3012101?",
    "nameoncard": "",
    "expirationmonthmm": "",
    "expirationyearyyyy": "",
    "billingaddress": "",
    "billingzip": "",
}


def test_a_collected_payment_has_an_id_and_moves_money_in(athena: AthenaBench) -> None:
    answer = shown(athena.collect())
    assert sorted(answer) == ["epaymentid", "success"]
    assert athena.movements() == [("collect_payment", 1000, "in")]
    [entry] = shown(athena.control("GET", f"ledger?reference={answer['epaymentid']}"))
    assert entry["vendor"] == "athena"


def test_ids_are_sometimes_text_and_the_other_way_round_in_lists(athena: AthenaBench) -> None:
    posted = [shown(athena.collect(otheramount=f"{cents}"))["epaymentid"] for cents in range(1, 20)]
    listed = [receipt["epaymentid"] for receipt in athena.receipts()]
    assert {type(each) for each in posted} == {int, str}
    assert [str(each) for each in posted] == [str(each) for each in listed]
    assert all(type(a) is not type(b) for a, b in zip(posted, listed, strict=True))


def test_a_swipe_needs_nothing_but_its_track(athena: AthenaBench) -> None:
    athena.collected(TRACK)
    [receipt] = athena.receipts()
    assert receipt["cardnumberlast4digits"] == "1111"


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        (VISA, "VI"),
        ("5555555555554444", "MC"),
        ("2223003122003222", "MC"),
        ("378282246310005", "AX"),
        ("6011111111111117", "DS"),
    ],
)
def test_the_brand_is_read_off_the_number(athena: AthenaBench, number: str, brand: str) -> None:
    athena.collected(accountnumber=number)
    [receipt] = athena.receipts()
    assert receipt["cardtypeabbreviation"] == brand
    assert receipt["cardnumberlast4digits"] == number[-4:]


@pytest.mark.parametrize(
    ("amount", "written", "cents"),
    [
        ("10", "10", 1000),
        ("10.00", "10", 1000),
        ("0.7", ".7", 70),
        (".16", ".16", 16),
        ("7.50", "7.5", 750),
        ("17.07", "17.07", 1707),
    ],
)
def test_money_comes_in_as_dollars_and_goes_out_as_short_as_it_gets(
    athena: AthenaBench, amount: str, written: str, cents: int
) -> None:
    athena.collected(otheramount=amount)
    assert athena.receipts()[0]["amount"] == written
    assert athena.movements() == [("collect_payment", cents, "in")]


def test_all_missing_fields_are_named_at_once(athena: AthenaBench) -> None:
    answer = athena.ask("POST", f"patients/{PATIENT}/collectpayment", {"copayamount": "1"})
    assert answer.status == 400
    assert shown(answer) == {
        "error": "Additional fields are required.",
        "missingfields": [
            "departmentid",
            "accountnumber",
            "nameoncard",
            "expirationmonthmm",
            "expirationyearyyyy",
            "billingaddress",
            "billingzip",
            "appointmentid",
        ],
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"departmentid": "x"}, "departmentid"),
        ({"departmentid": "3"}, "department"),
        ({"accountnumber": "4111 1111 1111 1111"}, "accountnumber"),
        ({"accountnumber": "4111"}, "accountnumber"),
        ({"trackdata": TRACK["trackdata"]}, "accountnumber"),
        ({**TRACK, "trackdata": VISA}, "trackdata"),
        ({**TRACK, "ecommercemode": "true", "cardsecuritycode": "123"}, "ecommercemode"),
        ({"ecommercemode": "true"}, "cardsecuritycode"),
        ({"ecommercemode": "yes"}, "ecommercemode"),
        ({"cardsecuritycode": "12"}, "cardsecuritycode"),
        ({"nameoncard": "A" * 31}, "nameoncard"),
        ({"billingaddress": "A" * 21}, "billingaddress"),
        ({"expirationmonthmm": "13"}, "expirationmonthmm"),
        ({"expirationyearyyyy": "30"}, "expirationyearyyyy"),
        ({"otheramount": ""}, "otheramount"),
        ({"otheramount": "0"}, "amounts"),
        ({"otheramount": "-1"}, "otheramount"),
        ({"otheramount": "1.234"}, "otheramount"),
        ({"otheramount": "1,000"}, "otheramount"),
        ({"amount": "5"}, "amount"),
        ({"copayamount": "5"}, "appointmentid"),
        ({"copayamount": "5", "appointmentid": "1"}, "appointmentid"),
        ({"claimpayment": "x"}, "claimpayment"),
        ({"claimpayment": '{"701":"1"}'}, "claimpayment"),
        ({"claimpayment": '[{"701":"1","702":"1"}]'}, "claimpayment"),
        ({"claimpayment": '[{"701":null}]'}, "claimpayment"),
        ({"claimpayment": '[{"801":"1"}]'}, "claimpayment"),
        ({"claimpayment": '[{"²":"1"}]'}, "claimpayment"),
    ],
)
def test_fields_that_break_a_rule_are_named_and_move_nothing(
    athena: AthenaBench, change: dict[str, str], field: str
) -> None:
    answer = athena.collect(change)
    assert answer.status == 400
    assert field in answer.body.decode()
    assert VISA[:12] not in answer.body.decode()
    assert athena.movements() == []


def test_a_body_that_is_not_a_form_has_no_fields(athena: AthenaBench) -> None:
    path = f"patients/{PATIENT}/collectpayment"
    answer = athena.ask("POST", path, {"departmentid": "1"}, **{"content-type": "application/json"})
    assert "departmentid" in shown(answer)["missingfields"]


def test_field_names_may_be_written_in_capitals(athena: AthenaBench) -> None:
    athena.collected(otheramount="", OTHERAMOUNT="3")
    assert athena.movements() == [("collect_payment", 300, "in")]


@pytest.mark.parametrize(("last4", "text"), DECLINED_CARDS.items())
def test_some_cards_are_declined_with_http_200(athena: AthenaBench, last4: str, text: str) -> None:
    answer = athena.collect(accountnumber=f"400000000000{last4}")
    assert (answer.status, shown(answer)) == (200, {"errortext": text, "success": "false"})
    assert athena.movements() == []
    assert athena.receipts() == []


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"otheramount": "4.02"}, "INSUFFICIENT FUNDS"),
        ({"otheramount": "4.03"}, "DECLINED CVV2"),
        ({"accountnumber": "4111111111111112"}, "INVALID CARD NUMBER"),
        ({"accountnumber": "3530111333300000"}, "SERV NOT ALLOWED"),
        ({"expirationyearyyyy": "2020"}, "EXPIRED CARD"),
        ({**TRACK, "trackdata": f";{VISA}=2001101?"}, "EXPIRED CARD"),
    ],
)
def test_the_processors_other_refusals(
    athena: AthenaBench, change: dict[str, str], text: str
) -> None:
    answer = athena.collect(change)
    assert (answer.status, shown(answer)["errortext"]) == (200, text)


def test_the_same_patient_amount_and_card_within_two_minutes_is_a_duplicate(
    athena: AthenaBench,
) -> None:
    athena.collected()
    athena.clock.advance(119_999)
    duplicate = shown(athena.collect())
    assert duplicate == {"errortext": "DUPLICATE TRANSACTION", "success": "false"}
    athena.collected(allowduplicatepayments="true")
    athena.collected(otheramount="10.01")
    athena.collected(accountnumber="5555555555554444")
    assert shown(athena.collect(patient=8))["success"] == "true"
    athena.clock.advance(120_001)
    athena.collected()


def test_claims_are_paid_and_what_is_too_much_stays_unapplied(athena: AthenaBench) -> None:
    athena.collected(
        otheramount="",
        claimpayment='[{"702":"20.00"},{"703":"7.50"}]',
        copayamount="25",
        appointmentid="10071",
    )
    patient = athena.patient()
    assert athena.claim(702)["status"] == "CLOSED"
    assert [each["outstanding_cents"] for each in athena.claim(703)["charges"]] == [0, 1000]
    assert patient["unapplied_cents"] == 2000 - 1777
    assert patient["appointments"][0]["paid_cents"] == 2500
    assert athena.movements() == [("collect_payment", 5250, "in")]


def test_a_void_gives_the_money_and_the_balances_back_once(athena: AthenaBench) -> None:
    before = athena.patient()
    amounts = {"claimpayment": '[{"701":"100"}]', "copayamount": "5", "appointmentid": "10072"}
    epayment_id = athena.collected(amounts)
    assert shown(athena.void(epayment_id)) == {"success": "true"}
    again = athena.void(epayment_id)
    assert again.status == 400
    assert "already been voided" in shown(again)["error"]
    after = athena.patient()
    assert [each["type"] for each in after.pop("receipts")] == ["PURCHASE", "VOID"]
    before.pop("receipts")
    assert after == before
    assert athena.movements() == [
        ("collect_payment", 11_500, "in"),
        ("void_collected_payment", 11_500, "out"),
    ]
    references = {each["reference"] for each in shown(athena.control("GET", "ledger"))}
    assert references == {str(epayment_id)}


def test_a_void_leaves_a_receipt_of_its_own(athena: AthenaBench) -> None:
    epayment_id = athena.collected()
    athena.void(epayment_id)
    purchase, void = athena.receipts()
    assert (purchase["type"], void["type"]) == ("PURCHASE", "VOID")
    assert str(void["epaymentid"]) != str(epayment_id)
    assert void["amount"] == "10"
    assert athena.void(int(void["epaymentid"])).status == 400
    assert shown(athena.collect())["success"] == "true"  # what was voided is no duplicate


@pytest.mark.parametrize(
    ("paid", "last", "night"),
    [
        ("2026-03-07T19:59:59", "2026-03-07T19:59:59.999", "2026-03-07T20:00:00"),
        ("2026-03-07T20:00:00", "2026-03-08T19:59:59", "2026-03-08T20:00:00"),
        ("2026-03-08T01:00:00", "2026-03-08T19:59:59", "2026-03-08T20:00:00"),
        ("2026-10-31T21:00:00", "2026-11-01T19:59:59", "2026-11-01T20:00:00"),
        ("2026-11-01T20:30:00", "2026-11-02T19:59:59", "2026-11-02T20:00:00"),
        ("2026-12-31T23:30:00", "2027-01-01T19:59:59", "2027-01-01T20:00:00"),
    ],
)
def test_a_payment_can_be_voided_until_eight_in_the_evening_of_new_york(
    athena: AthenaBench, paid: str, last: str, night: str
) -> None:
    athena.go_to(paid)
    first, second = athena.collected(otheramount="1"), athena.collected(otheramount="2")
    athena.go_to(last)
    assert shown(athena.void(first)) == {"success": "true"}
    assert [each["settled"] for each in athena.patient()["receipts"]] == [False] * 3
    athena.go_to(night)
    refused = athena.void(second)
    assert refused.status == 400
    assert "already been settled" in shown(refused)["error"]
    assert athena.patient()["receipts"][1]["settled"] is True


def test_the_hour_decides_about_a_void_even_before_the_nights_job_ran(
    athena: AthenaBench,
) -> None:
    epayment_id = athena.collected()
    athena.clock.advance(86_400_000)
    athena.sign_in()
    assert athena.void(epayment_id).status == 400


def test_a_practice_that_trusts_who_voids_takes_a_void_after_the_cut_off_once(
    athena: AthenaBench,
) -> None:
    athena.practices(voids_settled=True)
    epayment_id = athena.collected(otheramount="10")
    athena.clock.advance(86_400_000)
    athena.sandbox.run_due_jobs()
    athena.sign_in()
    assert athena.patient()["receipts"][0]["settled"] is True
    assert shown(athena.void(epayment_id)) == {"success": "true"}
    assert athena.movements()[-1] == ("void_collected_payment", 1_000, "out")
    assert athena.void(epayment_id).status == 400
    athena.practices(voids_settled=False)
    at_once = athena.collected(otheramount="4.09")
    assert athena.void(at_once).status == 400


def test_409_cents_are_settled_at_once(athena: AthenaBench) -> None:
    assert athena.void(athena.collected(otheramount="4.09")).status == 400


def test_a_payment_of_another_patient_or_practice_cannot_be_voided(athena: AthenaBench) -> None:
    epayment_id = athena.collected()
    athena.practices("195900", "195901")
    assert athena.void(epayment_id, patient=8).status == 404
    path = f"/v1/195901/patients/{PATIENT}/voidpayment/{epayment_id}"
    reply = athena.send("POST", path)
    assert reply.response
    assert reply.response.status == 404
    assert len(athena.movements()) == 1


def test_receipts_are_a_bare_list_of_the_documented_fields_in_eastern_time(
    athena: AthenaBench,
) -> None:
    athena.go_to("2026-07-04T09:05:07")
    epayment_id = athena.collected()
    [receipt] = athena.receipts()
    assert str(receipt.pop("epaymentid")) == str(epayment_id)
    assert receipt == {
        "amount": "10",
        "type": "PURCHASE",
        "cardtypeabbreviation": "VI",
        "cardtypename": "Visa",
        "cardnumberlast4digits": "1111",
        "requestdate": "07/04/2026 09:05:07",
    }
    missing = athena.ask("GET", f"patients/{PATIENT}/receipts")
    assert shown(missing)["missingfields"] == ["departmentid"]


def test_one_receipt_is_html_in_json_and_its_details_say_what_was_paid(
    athena: AthenaBench,
) -> None:
    amounts = {"claimpayment": '[{"701":"0.50"}]', "copayamount": "5", "appointmentid": "10072"}
    path = f"patients/{PATIENT}/receipts/{athena.collected(amounts)}"
    text = shown(athena.ask("GET", f"{path}?merchantversion=true"))["receipt"]
    assert text.startswith("<html>")
    assert "Merchant copy" in text
    details = shown(athena.ask("GET", f"{path}/details?termsasjson=true"))
    assert (details["amount"], details["copayamount"], details["otheramount"]) == (
        "15.5",
        "5",
        "10",
    )
    assert details["claimpayments"] == [{"claimid": "701", "amount": ".5"}]
    assert isinstance(details["terms"], list)
    assert athena.ask("GET", f"patients/{PATIENT}/receipts/1").status == 404


def test_a_stored_card_is_an_authorization_and_a_contract_without_money(
    athena: AthenaBench,
) -> None:
    answer = shown(athena.store_card(maxamount="150"))
    assert answer["success"] == "true"
    assert athena.movements() == []
    [receipt] = athena.receipts()
    assert (receipt["type"], receipt["amount"]) == ("AUTHORIZATION", "0")
    assert receipt["epaymentcontractmaxamount"] == receipt["epaymentcontractbalance"] == "150"
    path = f"patients/{PATIENT}/collectpayment/singleappointment?departmentid=1"
    listed = shown(athena.ask("GET", path))
    [contract] = listed["contracts"]
    assert listed["totalcount"] == 1
    assert str(contract["epaymentid"]) == str(answer["epaymentid"])
    assert str(contract["appointmentid"]) == "10071"
    assert contract["contractid"] == receipt["contractid"]
    assert athena.void(int(answer["epaymentid"])).status == 400


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"cardsecuritycode": ""}, 400, "cardsecuritycode"),
        ({**TRACK, "cardsecuritycode": ""}, 400, "billingaddress"),
        ({"maxamount": "1.50"}, 400, "maxamount"),
        ({"accountnumber": "4000000000000002"}, 200, "DECLINED"),
    ],
)
def test_a_card_that_cannot_be_stored(
    athena: AthenaBench, change: dict[str, str], status: int, named: str
) -> None:
    answer = athena.store_card(change)
    assert (answer.status, named in answer.body.decode()) == (status, True)
    assert athena.receipts() == []


def test_a_card_is_stored_for_an_appointment_of_the_patient(athena: AthenaBench) -> None:
    assert athena.store_card(appointment=10_081).status == 404


def test_balances_and_claims_show_what_is_left_to_pay(athena: AthenaBench) -> None:
    epayment_id = athena.collected(otheramount="", claimpayment=json.dumps([{"702": "17.07"}]))
    query = "showbalancedetails=true&showallclaims=true"
    [patient] = shown(athena.ask("GET", f"patients/{PATIENT}?{query}"))
    [balance] = patient["balances"]
    assert balance["balance"] == balance["cleanbalance"] == "1168.2"
    assert balance["departmentlist"] == "1,2"
    [group] = patient["claimbalancedetails"]
    details = {str(each["claimid"]): each for each in group["claimdetails"]}
    assert details["702"]["patientbalance"] == 0.7
    paid, unpaid = details["702"]["chargeleveldetail"]
    assert (paid["amount"], unpaid["amount"]) == (0, 0.7)
    kinds = [(each["type"], each["amount"]) for each in paid["transactions"]]
    assert kinds == [("TRANSFERIN", 17.07), ("PAYMENT", -17.07)]
    assert str(paid["transactions"][1]["epaymentid"]) == str(epayment_id)


def test_a_credit_is_a_balance_below_zero(athena: AthenaBench) -> None:
    [patient] = shown(athena.ask("GET", "patients/20?showbalancedetails=true"))
    assert patient["balances"][0]["balance"] == "-25.15"


@pytest.mark.parametrize(
    ("query", "claims"),
    [
        ("", ["701", "703"]),
        ("?departmentid=2", []),
        ("?claimids=703", ["703"]),
        ("?procedurecodes=nothing", []),
    ],
)
def test_outstanding_claims_can_be_asked_for(
    athena: AthenaBench, query: str, claims: list[str]
) -> None:
    athena.collected(otheramount="", claimpayment=json.dumps([{"702": "17.77"}]))
    for path in ("patientoutstanding", "patientoutstandingdetailed"):
        answer: dict[str, Any] = shown(
            athena.ask("GET", f"patients/{PATIENT}/claims/{path}{query}")
        )
        assert [str(each["claimid"]) for each in answer["claims"]] == claims
        assert answer["totalcount"] == len(claims)
        assert all(
            ("charges" in each) == (path != "patientoutstanding") for each in answer["claims"]
        )
