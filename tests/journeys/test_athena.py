"""A caller written for athenahealth completes every operation through the hub, unchanged."""

from datetime import datetime

import pytest

from tests.support.athena_client import OLDER_TOKEN_PATH, AthenaClient
from tests.support.athena_side import (
    CARD,
    DECLINED_CENTS,
    LAST4,
    OTHER_LAST4,
    SETTLES_AT_ONCE_CENTS,
    UNPOSTABLE_CENTS,
    VENDOR,
    AthenaSide,
    Patient,
    dollars,
    fresh_cents,
    purchase,
)
from tests.support.hub import Hub, Json, net_cents, new_key, read

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def side(hub: Hub) -> AthenaSide:
    """The practice of this file's tenant."""
    return AthenaSide(hub)


@pytest.fixture(scope="module")
def athena(hub: Hub) -> AthenaClient:
    """Its caller."""
    return hub.athena


@pytest.mark.parametrize("path", ["/oauth2/v1/token", OLDER_TOKEN_PATH])
def test_client_credentials_open_either_token_path(hub: Hub, path: str) -> None:
    """With Basic, and with a scope or without; the token then opens the practice."""
    tenant = hub.tenant
    for scope in (None, "athena/service/Athenanet.MDP.*"):
        caller = AthenaClient(
            hub.stack.base_url,
            tenant.client_id,
            tenant.client_secret,
            tenant.practice_ids[0],
            tenant.vendor_codes[0],
            token_path=path,
            scope=scope,
        )
        token = caller.sign_in()
        assert token.status == 200
        assert (token.body["token_type"], token.body["expires_in"]) == ("Bearer", 3600)
        assert caller.receipts(1, 1).status == 200


