"""The fault table, row by row: every end is the contract's, and no money moves twice."""

from collections.abc import Iterator

import pytest

from tests.support.fault_table import (
    BEYOND_BOUND,
    REFUSE,
    SCENARIOS,
    Row,
    cases,
    contracts,
    drive,
    table,
)
from tests.support.hub import Hub, net_cents

pytestmark = pytest.mark.journey

CASES = {str(case): case for case in cases()}


@pytest.fixture(scope="module")
def rows(hub: Hub) -> Iterator[dict[str, Row]]:
    """All cases, driven once and side by side; the table is printed when a test fails."""
    driven = drive(hub, list(CASES.values()))
    print(table(driven))
    yield {str(row.case): row for row in driven}
    hub.sandbox.clear_faults()


def test_every_operation_that_moves_money_or_keeps_a_card_is_in_the_table() -> None:
    """A new vendor's verbs need a scenario each."""
    assert {(row.vendor, row.verb) for row in contracts()} == SCENARIOS.keys()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
def test_a_fault_ends_as_the_contract_says(name: str, rows: dict[str, Row]) -> None:
    """The end, and the movements in the truth book."""
    row = rows[name]
    assert not row.wrongs, (row.wrongs, row.payment_id, row.states)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_told_to_the_caller(name: str, rows: dict[str, Row]) -> None:
    """Success or the vendor's refusal where there was an answer, 202 where the hub goes on, 503
    where the caller must.
    """
    assert rows[name].answer == CASES[name].answer


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
def test_only_what_is_unanswered_is_unknown(name: str, rows: dict[str, Row]) -> None:
    """A closed port and a 429 prove that nothing was applied: queued, never asked about."""
    answered = {REFUSE, "http_429", "slow", "decline"}
    assert ("unknown" in rows[name].states) == (CASES[name].fault not in answered)


@pytest.mark.timeout(600)
def test_what_was_not_captured_and_turns_up_is_found_out(hub: Hub, rows: dict[str, Row]) -> None:
    """The caller was told that it may charge again; the watch sees the first one after all."""
    row = rows[f"athena collect: {BEYOND_BOUND}"]
    assert list(dict.fromkeys(row.states))[-2:] == ["not_captured", "needs_review"]
    [movement] = row.movements
    details = hub.api.details(row.payment_id)
    assert movement.reference in details["history"][-1]["reason"]
    assert details["retry"]["safe"] is False
    assert hub.stack.function_logs('"NeedsReview"')


@pytest.mark.timeout(600)
def test_a_vendor_that_breaks_its_bound_is_found_out(hub: Hub, rows: dict[str, Row]) -> None:
    """Two movements: the payment needs review, both references are named, the alarm is rung."""
    row = rows[f"optum issue: {BEYOND_BOUND}"]
    details = hub.api.details(row.payment_id)
    references = {it.reference for it in row.movements}
    assert len(references) == 2
    told = details["history"][-1]["reason"] + details["history"][-2]["reason"]
    assert all(reference in told for reference in references)
    assert details["retry"]["safe"] is False
    assert hub.stack.function_logs('"NeedsReview"')

    refused = hub.api.resolve(row.payment_id, "moved")
    assert refused.status_code == 403
    resolved = hub.operator.resolve(row.payment_id, "moved")
    assert resolved.status_code == 200
    assert resolved.json()["action"] is None
    last = hub.api.details(row.payment_id)["history"][-1]
    assert last["actor"].startswith("operator:")
    assert last["reason"] == "asked the vendor"
    assert net_cents(row.movements) == 2 * details["amountCents"]
    assert hub.operator.resolve(row.payment_id, "moved").status_code == 409
