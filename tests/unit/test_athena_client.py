"""athenahealth's client: what goes out for each verb, and what an answer means."""

import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from payhub.domain.answers import Done, NotSent, Unanswered, VendorRefused, View
from payhub.domain.card import Card
from payhub.vendors.athena.contract import (
    ADJUST,
    COLLECT,
    CONTRACTS,
    RECORD,
    REFUND,
    REPORT,
    START_PLAN,
    STORE_CARD,
    VOID,
)
from tests.unit.athena_orders import (
    CARD,
    CARD_FORM,
    CODE,
    NUMBER,
    TERMS,
    answering,
    form_of,
    gateway,
    never,
    order,
)

PATIENT = "/v1/195900/patients/7"
ACME = "/v1/195900/patientpayvendors/ACME"
BAD_GATEWAY = b"<html><head><title>Oops</title></head><body><h1>Bad   Gateway</h1></body></html>"

SENT: dict[str, tuple[str, dict[str, str]]] = {
    COLLECT: (
        f"{PATIENT}/collectpayment",
        {
            "departmentid": "1",
            "appointmentid": "10071",
            "copayamount": "12.50",
            "claimpayment": '[{"701":"30.00"}]',
            "todayservice": "false",
            **CARD_FORM,
        },
    ),
    STORE_CARD: (
        f"{PATIENT}/collectpayment/singleappointment/10071",
        {"departmentid": "1", "maxamount": "200", **CARD_FORM},
    ),
    START_PLAN: (
        f"{PATIENT}/collectpayment/paymentplan",
        {
            "departmentid": "1",
            "claimids": "[701,702]",
            "cycleamount": "50.00",
            "downpaymentamount": "20.00",
            "paymentplanname": "Payhub 0123456789abcdef",
            **CARD_FORM,
        },
    ),
    RECORD: (
        f"{PATIENT}/recordpayment",
        {
            "departmentid": "1",
            "paymentmethod": "CHECK",
            "checknumber": "1001",
            "otheramount": "42.50",
        },
    ),
    VOID: (f"{PATIENT}/voidpayment/551", {}),
    REPORT: (
        f"{ACME}/payments",
        {
            "departmentid": "1",
            "patientid": "7",
            "externalrefid": "ext-1",
            "paymentmethod": "CASH",
            "otheramount": "42.50",
        },
    ),
    REFUND: (
        f"{ACME}/payments/551/refund",
        {
            "departmentid": "1",
            "patientid": "7",
            "externalrefid": "ref-1",
            "paymentmethod": "CASH",
            "ispaymentsettled": "true",
            "fullrefund": "true",
        },
    ),
    ADJUST: (
        f"{ACME}/adjustingcharges",
        {"patientid": "7", "charges": str(TERMS[ADJUST]["charges"])},
    ),
}


def perform(verb: str, status: int, body: object, **changes: Any) -> Any:
    """What the gateway makes of one answer of the vendor."""
    return gateway(answering(status, body)).perform(order(verb, **changes))


@pytest.mark.parametrize("verb", CONTRACTS)
def test_path_and_form_are_as_documented_and_nothing_of_the_hub_goes_out(verb: str) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500)

    gateway(handler).perform(order(verb))
    path, form = SENT[verb]
    assert [request.url.path for request in seen] == [path]
    assert seen[0].method == "POST" and not seen[0].url.query
    assert seen[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen[0].headers["authorization"] == "Bearer token-1"
    assert form_of(seen[0]) == form


def test_swipe_data_goes_out_whole() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500)

    track = f"%B{NUMBER}^ABBOTT/ADA^3012101?;{NUMBER}=3012101?"
    gateway(handler).perform(order(RECORD, card=CARD))
    gateway(handler).perform(order(COLLECT, card=Card(track_data=SecretStr(track))))
    assert "trackdata" not in form_of(seen[0]) and NUMBER not in seen[0].read().decode()
    assert form_of(seen[1])["trackdata"] == track
    assert "accountnumber" not in form_of(seen[1])


def test_ids_cannot_leave_their_place_in_the_path() -> None:
    seen: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path)
        return httpx.Response(500)

    gateway(handler).perform(order(VOID, vendor_reference="../5?x=1"))
    assert seen == [b"/v1/195900/patients/7/voidpayment/..%2F5%3Fx%3D1"]


