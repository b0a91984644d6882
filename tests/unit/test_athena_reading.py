"""athenahealth shows no status: what is read of a payment, around the cut-off above all."""

from typing import Any

import httpx
import pytest

from payhub.domain.answers import NotSent, Reading, Unanswered, VendorRefused, View
from payhub.domain.payment import Action, ActionState, Origin
from payhub.ports import Order
from payhub.vendors.athena.contract import COLLECT, RECORD, REFUND, REPORT, START_PLAN, VOID
from tests.support.fakes import NOON_MS
from tests.unit.athena_orders import (
    ATHENA_TENANT,
    BASE_URL,
    Handler,
    action,
    answering,
    attempt,
    eastern,
    final,
    gateway,
    ms,
    never,
    payment,
)

DONE, REFUSED = ActionState.DONE, ActionState.REFUSED
HOUR_MS = 3_600_000
MARGIN_MS = 300_000

SUMMER_BEGINS = ("2026-03-08T15:00:00", "2026-03-09T00:00:00", "2026-03-08 20:00 EDT")
WINTER_BEGINS = ("2026-11-01T15:00:00", "2026-11-02T01:00:00", "2026-11-01 20:00 EST")
NIGHT_BEFORE_SUMMER = ("2026-03-08T01:30:00", "2026-03-09T00:00:00", "2026-03-08 20:00 EDT")
NIGHT_BEFORE_WINTER = ("2026-11-01T00:30:00", "2026-11-02T01:00:00", "2026-11-01 20:00 EST")
NEW_YEARS_EVE = ("2027-01-01T00:59:00", "2027-01-01T01:00:00", "2026-12-31 20:00 EST")
NEW_YEARS_NIGHT = ("2027-01-01T01:00:01", "2027-01-02T01:00:00", "2027-01-01 20:00 EST")
DAYS = [
    SUMMER_BEGINS,
    WINTER_BEGINS,
    NIGHT_BEFORE_SUMMER,
    NIGHT_BEFORE_WINTER,
    NEW_YEARS_EVE,
    NEW_YEARS_NIGHT,
]
"""When it was taken, its cut-off (both UTC), and how people at the practice write that."""


def collected(from_ms: int, until_ms: int, **facts: str) -> Action:
    """A collect that was carried out between two instants."""
    told = final(DONE, vendor_reference="551", facts=facts)
    return action(COLLECT, DONE, attempt(from_ms, "done", until_ms), answer=told)


def looking(*actions: Action, now_ms: int, margin: int = 300, **changes: Any) -> Order:
    """An order to read a collected payment."""
    values = {"vendor_reference": "551", "vendor_status": "Collected", **changes}
    settings = {"base_url": BASE_URL, "void_margin_seconds": margin}
    tenant = ATHENA_TENANT.model_copy(update={"vendors": {"athena": settings}})
    about = payment(COLLECT, *actions, **values)
    return Order(
        tenant=tenant, payment=about, action=actions[-1], carried={}, now_ms=now_ms, card=None
    )


def read(looked: Order, handler: Handler = never) -> Reading:
    """What is read, without a call unless a vendor is given."""
    return gateway(handler).read(looked)


def details(**changes: Any) -> dict[str, Any]:
    """A receipt's details."""
    return {
        "epaymentid": 551,
        "type": "PURCHASE",
        "amount": "42.5",
        "requestdate": eastern(NOON_MS),
        **changes,
    }


def view(status: str = "Collected", refusal: str | None = None) -> View:
    """What is read of the payment."""
    return View(reference="551", status=status, refusal=refusal)


@pytest.mark.parametrize(("taken", "cut_off", "words"), DAYS)
def test_a_payment_settles_at_its_cut_off_on_every_day_of_the_year(
    taken: str, cut_off: str, words: str
) -> None:
    taken_ms, cut_ms = ms(taken), ms(cut_off)
    collect = collected(taken_ms - 500, taken_ms)
    settled = view("Settled", f"It settled at {words}.")
    for now_ms, expected in (
        (taken_ms, view()),
        (cut_ms - MARGIN_MS - 1, view()),
        (cut_ms - MARGIN_MS, view()),
        (cut_ms - 1, view()),
        (cut_ms, view("Settled")),
        (cut_ms + MARGIN_MS - 1, view("Settled")),
        (cut_ms + MARGIN_MS, settled),
        (cut_ms + 400 * 24 * HOUR_MS, settled),
    ):
        assert read(looking(collect, now_ms=now_ms)) == expected, now_ms


