"""athenahealth's lists: what an attempt without an answer left there, and what proves nothing."""

from typing import Any

import httpx
import pytest

from payhub.domain.answers import Finding, Matches, Undecided, View
from payhub.domain.payment import Attempt
from payhub.vendors.athena.contract import (
    ADJUST,
    COLLECT,
    RECORD,
    REFUND,
    REPORT,
    START_PLAN,
    STORE_CARD,
    VOID,
)
from tests.support.fakes import NOON_MS
from tests.unit.athena_orders import (
    TERMS,
    answering,
    attempt,
    by_path,
    eastern,
    gateway,
    ms,
    never,
    order,
)

WINDOW_MS = (900 + 420) * 1000
SKEW_MS = 300_000


def receipt(at_ms: int = NOON_MS + 2000, **changes: Any) -> dict[str, Any]:
    """The receipt that the usual attempt leaves."""
    return {
        "epaymentid": "551",
        "amount": "42.5",
        "type": "PURCHASE",
        "cardtypeabbreviation": "VI",
        "cardtypename": "Visa",
        "cardnumberlast4digits": "1111",
        "requestdate": eastern(at_ms),
        **changes,
    }


def searched(receipts: object, *attempts: Attempt, **changes: Any) -> Finding:
    """What a search among these receipts finds."""
    return gateway(answering(200, receipts)).search(order(COLLECT, *attempts, **changes))


def references(found: Finding) -> list[str | None]:
    """The references that a completed search found."""
    assert isinstance(found, Matches), found
    return [view.reference for view in found.views]


def test_a_lost_payment_is_found_by_amount_card_and_time() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[receipt(), receipt(NOON_MS - 86_400_000, epaymentid=3)])

    found = gateway(handler).search(order(COLLECT, card=None))
    facts = {"collected_at_ms": str(NOON_MS + 2000)}
    assert found == Matches(views=(View(reference="551", status="Collected", facts=facts),))
    assert str(seen[0].url).endswith("/v1/195900/patients/7/receipts?departmentid=1")
    assert seen[0].method == "GET"


@pytest.mark.parametrize("shape", [{"receipts": [receipt()]}, {"a": [receipt()], "totalcount": 1}])
def test_the_list_may_be_in_an_object(shape: object) -> None:
    assert references(searched(shape)) == ["551"]


def test_an_empty_list_proves_absence() -> None:
    assert searched([]) == Matches(views=())
    assert searched({"receipts": []}) == Matches(views=())
    assert searched({"totalcount": 0}) == Matches(views=())


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "VOID"},
        {"type": "VOIDPURCHASE"},
        {"type": "AUTHORIZATION"},
        {"amount": "42.51"},
        {"amount": "4250"},
        {"cardnumberlast4digits": "1112"},
        {"cardtypeabbreviation": "MC"},
    ],
)
def test_another_kind_amount_or_card_is_another_payment(changes: dict[str, Any]) -> None:
    assert references(searched([receipt(**changes)])) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"epaymentid": 551},
        {"amount": 42.5},
        {"amount": " 42.50 "},
        {"type": "purchase"},
        {"cardtypeabbreviation": "vi"},
        {"cardnumberlast4digits": 1111},
    ],
)
def test_the_vendors_loose_spellings_are_the_same_payment(changes: dict[str, Any]) -> None:
    assert references(searched([receipt(**changes)])) == ["551"]


def test_digits_that_lost_their_zeros_are_the_same_card() -> None:
    terms = {**TERMS[COLLECT], "cardlast4": "0009"}
    line = receipt(cardnumberlast4digits=9)
    assert references(searched([line], terms=terms)) == ["551"]
    assert references(searched([line], terms={**terms, "cardlast4": "0090"})) == []


def test_a_card_that_is_not_known_is_not_compared() -> None:
    terms = {k: v for k, v in TERMS[COLLECT].items() if not k.startswith("card")}
    line = receipt(cardtypeabbreviation="XX", cardnumberlast4digits="9999")
    assert references(searched([line], terms=terms)) == ["551"]
    assert references(searched([line], terms={**terms, "cardbrand": "", "cardlast4": ""})) == [
        "551"
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "forty"},
        {"amount": "42.500"},
        {"amount": None},
        {"amount": True},
        {"type": None},
        {"type": ""},
        {"requestdate": None},
        {"requestdate": "2026-11-21T12:00:02Z"},
        {"requestdate": "13/45/2026 99:00:00"},
        {"cardnumberlast4digits": None},
        {"cardnumberlast4digits": "x111"},
        {"cardtypeabbreviation": None},
        {"cardtypeabbreviation": "VISA CREDIT"},
        {"epaymentid": None},
        {"epaymentid": "E-551"},
    ],
)
def test_a_receipt_that_may_be_it_but_cannot_be_read_proves_nothing(
    changes: dict[str, Any],
) -> None:
    assert isinstance(searched([receipt(**changes)]), Undecided)
    clearly_other = receipt(**{**changes, "amount": "1.00", "type": "PURCHASE"})
    assert references(searched([clearly_other])) == []