@pytest.mark.parametrize(
    ("verb", "changes"),
    [
        (COLLECT, {}),
        (STORE_CARD, {}),
        (START_PLAN, {"downpaymentamount": "0.01"}),
        (START_PLAN, {"downpaymentamount": "0", "billingmethod": "CREDITCARD"}),
    ],
)
def test_without_the_card_that_it_needs_nothing_is_sent(verb: str, changes: dict[str, str]) -> None:
    terms = {**TERMS[verb], **changes}
    answer = gateway(never).perform(order(verb, card=None, terms=terms))
    assert answer == NotSent(reason="the card is not kept; send the request again")


@pytest.mark.parametrize("changes", [{"downpaymentamount": "0.00"}, {"downpaymentamount": None}])
def test_a_plan_by_statements_needs_no_card(changes: dict[str, str | None]) -> None:
    terms = {**TERMS[START_PLAN], "billingmethod": "SENDSTATEMENTS", **changes}
    terms = {name: value for name, value in terms.items() if value is not None}
    body = {"paymentplanid": 91, "success": "true"}
    answer = perform(START_PLAN, 200, body, card=None, terms=terms)
    assert answer == Done(view=View(reference="91", status="PlanStarted"))


@pytest.mark.parametrize("success", ["true", "True", True, "TRUE"])
@pytest.mark.parametrize("number", [551, "551"])
@pytest.mark.parametrize(
    ("verb", "name", "status"),
    [
        (COLLECT, "epaymentid", "Collected"),
        (STORE_CARD, "epaymentid", "CardStored"),
        (RECORD, "paymentbatchid", "Posted"),
        (START_PLAN, "paymentplanid", "PlanStarted"),
    ],
)
def test_a_success_brings_the_id_however_it_is_written(
    verb: str, name: str, status: str, number: object, success: object
) -> None:
    answer = perform(verb, 200, {name: number, "success": success})
    assert answer == Done(view=View(reference="551", status=status))


def test_a_plan_tells_the_receipt_of_its_down_payment() -> None:
    body = {"paymentplanid": "91", "epaymentid": 551, "success": "true"}
    answer = perform(START_PLAN, 200, body)
    assert answer.view.reference == "91" and answer.view.facts == {"epaymentid": "551"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("true", "true"),
        ("Y", "true"),
        (1, "true"),
        (True, "true"),
        ("false", "false"),
        ("N", "false"),
    ],
)
def test_a_vendor_payment_tells_whether_it_was_recorded_before(said: object, told: str) -> None:
    body = {"patientpaymentid": "77", "previouslyrecordedyn": said}
    view = View(reference="77", status="Recorded", facts={"previouslyrecordedyn": told})
    assert perform(REPORT, 200, body) == Done(view=view)


def test_a_refund_keeps_the_payments_reference_and_tells_its_own() -> None:
    body = {"patientpaymentid": 78, "recordedtime": "11/21/2026 07:00:00"}
    facts = {"refundid": "78", "recordedtime": "11/21/2026 07:00:00"}
    view = View(reference="551", status="Refunded", facts=facts)
    assert perform(REFUND, 200, body) == Done(view=view)


def test_a_void_keeps_the_payments_reference() -> None:
    answer = perform(VOID, 200, {"success": "true"}, card=None)
    assert answer == Done(view=View(reference="551", status="Voided"))


@pytest.mark.parametrize("name", ["errortext", "errormessage", "error"])
@pytest.mark.parametrize("success", ["false", "False", False])
@pytest.mark.parametrize("verb", [COLLECT, STORE_CARD, START_PLAN, RECORD, VOID, REPORT, REFUND])
def test_http_200_with_success_false_is_a_refusal_in_the_vendors_words(
    verb: str, success: object, name: str
) -> None:
    answer = perform(
        verb,
        200,
        {name: f"DECLINED {NUMBER}", "success": success},
        card=None if verb == VOID else CARD,
    )
    assert isinstance(answer, VendorRefused) and answer.code == "success_false"
    assert answer.message.startswith("DECLINED [")


UNREADABLE: list[object] = [
    b"",
    b"<html>",
    b'{"epaymentid": 5',
    b"\xff\xfe",
    [],
    {},
    {"success": "perhaps", "epaymentid": 5},
    {"epaymentid": 5},
    {"success": "true"},
    {"success": "true", "epaymentid": ""},
    {"success": "true", "epaymentid": 0},
    {"success": "true", "epaymentid": "abc"},
    {"success": "true", "epaymentid": True},
    {"success": "true", "epaymentid": 5.5},
    {"success": "true", "epaymentid": {"a": 1}},
]


@pytest.mark.parametrize("body", UNREADABLE)
def test_a_success_that_cannot_be_read_proves_nothing(body: object) -> None:
    assert isinstance(perform(COLLECT, 200, body), Unanswered)