def test_the_margin_is_the_tenants() -> None:
    taken, cut_off, _ = SUMMER_BEGINS
    collect = collected(ms(taken), ms(taken) + 900)
    assert read(looking(collect, now_ms=ms(cut_off) + 59_000, margin=60)) == view("Settled")
    late = read(looking(collect, now_ms=ms(cut_off) + 60_000, margin=60))
    assert isinstance(late, View) and late.status == "Settled"
    exact = read(looking(collect, now_ms=ms(cut_off), margin=0))
    assert isinstance(exact, View) and exact.status == "Settled"


def test_the_instant_that_a_search_found_goes_before_the_hubs_own() -> None:
    taken, cut_off, _ = WINTER_BEGINS
    collect = collected(ms(cut_off) + 1, ms(cut_off) + 2, collected_at_ms=str(ms(taken)))
    late = read(looking(collect, now_ms=ms(cut_off) + HOUR_MS))
    assert isinstance(late, View) and late.status == "Settled"


@pytest.mark.parametrize(("taken", "cut_off", "words"), DAYS)
@pytest.mark.parametrize("side_ms", [-1000, 0, 1000])
def test_a_collect_astride_the_cut_off_is_dated_by_its_receipt(
    taken: str, cut_off: str, words: str, side_ms: int
) -> None:
    cut_ms = ms(cut_off)
    collect = collected(cut_ms - 2000, cut_ms + 2000)
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(200, json=details(requestdate=eastern(cut_ms + side_ms)))

    found = read(looking(collect, now_ms=cut_ms + HOUR_MS), handler)
    before = side_ms < 0
    assert found == (view("Settled", f"It settled at {words}.") if before else view())
    assert seen == ["/v1/195900/patients/7/receipts/551/details"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, b"<html>", Unanswered),
        (429, b"", NotSent),
        (404, {"error": "The epayment was not found."}, VendorRefused),
        (404, b"<html>", NotSent),
        (200, details(requestdate="yesterday"), Unanswered),
        (200, b"", Unanswered),
    ],
)
def test_a_receipt_that_cannot_be_read_leaves_it_undecided(
    status: int, body: object, kind: type[object]
) -> None:
    cut_ms = ms(SUMMER_BEGINS[1])
    astride = looking(collected(cut_ms - 1, cut_ms + 1), now_ms=cut_ms + HOUR_MS)
    assert isinstance(read(astride, answering(status, body)), kind)


def test_a_collect_that_a_person_resolved_is_dated_by_its_receipt() -> None:
    resolved = action(COLLECT, DONE, attempt(NOON_MS, "unknown", NOON_MS + 1))
    vendor = answering(200, [details()])
    assert read(looking(resolved, now_ms=NOON_MS), vendor) == view()
    late = read(looking(resolved, now_ms=NOON_MS + 48 * HOUR_MS), vendor)
    assert isinstance(late, View) and late.status == "Settled"


def test_only_the_attempt_that_was_done_counts() -> None:
    taken, cut_off, _ = SUMMER_BEGINS
    tries = (
        attempt(ms(taken) - 48 * HOUR_MS, "not_sent", ms(taken) - 48 * HOUR_MS),
        attempt(ms(taken), "done", ms(taken) + 900),
    )
    collect = action(COLLECT, DONE, *tries, answer=final(DONE))
    assert read(looking(collect, now_ms=ms(cut_off) - HOUR_MS)) == view()


def test_the_vendors_word_that_it_settled_goes_before_the_clock() -> None:
    collect = collected(NOON_MS, NOON_MS + 900)
    refused = action(
        VOID, REFUSED, number=2, answer=final(REFUSED, vendor_code="settled", vendor_message="-")
    )
    expected = view("Settled", "athenahealth says that it has settled.")
    for status in ("Collected", "Settled"):
        looked = looking(collect, refused, now_ms=NOON_MS + 1000, vendor_status=status)
        assert read(looked) == expected