@pytest.mark.parametrize("body", [b"", b"<html>", {}, {"a": [], "b": []}, [7], ["x"], 7, "x", None])
def test_a_list_that_cannot_be_read_proves_nothing(body: object) -> None:
    assert isinstance(searched(body), Undecided)


@pytest.mark.parametrize(
    "body",
    [
        {"receipts": [], "totalcount": 3},
        {"receipts": [], "next": "/v1/195900/patients/7/receipts?offset=1"},
        [receipt(NOON_MS - 86_400_000)] * 1500,
    ],
)
def test_a_list_with_more_pages_proves_nothing(body: object) -> None:
    assert isinstance(searched(body), Undecided)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
@pytest.mark.parametrize("verb", [COLLECT, STORE_CARD, START_PLAN])
def test_a_search_that_breaks_off_proves_nothing(verb: str, status: int) -> None:
    vendor = answering(status, {"error": "no"})
    assert isinstance(gateway(vendor).search(order(verb)), Undecided)


def test_a_search_is_tried_again_when_the_vendor_says() -> None:
    vendor = answering(429, b"", **{"Retry-After": "11"})
    found = gateway(vendor).search(order(COLLECT))
    assert isinstance(found, Undecided) and found.retry_after_seconds == 11


@pytest.mark.parametrize("verb", [RECORD, VOID, REPORT, REFUND, ADJUST])
def test_where_nothing_can_be_looked_up_nothing_is_asked(verb: str) -> None:
    assert gateway(never).search(order(verb)) == Matches(views=())


# The time


@pytest.mark.parametrize(
    ("after_ms", "is_found"),
    [
        (-SKEW_MS, True),
        (-SKEW_MS - 1000, False),
        (WINDOW_MS, True),
        (WINDOW_MS + 1000, False),
    ],
)
def test_the_window_reaches_from_the_skew_to_the_late_apply_bound(
    after_ms: int, is_found: bool
) -> None:
    found = searched([receipt(NOON_MS + after_ms)])
    assert references(found) == (["551"] if is_found else [])


def test_the_window_spans_every_attempt_that_may_have_been_applied() -> None:
    tries = [
        attempt(NOON_MS - 7_200_000, "not_sent"),
        attempt(NOON_MS, "unknown"),
        attempt(NOON_MS + 3_600_000, None),
        attempt(NOON_MS + 9_000_000, "not_sent"),
    ]
    for after_ms, is_found in (
        (-7_200_000, False),
        (-SKEW_MS, True),
        (3_600_000 + WINDOW_MS, True),
        (9_000_000, False),
    ):
        found = searched([receipt(NOON_MS + after_ms)], *tries)
        assert references(found) == (["551"] if is_found else [])


def test_attempts_that_were_not_sent_left_nothing() -> None:
    tried = order(COLLECT, attempt(NOON_MS, "not_sent"))
    assert gateway(never).search(tried) == Matches(views=())


@pytest.mark.parametrize(
    ("intent", "written"),
    [
        ("2026-03-08T06:59:50", "03/08/2026 01:59:55"),
        ("2026-03-08T06:59:50", "03/08/2026 03:00:05"),
        ("2026-03-08T07:00:00", "03/08/2026 03:00:00"),
        ("2026-11-01T05:30:00", "11/01/2026 01:30:00"),
        ("2026-11-01T06:30:00", "11/01/2026 01:30:00"),
        ("2026-11-01T05:59:50", "11/01/2026 01:00:05"),
        ("2026-11-01T06:59:50", "11/01/2026 02:00:05"),
        ("2027-01-01T04:59:58", "01/01/2027 00:00:01"),
    ],
)
def test_eastern_time_is_read_on_both_sides_of_a_clock_change(intent: str, written: str) -> None:
    at_ms = ms(intent)
    found = searched([receipt(requestdate=written)], attempt(at_ms, None))
    assert isinstance(found, Matches) and len(found.views) == 1
    taken_ms = int(found.views[0].facts["collected_at_ms"])
    assert at_ms - SKEW_MS <= taken_ms <= at_ms + WINDOW_MS


def test_the_hour_that_occurs_twice_is_not_the_hour_before_or_after() -> None:
    for intent in ("2026-11-01T04:30:00", "2026-11-01T07:30:00"):
        line = receipt(requestdate="11/01/2026 01:30:00")
        assert references(searched([line], attempt(ms(intent), None))) == []


def test_two_that_fit_are_two_matches() -> None:
    assert references(searched([receipt(), receipt(epaymentid=552)])) == ["551", "552"]