@pytest.mark.parametrize("verb", [v for v in CONTRACTS if v != COLLECT])
@pytest.mark.parametrize("body", [b"", b"[1, 2]", b'{"success": "tr'])
def test_no_verb_believes_an_unreadable_success(verb: str, body: bytes) -> None:
    assert isinstance(perform(verb, 200, body), Unanswered)


@pytest.mark.parametrize("verb", [REPORT, REFUND, ADJUST])
def test_a_payment_vendors_success_without_its_id_proves_nothing(verb: str) -> None:
    assert isinstance(perform(verb, 200, {"recordedtime": "x", "patientid": 7}), Unanswered)


# Errors


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "No such patient."}, "No such patient."),
        ({"error": "Bad.", "detailedmessage": "The date."}, "Bad. The date."),
        (
            {"error": "Additional fields are required.", "missingfields": ["a", "b"]},
            "Additional fields are required. Missing: a, b",
        ),
        ({"missingfields": ["a"]}, "Missing: a"),
        ([{"error": "In a list."}], "In a list."),
        ({"error": 7}, "no reason given"),
        (BAD_GATEWAY, "Bad Gateway"),
        (b"Too\n much &amp; more", "Too much & more"),
        (b"", "no reason given"),
    ],
)
def test_a_refusal_brings_the_vendors_words_from_json_or_a_page(body: object, words: str) -> None:
    assert perform(COLLECT, 400, body) == VendorRefused(message=words, code="400")


@pytest.mark.parametrize("status", [404, 405])
def test_a_page_without_json_says_that_there_is_no_such_route(status: int) -> None:
    assert isinstance(perform(COLLECT, status, b"<html>Not Found</html>"), NotSent)
    refused = perform(COLLECT, status, {"error": "The patient was not found."})
    assert refused == VendorRefused(message="The patient was not found.", code=str(status))


@pytest.mark.parametrize("verb", CONTRACTS)
@pytest.mark.parametrize(("status", "kind"), [(403, NotSent), (500, Unanswered), (502, Unanswered)])
def test_what_a_status_proves_is_the_same_for_every_verb(
    verb: str, status: int, kind: type[object]
) -> None:
    assert isinstance(perform(verb, status, BAD_GATEWAY), kind)


def test_too_many_requests_are_tried_again_when_the_vendor_says() -> None:
    vendor = answering(429, b"Too Many Requests", **{"Retry-After": "7"})
    answer = gateway(vendor).perform(order(COLLECT))
    assert isinstance(answer, NotSent) and answer.retry_after_seconds == 7


def test_a_call_without_an_answer_proves_nothing() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    assert isinstance(gateway(handler).perform(order(COLLECT)), Unanswered)


ECHOES: list[tuple[int, object]] = [
    (200, {"success": "false", "errortext": f"{NUMBER} {CODE} ADA ABBOTT 02472"}),
    (200, {"success": "true", "epaymentid": f"{NUMBER}{NUMBER}"}),
    (200, NUMBER.encode()),
    (400, {"error": "4111  1111 1111-1111 of ada@example.com at 1  Main Street, 2030"}),
    (400, f"<p>4111<b>1111</b>1111 1111 {CODE}</p>".encode()),
    (403, {"error": f"no {NUMBER} {CODE}"}),
    (500, f"<h1>{NUMBER}</h1> {CODE}".encode()),
]


@pytest.mark.parametrize(("status", "body"), ECHOES)
@pytest.mark.parametrize("verb", [COLLECT, STORE_CARD, START_PLAN])
def test_nothing_of_the_card_comes_back_whatever_the_vendor_repeats(
    verb: str, status: int, body: object
) -> None:
    asked = order(verb)
    answer = gateway(answering(status, body)).perform(asked)
    shown = f"{answer!r} {answer} {asked!r}".lower()
    for secret in (
        NUMBER,
        "4111 1111",
        CODE,
        "ada abbott",
        "02472",
        "ada@example",
        "1 main",
        "2030",
    ):
        assert secret not in shown, shown


# Voids


@pytest.mark.parametrize(
    "words",
    [
        "This payment has already been voided.",
        "Payment already voided",
        "epayment 551 was ALREADY VOIDED by jsmith",
        "The payment has been voided.",
    ],
)
@pytest.mark.parametrize(
    ("status", "name"), [(400, "error"), (409, "error"), (200, "errortext"), (200, "errormessage")]
)
def test_voiding_what_is_voided_has_its_effect(status: int, name: str, words: str) -> None:
    answer = perform(VOID, status, {name: words, "success": "false"}, card=None)
    assert answer == Done(view=View(reference="551", status="Voided"))