def test_a_void_that_was_refused_for_another_reason_says_nothing() -> None:
    collect = collected(NOON_MS, NOON_MS + 900)
    refused = action(VOID, REFUSED, number=2, answer=final(REFUSED, vendor_code="400"))
    assert read(looking(collect, refused, now_ms=NOON_MS + 1000)) == view()


def test_what_the_hub_holds_for_settled_stays_so_without_a_call() -> None:
    collect = collected(NOON_MS, NOON_MS + 900)
    settled = read(looking(collect, now_ms=NOON_MS + 1000, vendor_status="Settled"))
    assert settled == view("Settled")


def test_a_voided_payment_is_read_as_it_stands() -> None:
    collect = collected(NOON_MS, NOON_MS + 900)
    looked = looking(collect, now_ms=NOON_MS + 90 * HOUR_MS, vendor_status="Voided")
    assert read(looked) == view("Voided")


@pytest.mark.parametrize(
    ("verb", "status"), [(REPORT, "Recorded"), (RECORD, "Posted"), (START_PLAN, "PlanStarted")]
)
def test_other_payments_are_as_the_hub_knows_them(verb: str, status: str) -> None:
    about = payment(verb, action(verb, DONE), vendor_reference="77", vendor_status=status)
    looked = Order(
        tenant=ATHENA_TENANT,
        payment=about,
        action=action(REFUND, ActionState.QUEUED, number=2),
        carried={},
        now_ms=NOON_MS,
    )
    assert read(looked) == View(reference="77", status=status)


def test_without_any_word_nothing_is_made_up() -> None:
    about = payment(RECORD, action(RECORD, ActionState.UNKNOWN))
    looked = Order(
        tenant=ATHENA_TENANT, payment=about, action=about.action, carried={}, now_ms=NOON_MS
    )
    assert isinstance(read(looked), Unanswered)


# Payments that were made elsewhere


def elsewhere(**changes: Any) -> Order:
    """An order to read a payment the hub did not take."""
    void = action(VOID, ActionState.QUEUED)
    values = {"origin": Origin.EXTERNAL, "vendor_status": None, **changes}
    return looking(void, now_ms=NOON_MS + 1000, **values)


def test_a_payment_made_elsewhere_is_what_its_receipt_says() -> None:
    facts = {"collected_at_ms": str(NOON_MS)}
    expected = View(reference="551", status="Collected", amount_cents=4250, facts=facts)
    assert read(elsewhere(), answering(200, details())) == expected


@pytest.mark.parametrize("kind", ["VOID", "AUTHORIZATION", "void"])
def test_a_receipt_that_is_no_purchase_says_what_it_is(kind: str) -> None:
    found = read(elsewhere(), answering(200, details(type=kind)))
    assert isinstance(found, VendorRefused) and kind in found.message


def test_a_payment_that_the_vendor_does_not_know_is_refused() -> None:
    found = read(elsewhere(), answering(404, {"error": "The epayment was not found."}))
    assert found == VendorRefused(message="The epayment was not found.", code="404")


@pytest.mark.parametrize(
    "changes", [{"type": None}, {"amount": "x"}, {"amount": "0"}, {"requestdate": None}]
)
def test_a_receipt_made_elsewhere_that_cannot_be_read_proves_nothing(
    changes: dict[str, Any],
) -> None:
    assert isinstance(read(elsewhere(), answering(200, details(**changes))), Unanswered)


def test_once_adopted_its_own_instant_decides_not_the_voids() -> None:
    void = action(VOID, REFUSED, attempt(NOON_MS + 72 * HOUR_MS, "done", NOON_MS + 72 * HOUR_MS))
    looked = looking(
        void, now_ms=NOON_MS + 72 * HOUR_MS, origin=Origin.EXTERNAL, vendor_status="Collected"
    )
    found = read(looked, answering(200, details()))
    assert isinstance(found, View) and found.status == "Settled"