# Stored cards


def authorization(**changes: Any) -> dict[str, Any]:
    """The receipt of a stored card."""
    return receipt(**{"type": "AUTHORIZATION", "amount": "0", "contractid": 31, **changes})


def stored(receipts: object, contracts: object) -> Finding:
    """What a search for a stored card finds in the two lists."""
    lists = {"/receipts": receipts, "/singleappointment": contracts}
    return gateway(by_path(lists)).search(order(STORE_CARD))


CONTRACT = {"contractid": "31", "epaymentid": 551, "appointmentid": 10071}


def test_a_stored_card_is_found_by_its_receipt_and_its_appointment() -> None:
    other = {**CONTRACT, "epaymentid": 9, "appointmentid": 10072}
    found = stored([receipt(), authorization()], {"contracts": [other, CONTRACT], "totalcount": 2})
    assert found == Matches(views=(View(reference="551", status="CardStored"),))


@pytest.mark.parametrize(
    ("receipts", "contracts"),
    [
        ([authorization()], [{**CONTRACT, "appointmentid": "10072"}]),
        ([authorization()], [{**CONTRACT, "epaymentid": "552"}]),
        ([authorization()], {"contracts": []}),
        ([authorization(cardnumberlast4digits="2222")], b"not asked for"),
        ([authorization(requestdate="11/20/2026 07:00:00")], b"not asked for"),
    ],
)
def test_a_stored_card_of_another_card_day_or_appointment_is_another(
    receipts: object, contracts: object
) -> None:
    if isinstance(contracts, bytes):
        assert gateway(by_path({"/receipts": receipts})).search(order(STORE_CARD)) == Matches(
            views=()
        )
    else:
        assert references(stored(receipts, contracts)) == []


@pytest.mark.parametrize(
    "contracts",
    [
        [{**CONTRACT, "appointmentid": None}],
        [{"appointmentid": 10071}],
        {"contracts": "none"},
        {"contracts": [], "totalcount": "4"},
    ],
)
def test_contracts_that_cannot_be_read_prove_nothing(contracts: object) -> None:
    assert isinstance(stored([authorization()], contracts), Undecided)


def test_contracts_that_cannot_be_had_prove_nothing() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/receipts"):
            return httpx.Response(200, json=[authorization()])
        return httpx.Response(500)

    assert isinstance(gateway(handler).search(order(STORE_CARD)), Undecided)


# Plans

PLAN = {
    "paymentplanid": "91",
    "paymentplanname": "Payhub 0123456789abcdef",
    "claimids": ["702", 701],
}


def planned(plans: object, **changes: Any) -> Finding:
    """What a search for a plan finds."""
    return gateway(by_path({"/paymentplan": plans})).search(order(START_PLAN, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"paymentplanid": 91},
        {"claimids": "701,702"},
        {"claimids": "[702, 701]"},
        {"claimids": None, "claims": [{"claimid": 701}, {"claimid": "702"}]},
    ],
)
def test_a_plan_is_found_by_its_name_and_claims(changes: dict[str, Any]) -> None:
    found = planned({"paymentplans": [{**PLAN, **changes}], "totalcount": 1})
    assert found == Matches(views=(View(reference="91", status="PlanStarted"),))


def test_the_department_is_named_and_claims_are_asked_for() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[])

    assert gateway(handler).search(order(START_PLAN)) == Matches(views=())
    assert seen[0].url.path == "/v1/195900/patients/7/collectpayment/paymentplan"
    assert dict(seen[0].url.params) == {"departmentid": "1", "linkedclaiminfo": "true"}


def test_the_claims_of_the_request_may_be_text_with_commas() -> None:
    terms = {**TERMS[START_PLAN], "claimids": "701,702"}
    assert references(planned([PLAN], terms=terms)) == ["91"]


@pytest.mark.parametrize(
    "changes",
    [
        {"paymentplanname": "Payhub fedcba9876543210"},
        {"claimids": [701]},
        {"claimids": [701, 702, 703]},
    ],
)
def test_another_name_or_other_claims_are_another_plan(changes: dict[str, Any]) -> None:
    assert references(planned([{**PLAN, **changes}])) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"paymentplanname": None},
        {"paymentplanname": " "},
        {"claimids": None},
        {"claimids": []},
        {"claimids": ["x"]},
        {"paymentplanid": None},
    ],
)
def test_a_plan_that_may_be_it_but_cannot_be_read_proves_nothing(changes: dict[str, Any]) -> None:
    assert isinstance(planned([{**PLAN, **changes}]), Undecided)


def test_a_plan_without_a_name_cannot_be_searched() -> None:
    terms = {k: v for k, v in TERMS[START_PLAN].items() if k != "paymentplanname"}
    assert isinstance(gateway(never).search(order(START_PLAN, terms=terms)), Undecided)