@pytest.mark.parametrize(
    "words",
    [
        "This payment has already been settled and cannot be voided.",
        "Transaction settled",
        "Payments cannot be voided after settlement.",
    ],
)
@pytest.mark.parametrize(("status", "name"), [(400, "error"), (200, "errortext")])
def test_a_void_that_comes_too_late_says_that_it_settled(
    status: int, name: str, words: str
) -> None:
    answer = perform(VOID, status, {name: words, "success": "false"}, card=None)
    assert answer == VendorRefused(message=words, code="settled", status="Settled")


@pytest.mark.parametrize(
    "words",
    [
        "Only a purchase can be voided.",
        "It cannot be voided.",
        "This payment has not been settled.",
        "Payments that have been settled or already voided cannot be voided.",
    ],
)
def test_any_other_refusal_of_a_void_shows_no_status(words: str) -> None:
    answer = perform(VOID, 400, {"error": words}, card=None)
    assert answer == VendorRefused(message=words, code="400")


# Adjusted charges


def adjusted(*charges: object, **more: object) -> Any:
    """What becomes of an answer with these charges."""
    return perform(ADJUST, 200, {"patientid": "7", "charges": charges, **more}, card=None)


def test_adjusted_charges_are_told_one_by_one_and_summed() -> None:
    answer = adjusted(
        {"chargeid": "7011", "adjustmentamount": "5", "outstandingamount": "0"},
        {"chargeid": 7012, "adjustmentamount": ".7"},
    )
    assert isinstance(answer, Done) and answer.view.reference is None
    assert (answer.view.status, answer.view.amount_cents) == ("Adjusted", 570)
    assert json.loads(answer.view.facts["charges"]) == [
        {"chargeid": 7011, "adjustmentamount": "5.00", "outstandingamount": "0.00"},
        {"chargeid": 7012, "adjustmentamount": "0.70"},
    ]


def test_what_was_adjusted_counts_although_the_rest_was_refused() -> None:
    for error in ({"error": f"Too much {NUMBER}"}, {"adjustmentamount": 0}):
        answer = adjusted({"chargeid": 7011, "adjustmentamount": 5}, {"chargeid": "7012", **error})
        assert (answer.view.status, answer.view.amount_cents) == ("PartlyAdjusted", 500)
        assert NUMBER not in repr(answer)


def test_no_charge_adjusted_is_a_refusal_that_tells_why() -> None:
    answer = adjusted(
        {"chargeid": 7011, "error": "Too much."}, {"chargeid": 7012, "error": "Gone."}
    )
    assert isinstance(answer, VendorRefused)
    assert (answer.code, answer.message) == ("charges", "Too much.; Gone.")
    assert json.loads(answer.facts["charges"]) == [
        {"chargeid": 7011, "error": "Too much."},
        {"chargeid": 7012, "error": "Gone."},
    ]


def test_an_error_of_the_patient_is_a_refusal_unless_money_moved() -> None:
    refused = adjusted(error="The patient was not found.")
    assert refused == VendorRefused(message="The patient was not found.", code="patient")
    lines = (
        {"chargeid": 7011, "adjustmentamount": "5"},
        {"chargeid": 7012, "adjustmentamount": "1"},
    )
    assert adjusted(*lines, error="Odd.").view.status == "PartlyAdjusted"


def test_success_false_without_an_adjustment_is_a_refusal() -> None:
    refused = adjusted(success=False, errormessage="No.")
    assert refused == VendorRefused(message="No.", code="success_false")


@pytest.mark.parametrize(
    "charges",
    [
        [],
        [{"chargeid": 7011, "adjustmentamount": "5"}],
        [{"chargeid": 7011, "adjustmentamount": "5"}, {"chargeid": 9, "error": "x"}],
        [{"chargeid": 7011, "adjustmentamount": "5"}, {"chargeid": 7012}],
        [
            {"chargeid": 7011, "adjustmentamount": "5"},
            {"chargeid": 7012, "adjustmentamount": "1.234"},
        ],
        [{"chargeid": 7011, "adjustmentamount": "5"}, {"adjustmentamount": "1"}],
        [7011, 7012],
    ],
)
def test_charges_that_are_not_all_answered_readably_prove_nothing(charges: list[object]) -> None:
    assert isinstance(adjusted(*charges), Unanswered)
