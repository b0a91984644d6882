"""The issuer's payments: issue, hold, release, void, reissue, look up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.bench import PAID_OUT_CENTS, Bench, issue_body, shown


def test_an_issued_payment_moves_to_completed_by_itself(bench: Bench) -> None:
    payment = bench.issue()
    assert payment["status"] == "Created"
    assert payment["version"] == 1
    assert len(payment["paymentId"]) == 32
    seen = ["Created"]
    for _ in range(50):
        bench.wait(0.1)
        status = bench.details(payment["paymentId"])["status"]
        seen += [status] if status != seen[-1] else []
    assert seen == [
        "Created",
        "Loading",
        "DocumentsGenerating",
        "RemittanceRequested",
        "DocumentsDistributing",
        "DistributionAssigned",
        "Sent",
        "Completed",
    ]
    assert bench.movements() == [("issue_payment", PAID_OUT_CENTS, "out")]


def test_a_long_jump_of_the_clock_runs_the_whole_way(bench: Bench) -> None:
    payment = bench.issue()
    bench.control("POST", "clock", {"advance_seconds": 3600})
    bench.sandbox.run_due_jobs()
    assert bench.details(payment["paymentId"])["status"] == "Completed"


def test_the_same_request_twice_makes_two_payments(bench: Bench) -> None:
    assert bench.issue()["paymentId"] != bench.issue()["paymentId"]
    assert len(bench.movements()) == 2


def test_a_held_payment_waits_and_is_out_from_its_release(bench: Bench) -> None:
    payment = bench.issue(account="ACCT2")
    bench.wait(10)
    details = bench.details(payment["paymentId"])
    assert (details["status"], details["availableBalance"]) == ("Held", 0)
    assert bench.movements() == []
    released = bench.ask("POST", f"/payments/{payment['paymentId']}/release")
    assert (released.status, shown(released)["status"]) == (200, "Loading")
    assert bench.movements() == [("release_payment", PAID_OUT_CENTS, "out")]
    assert bench.ask("POST", f"/payments/{payment['paymentId']}/release").status == 409
    assert len(bench.movements()) == 1


@pytest.mark.parametrize("account", ["ACCT1", "ACCT2"], ids=["created", "held"])
def test_created_and_held_payments_cannot_be_voided(bench: Bench, account: str) -> None:
    payment_id = bench.issue(account=account)["paymentId"]
    refused = bench.ask("POST", f"/payments/{payment_id}/void")
    assert refused.status == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert bench.details(payment_id)["status"] in shown(refused)["detail"]


def test_a_voided_payment_can_be_reissued_under_its_id_and_completes_again(bench: Bench) -> None:
    payment_id = bench.issue()["paymentId"]
    assert bench.ask("POST", f"/payments/{payment_id}/reissue").status == 409
    bench.wait(10)
    voided = bench.ask("POST", f"/api/issue/v1/payments/{payment_id}/void")
    assert shown(voided)["status"] == "Voided"
    assert bench.details(payment_id)["availableBalance"] == 0
    assert bench.ask("POST", f"/payments/{payment_id}/void").status == 409
    reissued = shown(bench.ask("POST", f"/payments/{payment_id}/reissue"))
    assert (reissued["paymentId"], reissued["status"]) == (payment_id, "Reissuing")
    bench.wait(10)
    assert bench.details(payment_id)["status"] == "Completed"
    assert bench.details(payment_id)["availableBalance"] == PAID_OUT_CENTS
    assert bench.movements() == [
        ("issue_payment", PAID_OUT_CENTS, "out"),
        ("void_payment", PAID_OUT_CENTS, "in"),
        ("reissue_payment", PAID_OUT_CENTS, "out"),
    ]


def test_a_step_planned_before_a_void_does_not_move_the_reissued_payment(bench: Bench) -> None:
    payment_id = bench.issue()["paymentId"]
    bench.wait(0.9)  # Loading; the next step is due in 0.1 s
    bench.ask("POST", f"/payments/{payment_id}/void")
    bench.ask("POST", f"/payments/{payment_id}/reissue")
    bench.wait(0.2)
    assert bench.details(payment_id)["status"] == "Reissuing"


@pytest.mark.parametrize(
    ("unit", "amount", "cents"),
    [("cents", 1250, 1250), ("whole_dollars", 12, 1200), ("decimal_dollars", 12.5, 1250)],
)
def test_amounts_are_in_the_tenants_unit(
    bench: Bench, unit: str, amount: float, cents: int
) -> None:
    bench.tenant(unit)
    payment = bench.issue(amount)
    assert payment["amount"] == amount
    assert bench.details(payment["paymentId"])["availableBalance"] == amount
    assert bench.movements() == [("issue_payment", cents, "out")]
    batch = shown(bench.ask("GET", f"/payments/batch/{payment['batchId']}"))
    assert batch["expectedBatchTotal"] == cents / 100


def test_decimal_dollars_are_written_with_two_places(bench: Bench) -> None:
    bench.tenant("decimal_dollars")
    assert b'"amount":12.50' in bench.ask("POST", "/payments", issue_body(12.5)).body


@pytest.mark.parametrize("amount", [0, -1, 1.5, "100", True, None, 10**12, 10**30])
def test_amounts_that_are_none_are_refused(bench: Bench, amount: Any) -> None:
    refused = bench.ask("POST", "/payments", issue_body(amount))
    assert refused.status == 400
    assert "amount" in shown(refused)["detail"]
    assert bench.movements() == []


@pytest.mark.parametrize("amount", [12.345, 1e300, 1e-300])
def test_decimal_amounts_have_at_most_two_places_and_a_limit(bench: Bench, amount: float) -> None:
    bench.tenant("decimal_dollars")
    assert bench.ask("POST", "/payments", issue_body(amount)).status == 400


@pytest.mark.parametrize(
    "field", ["clientRequestId", "accountShortCode", "payment", "totalNumberOfClaims"]
)
def test_a_missing_field_is_named(bench: Bench, field: str) -> None:
    body = issue_body()
    (body if field in body else body["payment"]).pop(field)
    refused = bench.ask("POST", "/payments", body)
    assert refused.status == 400
    assert field in shown(refused)["detail"]


def test_an_unknown_account_is_refused_as_a_matter_of_business(bench: Bench) -> None:
    refused = bench.ask("POST", "/payments", issue_body(account="OTHER"))
    assert (refused.status, shown(refused)["code"]) == (422, "UNKNOWN_ACCOUNT")


def test_keys_and_tenants_are_checked(bench: Bench) -> None:
    bench.tenant(tenant="tenant-2", key="key-2")
    payment_id = bench.issue()["paymentId"]
    path = f"/payments/{payment_id}"
    assert bench.ask("GET", path, **{"api-key": "wrong"}).status == 401
    assert bench.ask("GET", path, **{"x-optum-tenant-id": "tenant-2"}).status == 403
    other = {"api-key": "key-2", "x-optum-tenant-id": "tenant-2"}
    assert bench.ask("GET", path, **other).status == 404
    assert bench.ask("POST", f"{path}/void", **other).status == 404
    assert shown(bench.ask("GET", "/payments/batch", **other))["batches"] == []


@pytest.mark.parametrize("prefix", ["", "/v1", "/api/v1", "/api/issue/v1"])
def test_every_documented_prefix_is_served(bench: Bench, prefix: str) -> None:
    assert bench.ask("GET", f"{prefix}/payments/batch").status == 200


def test_unknown_paths_and_methods_are_problems(bench: Bench) -> None:
    assert bench.ask("GET", "/nothing").status == 404
    refused = bench.ask("DELETE", "/payments")
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")


def test_batches_are_paged_newest_first_and_lead_to_their_payment(bench: Bench) -> None:
    payments = [bench.issue() for _ in range(5)]
    pages = [
        shown(bench.ask("GET", f"/payments/batch?page={page}&pageSize=2")) for page in (1, 2, 3)
    ]
    ids = [batch["batchId"] for page in pages for batch in page["batches"]]
    assert ids == [payment["batchId"] for payment in reversed(payments)]
    assert [page["totalPages"] for page in pages] == [3, 3, 3]
    assert pages[0]["batches"][0]["clientRequestId"] == "request-1"
    details = shown(bench.ask("GET", f"/payments/batch/{ids[0]}/details"))
    assert [each["paymentId"] for each in details["payments"]] == [payments[-1]["paymentId"]]


@pytest.mark.parametrize("query", ["page=0", "page=x", "pageSize=201", "page=99999999999999999"])
def test_pages_that_are_none_are_refused(bench: Bench, query: str) -> None:
    assert bench.ask("GET", f"/payments/batch?{query}").status == 400


def test_402_cents_is_refused_and_moves_nothing(bench: Bench) -> None:
    refused = bench.ask("POST", "/payments", issue_body(402))
    assert (refused.status, shown(refused)["code"]) == (422, "INSUFFICIENT_FUNDS")
    assert bench.movements() == []
    assert shown(bench.ask("GET", "/payments/batch"))["batches"] == []


def test_403_cents_fails_in_loading_and_the_money_comes_back(bench: Bench) -> None:
    payment_id = bench.issue(403)["paymentId"]
    bench.wait(10)
    assert bench.details(payment_id)["status"] == "Failed"
    assert bench.movements() == [("issue_payment", 403, "out"), ("loading_failed", 403, "in")]


@pytest.mark.parametrize(("amount", "status"), [(408, "Loading"), (425, "Created")])
def test_some_amounts_stay_where_they_are(bench: Bench, amount: int, status: str) -> None:
    payment_id = bench.issue(amount)["paymentId"]
    bench.wait(20)
    assert bench.details(payment_id)["status"] == status


def test_409_cents_refuses_every_void(bench: Bench) -> None:
    payment_id = bench.issue(409)["paymentId"]
    bench.wait(10)
    assert bench.details(payment_id)["availableBalance"] == 409
    assert bench.ask("POST", f"/payments/{payment_id}/void").status == 409


def test_410_cents_is_cashed_so_a_void_is_refused(bench: Bench) -> None:
    payment_id = bench.issue(410)["paymentId"]
    bench.wait(10)
    assert bench.details(payment_id)["availableBalance"] == 0
    refused = bench.ask("POST", f"/payments/{payment_id}/void")
    assert (refused.status, "Completed" in shown(refused)["detail"]) == (409, True)


def test_411_cents_is_half_cashed_so_only_the_rest_moves_on(bench: Bench) -> None:
    payment_id = bench.issue(411)["paymentId"]
    bench.wait(10)
    bench.ask("POST", f"/payments/{payment_id}/void")
    bench.ask("POST", f"/payments/{payment_id}/reissue")
    assert bench.movements() == [
        ("issue_payment", 411, "out"),
        ("void_payment", 206, "in"),
        ("reissue_payment", 206, "out"),
    ]