def test_a_card_is_charged_once_and_seen_everywhere(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """In the documented types, in the truth book, at the vendor, among the hub's payments."""
    patient, cents = Patient(1), fresh_cents()
    answer = athena.collect_payment(1, purchase(patient, cents))
    assert answer.status == 200
    assert answer.body == {"epaymentid": answer.body["epaymentid"], "success": "true"}
    assert type(answer.body["epaymentid"]) is int
    [movement] = side.moved(cents)
    assert (movement.operation, movement.direction) == ("collect_payment", "in")
    assert movement.reference == str(answer.body["epaymentid"])
    payment = hub.api.payment(answer.payment_id)
    assert (payment["vendor"], payment["status"]) == (VENDOR, "Collected")
    assert (payment["amountCents"], payment["amount"]) == (cents, cents)
    assert payment["vendorReference"] == movement.reference
    listed = read(hub.api.send("GET", "/payments", query={"vendor": VENDOR, "limit": "100"}))
    assert payment["paymentId"] in {it["paymentId"] for it in listed["payments"]}


def test_a_payment_is_split_over_copay_claims_and_the_rest(
    side: AthenaSide, athena: AthenaClient
) -> None:
    """The total is charged, and lands where it was meant to."""
    patient, other = Patient(2), fresh_cents()
    before = side.account(2)
    fields = {
        **CARD,
        "departmentid": patient.department_id,
        "copayamount": "10.50",
        "appointmentid": patient.appointment_id(),
        "claimpayment": [{str(patient.claim_id(2)): "17.07"}],
        "otheramount": dollars(other),
    }
    answer = athena.collect_payment(2, fields)
    assert answer.body["success"] == "true"
    total = 1050 + 1707 + other
    assert net_cents(side.moved(total)) == -total
    after = side.account(2)
    assert after["outstanding_cents"] == before["outstanding_cents"] - 1707
    assert after["unapplied_cents"] == before["unapplied_cents"] + other
    assert after["appointments"][0]["paid_cents"] == 1050


def test_swipe_data_is_a_card_too(side: AthenaSide, athena: AthenaClient) -> None:
    """Instead of the number and everything printed on the card."""
    cents = fresh_cents()
    track = "%B5555555555554444^ABBOTT/ADA^31121010000000000?;5555555555554444=31121010000000000?"
    fields = {"departmentid": 1, "trackdata": track, "otheramount": dollars(cents)}
    answer = athena.collect_payment(1, fields)
    assert answer.body["success"] == "true"
    assert len(side.moved(cents)) == 1
    receipts = athena.receipts(1, 1).body
    receipt = next(it for it in receipts if it["epaymentid"] == answer.body["epaymentid"])
    assert receipt["cardnumberlast4digits"] == OTHER_LAST4


@pytest.mark.parametrize(
    ("cents", "number", "words"),
    [
        (DECLINED_CENTS, CARD["accountnumber"], "INSUFFICIENT FUNDS"),
        (None, "4000000000000127", "DECLINED CVV2"),
        (None, "4111111111111112", "INVALID CARD NUMBER"),
    ],
)
def test_a_declined_card_is_a_success_of_http_only(
    hub: Hub, side: AthenaSide, athena: AthenaClient, cents: int | None, number: str, words: str
) -> None:
    """200 with `success` "false" and the processor's words; no money."""
    cents = cents or fresh_cents()
    answer = athena.collect_payment(3, {**purchase(Patient(3), cents), "accountnumber": number})
    assert answer.status == 200
    assert (answer.body["success"], answer.body["errortext"]) == ("false", words)
    assert "epaymentid" not in answer.body
    assert hub.api.payment(answer.payment_id)["status"] == "declined"
    assert side.moved(cents) == []


def test_a_stored_card_books_no_money(hub: Hub, side: AthenaSide, athena: AthenaClient) -> None:
    """The vendor keeps an authorization and a contract; a repeat stores no second one."""
    patient = Patient(4)
    before = side.account(4)
    fields = {**CARD, "departmentid": patient.department_id, "maxamount": 250}
    first, second = (athena.store_card(4, patient.appointment_id(), fields) for _ in range(2))
    assert first.status == 200
    assert (type(first.body["epaymentid"]), first.body["success"]) == (int, "true")
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.body == first.body
    assert side.stored_cards(4) == [first.body["epaymentid"]]
    after = side.account(4)
    for name in ("outstanding_cents", "unapplied_cents", "appointments", "claims"):
        assert after[name] == before[name]
    assert hub.sandbox_of(VENDOR).ledger(str(first.body["epaymentid"])) == []
    payment = hub.api.payment(first.payment_id)
    assert (payment["status"], payment["amountCents"]) == ("CardStored", 0)


def test_a_plan_starts_with_its_down_payment(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """One plan, one charge; the same claims again are refused by the vendor."""
    patient, cents = Patient(5), fresh_cents()
    fields = {
        **CARD,
        "departmentid": patient.department_id,
        "claimids": patient.claim_id(),
        "cycleamount": "50",
        "downpaymentamount": dollars(cents),
        "frequency": "MONTHLY",
    }
    answer = athena.start_payment_plan(5, fields)
    assert answer.status == 200
    assert {name: type(it) for name, it in answer.body.items()} == {
        "paymentplanid": int,
        "epaymentid": int,
        "success": str,
    }
    assert athena.start_payment_plan(5, fields).headers["Idempotent-Replayed"] == "true"
    [movement] = side.moved(cents)
    assert movement.reference == str(answer.body["epaymentid"])
    assert movement.operation == "start_payment_plan"
    payment = hub.api.payment(answer.payment_id)
    assert (payment["status"], payment["amountCents"]) == ("PlanStarted", cents)
    assert side.claim(5, patient.claim_id())["paymentplanid"] == answer.body["paymentplanid"]

    again = athena.start_payment_plan(5, {**fields, "paymentplanname": "another"}, new_key())
    assert again.status == 400
    assert "another payment plan" in again.body["error"]
    assert len(side.moved(cents)) == 1


def test_a_plan_of_statements_needs_no_card(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """And moves nothing; several claims may be in it."""
    patient = Patient(6)
    fields = {
        "departmentid": patient.department_id,
        "claimids": f"{patient.claim_id(1)},{patient.claim_id(2)}",
        "cycleamount": "25.00",
        "billingmethod": "SENDSTATEMENTS",
    }
    answer = athena.start_payment_plan(6, fields)
    assert answer.status == 200
    assert set(answer.body) == {"paymentplanid", "success"}
    assert hub.api.payment(answer.payment_id)["amountCents"] == 0
    for place in (1, 2):
        claim = side.claim(6, patient.claim_id(place))
        assert claim["paymentplanid"] == answer.body["paymentplanid"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("claimids", {"claimids": ""}),
        ("cycleamount", {"cycleamount": "0"}),
        ("accountnumber", {"downpaymentamount": "20.01", "accountnumber": ""}),
        ("accountnumber", {"billingmethod": "CREDITCARD", "accountnumber": ""}),
        ("startdate", {"frequency": "ONETIMEON"}),
        ("startdate", {"startdate": "01/01/2020"}),
        ("startdate", {"startdate": "2031-01-01"}),
        ("percentage", {"percentage": 101}),
        ("frequency", {"frequency": "DAILY"}),
        ("downpaymentamount", {"downpaymentamount": "-1"}),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused_by_the_hub(
    side: AthenaSide, athena: AthenaClient, field: str, changes: Json
) -> None:
    """Before the vendor is asked, naming the field; an empty one did not come."""
    patient = Patient(7)
    fields = {"departmentid": 3, "claimids": patient.claim_id(), "cycleamount": "5.00"}
    answer = athena.start_payment_plan(7, {**CARD, **fields, **changes})
    assert answer.status == 400, answer
    assert field in [it["field"] for it in answer.body["errors"]]
    assert side.claim(7, patient.claim_id())["paymentplanid"] is None


@pytest.mark.parametrize(
    "method",
    [
        {"paymentmethod": "CASH"},
        {"paymentmethod": "CHECK", "checknumber": "0042"},
        {"paymentmethod": "MASTERCARD", "cardnumberlast4": "0099"},
    ],
)
def test_what_was_paid_elsewhere_is_recorded(
    hub: Hub, side: AthenaSide, athena: AthenaClient, method: Json
) -> None:
    """Cash, checks and cards of another terminal."""
    patient, cents = Patient(8), fresh_cents()
    fields = {"departmentid": patient.department_id, "otheramount": dollars(cents), **method}
    answer = athena.record_payment(8, fields)
    assert answer.status == 200
    assert (type(answer.body["paymentbatchid"]), answer.body["success"]) == (int, "true")
    [movement] = side.moved(cents)
    assert movement.operation == "record_payment"
    assert movement.reference == str(answer.body["paymentbatchid"])
    assert hub.api.payment(answer.payment_id)["status"] == "Posted"


def test_what_cannot_be_posted_is_told_in_the_vendors_words(hub: Hub, athena: AthenaClient) -> None:
    """200 with `success` "false" of recordpayment, 400 of a payment vendor's payment."""
    fields = {"departmentid": 1, "paymentmethod": "CASH", "otheramount": dollars(UNPOSTABLE_CENTS)}
    recorded = athena.record_payment(8, {**fields, "departmentid": Patient(8).department_id})
    assert (recorded.status, recorded.body["success"]) == (200, "false")
    assert recorded.body["errormessage"] == "The payment could not be posted."
    reported = athena.record_vendor_payment({**fields, "patientid": 1})
    assert reported.status == 400
    assert reported.body["error"] == "The payment could not be posted."
    for answer in (recorded, reported):
        assert hub.api.payment(answer.payment_id)["status"] == "declined"


def test_a_payment_is_voided_on_the_vendors_path_or_on_the_hubs(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """The money comes back once, and the payment is Voided."""
    for by_athena in (True, False):
        patient, cents = Patient(9), fresh_cents()
        payment = athena.collect_payment(9, purchase(patient, cents))
        if by_athena:
            voided = athena.void_payment(9, payment.body["epaymentid"])
            assert (voided.status, voided.body) == (200, {"success": "true"})
            assert voided.payment_id == payment.payment_id
        else:
            assert read(hub.api.void(payment.payment_id))["status"] == "Voided"
        assert [it.operation for it in side.moved(cents)] == [
            "collect_payment",
            "void_collected_payment",
        ]
        assert net_cents(side.moved(cents)) == 0
        assert hub.api.payment(payment.payment_id)["status"] == "Voided"


def test_only_the_patients_own_payment_is_voided(side: AthenaSide, athena: AthenaClient) -> None:
    """404 under another patient, and for what nobody has; nothing moves."""
    cents = fresh_cents()
    payment = athena.collect_payment(9, purchase(Patient(9), cents))
    for patient_id, epayment_id in ((10, payment.body["epaymentid"]), (9, 999_999_999_999)):
        answer = athena.void_payment(patient_id, epayment_id)
        assert answer.status == 404, answer
        assert answer.body["success"] == "false"
    assert len(side.moved(cents)) == 1


def test_a_payment_made_past_the_hub_is_voided_through_it(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """The hub reads the receipt, takes the payment over and voids it once."""
    patient, cents = Patient(10), fresh_cents()
    made = side.past_the_hub().collect_payment(10, purchase(patient, cents))
    epayment_id = int(made.body["epaymentid"])
    first, second = (athena.void_payment(10, epayment_id) for _ in range(2))
    assert (first.status, first.body) == (200, {"success": "true"})
    assert second.headers["Idempotent-Replayed"] == "true"
    assert [it.operation for it in side.moved(cents)] == [
        "collect_payment",
        "void_collected_payment",
    ]
    details = hub.api.details(first.payment_id)
    assert (details["status"], details["amountCents"]) == ("Voided", cents)
    assert details["vendorReference"] == str(epayment_id)
    assert "not through Payhub" in details["history"][0]["reason"]

    void_receipt = next(it for it in athena.receipts(10, 1).body if it["type"] == "VOID")
    refused = athena.void_payment(10, void_receipt["epaymentid"])
    assert refused.status == 404
    assert "not a purchase" in refused.body["errortext"]


def test_what_the_vendor_has_settled_cannot_be_voided(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """It refuses, the hub learns the status from its words, and says where the money can go."""
    payment = athena.collect_payment(11, purchase(Patient(11), SETTLES_AT_ONCE_CENTS))
    assert payment.body["success"] == "true"
    refused = athena.void_payment(11, payment.body["epaymentid"])
    assert refused.status == 409
    assert "settled" in refused.body["vendor_message"]
    assert hub.api.payment(payment.payment_id)["status"] == "Settled"
    again = athena.void_payment(11, payment.body["epaymentid"])
    assert again.status == 409
    assert "terminal" in again.body["errortext"]
    assert len(hub.sandbox_of(VENDOR).ledger(str(payment.body["epaymentid"]))) == 1


def test_a_vendor_payment_is_recorded_and_refunded_once(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """Both in their documented types; the second refund is a repeat of the first."""
    patient, cents = Patient(12), fresh_cents()
    fields = {
        "departmentid": patient.department_id,
        "patientid": 12,
        "externalrefid": f"INV-{cents}",
        "paymentmethod": "VISA",
        "cardnumberlast4": LAST4,
        "vendorterminalid": "T-1",
        "otheramount": dollars(cents),
        "bankdepositdate": "11/30/2026",
    }
    recorded = athena.record_vendor_payment(fields)
    assert recorded.status == 200
    assert type(recorded.body["patientpaymentid"]) is int
    assert recorded.body["previouslyrecordedyn"] == "false"
    payment = hub.api.payment(recorded.payment_id)
    assert (payment["status"], payment["issuerReferenceId"]) == ("Recorded", f"INV-{cents}")

    refund = {
        "departmentid": patient.department_id,
        "patientid": 12,
        "paymentmethod": "VISA",
        "vendorterminalid": "T-1",
    }
    number = recorded.body["patientpaymentid"]
    first, second = (athena.refund_vendor_payment(number, refund) for _ in range(2))
    assert first.status == 200
    assert {name: type(it) for name, it in first.body.items()} == {
        "patientpaymentid": int,
        "recordedtime": str,
    }
    datetime.strptime(first.body["recordedtime"], "%m/%d/%Y %H:%M:%S")  # noqa: DTZ007
    assert second.body == first.body
    assert second.headers["Idempotent-Replayed"] == "true"
    another = athena.refund_vendor_payment(number, {**refund, "externalrefid": "X"}, new_key())
    assert another.status == 409
    assert [it.operation for it in side.moved(cents)] == [
        "record_vendor_payment",
        "refund_vendor_payment",
    ]
    assert hub.api.payment(recorded.payment_id)["status"] == "Refunded"


def test_a_partial_refund_is_refused_and_shown_the_way(
    side: AthenaSide, athena: AthenaClient
) -> None:
    """400 that names adjustingcharges; nothing is recorded."""
    patient, cents = Patient(12), fresh_cents()
    common = {"departmentid": patient.department_id, "patientid": 12, "paymentmethod": "EFT"}
    recorded = athena.record_vendor_payment({**common, "otheramount": dollars(cents)})
    number = recorded.body["patientpaymentid"]
    answer = athena.refund_vendor_payment(number, {**common, "fullrefund": False})
    assert answer.status == 400
    assert [it["field"] for it in answer.body["errors"]] == ["fullrefund"]
    assert "adjustingcharges" in answer.body["errors"][0]["detail"]
    assert len(side.moved(cents)) == 1


def test_a_vendor_payment_made_past_the_hub_is_refunded_through_it(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """Although nothing shows it: the vendor knows its number, or refuses."""
    patient, cents = Patient(12), fresh_cents()
    common = {"departmentid": patient.department_id, "patientid": 12, "paymentmethod": "EFT"}
    past = {**common, "otheramount": dollars(cents), "externalrefid": new_key()}
    number = int(side.past_the_hub().record_vendor_payment(past).body["patientpaymentid"])
    refund = athena.refund_vendor_payment(number, common)
    assert refund.status == 200
    assert net_cents(side.moved(cents)) == 0
    assert hub.api.payment(refund.payment_id)["status"] == "Refunded"


def test_charges_are_adjusted_each_on_its_own(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """Too much for one is told there; the other is adjusted all the same, and counts."""
    patient, cents = Patient(13), fresh_cents()
    first, second = patient.charge_id(1, 1), patient.charge_id(1, 2)
    fields = {
        "patientid": 13,
        "charges": [
            {"chargeid": first, "adjustmentamount": dollars(cents)},
            {"chargeid": second, "adjustmentamount": "150.01"},
        ],
    }
    answer = athena.adjust_charges(fields)
    assert answer.status == 200
    assert type(answer.body["patientid"]) is int
    adjusted, refused = answer.body["charges"]
    assert adjusted == {
        "chargeid": first,
        "adjustmentamount": dollars(cents),
        "outstandingamount": dollars(100_000 - cents),
    }
    assert refused["chargeid"] == second
    assert "more than the outstanding amount" in refused["error"]
    payment = hub.api.payment(answer.payment_id)
    assert (payment["status"], payment["amountCents"]) == ("PartlyAdjusted", cents)
    [movement] = side.moved(cents)
    assert (movement.operation, movement.direction) == ("adjust_charges", "out")
    assert movement.reference == str(first)
    assert athena.adjust_charges(fields).headers["Idempotent-Replayed"] == "true"
    assert len(side.moved(cents)) == 1


def test_charges_that_cannot_be_adjusted_are_refused(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """All of them too much, or of a patient that nobody knows."""
    charge = {"chargeid": Patient(13).charge_id(2, 2), "adjustmentamount": "9999.99"}
    refused = athena.adjust_charges({"patientid": 13, "charges": [charge]})
    assert "outstanding" in refused.body["charges"][0]["error"]
    assert hub.api.payment(refused.payment_id)["status"] == "declined"
    nobody = athena.adjust_charges({"patientid": 77, "charges": [charge]})
    assert nobody.body["error"] == "The patient was not found."
    assert hub.api.payment(nobody.payment_id)["status"] == "declined"
    assert side.moved(999_999) == []


def test_a_claim_with_nothing_left_is_closed(
    hub: Hub, side: AthenaSide, athena: AthenaClient
) -> None:
    """By adjusting off all of its charges."""
    patient = Patient(14)
    charges = [
        {"chargeid": patient.charge_id(3, place), "adjustmentamount": amount}
        for place, amount in ((1, "7.5"), (2, "10"))
    ]
    answer = athena.adjust_charges({"patientid": 14, "charges": charges})
    assert [it["outstandingamount"] for it in answer.body["charges"]] == ["0.00", "0.00"]
    assert side.claim(14, patient.claim_id(3))["status"] == "CLOSED"
    payment = hub.api.payment(answer.payment_id)
    assert (payment["status"], payment["amountCents"]) == ("Adjusted", 1750)


def test_receipts_are_shown_in_their_documented_types(
    side: AthenaSide, athena: AthenaClient
) -> None:
    """Ids as numbers and money with two decimals, however the vendor spells them."""
    patient, department = Patient(15), Patient(15).department_id
    amounts = [fresh_cents() for _ in range(3)]
    made = [
        athena.collect_payment(15, purchase(patient, cents)).body["epaymentid"] for cents in amounts
    ]
    athena.void_payment(15, made[0])
    listed = athena.receipts(15, department)
    assert listed.status == 200
    assert [it["type"] for it in listed.body] == ["PURCHASE", "PURCHASE", "PURCHASE", "VOID"]
    for receipt, number, cents in zip(listed.body, made, amounts, strict=False):
        assert type(receipt["epaymentid"]) is int
        assert (receipt["epaymentid"], receipt["amount"]) == (number, dollars(cents))
        assert (receipt["cardtypeabbreviation"], receipt["cardnumberlast4digits"]) == ("VI", LAST4)
        details = athena.receipt_details(15, number, termsasjson=True)
        assert (details.body["patientid"], details.body["otheramount"]) == (15, dollars(cents))
        assert isinstance(details.body["terms"], list)
    for query, whose in (({}, "Customer"), ({"merchantversion": True}, "Merchant")):
        printed = athena.receipt(15, made[0], **query)
        assert printed.status == 200
        assert whose in printed.body["receipt"]
    assert athena.receipt(15, 1).status == 404
    assert athena.receipt_details(1, made[0]).status == 404


def test_json_bodies_and_names_in_capitals_do_as_forms_do(
    side: AthenaSide, athena: AthenaClient
) -> None:
    """One request in three spellings is one payment: the second and third are repeats."""
    cents = fresh_cents()
    fields = {
        **purchase(Patient(16), cents),
        "claimpayment": [{str(Patient(16).claim_id()): "1.5"}],
    }
    form = athena.collect_payment(16, fields)
    assert form.body["success"] == "true"
    path = athena.path_of(16, "collectpayment")
    capitals = athena.post(path, {name.upper(): it for name, it in fields.items()})
    as_json = athena.post_json(path, fields)
    for answer in (capitals, as_json):
        assert answer.body == form.body
        assert answer.headers["Idempotent-Replayed"] == "true"
    assert len(side.moved(cents + 150)) == 1
