"""The comparing of make chaos: a book that is wrong in any way is told, in words."""

import httpx
import pytest

from tests.support.chaos.books import Account, Line, differences, totals
from tests.support.chaos.closing import is_declared
from tests.support.chaos.intents import Intent, Notebook, is_last_word
from tests.support.chaos.reading import account_of
from tests.support.hub import Json, new_key

ISSUED = Line("optum", "issue_payment", "v1", 500, "out")
VOIDED = Line("optum", "void_payment", "v1", 500, "in")
TAKEN = Line("athena", "collect_payment", "77", 1_234, "in")
DOWN = Line("athena", "start_payment_plan", "88", 4_321, "in")
"""The vendor's line of a down payment; the hub does not know its reference."""

PAID = Account("p1", "optum issue_payment", (ISSUED, VOIDED))
CHARGED = Account("p2", "athena collect_payment", (TAKEN,))
PLANNED = Account("p3", "athena start_payment_plan", (Line(*DOWN.__dict__.values()),))
ALL = [PAID, CHARGED, PLANNED]
BOOK = [ISSUED, VOIDED, TAKEN, DOWN]


def test_books_that_agree_have_nothing_to_say() -> None:
    """In any order, and where the hub does not know the reference."""
    nameless = Account("p3", "athena start_payment_plan", (_changed(DOWN, reference=""),))
    assert differences(ALL, BOOK) == []
    assert differences([nameless, CHARGED, PAID], BOOK[::-1]) == []
    assert all(it.is_equal for it in totals(ALL, BOOK))


@pytest.mark.parametrize("line", BOOK)
def test_a_doubled_movement_is_told(line: Line) -> None:
    """By the payment that holds it, and in count and cents."""
    holder = next(it for it in ALL if line in it.moved)
    told = differences(ALL, [*BOOK, line])
    assert (
        told[0] == f"payment {holder.payment_id} ({holder.operation}) moved once too often: {line}"
    )
    assert f"{line.operation} {line.direction}: the hub counts 1" in told[1]
    assert f"the vendor 2 with {2 * line.cents} cents" in told[1]
    assert len(told) == 2


def test_a_second_movement_under_another_reference_belongs_to_nobody() -> None:
    """As where the vendor was asked twice and made two."""
    second = _changed(TAKEN, reference="78")
    told = differences(ALL, [*BOOK, second])
    assert told[0] == f"no payment of the hub holds {second}"


@pytest.mark.parametrize("line", BOOK)
def test_a_missing_movement_is_told(line: Line) -> None:
    """The hub says that it moved, and it did not."""
    told = differences(ALL, [it for it in BOOK if it != line])
    assert told[0].endswith(f"says {line}, which the vendor never moved")


def test_wrong_cents_are_told_with_both_sides() -> None:
    """One sentence for the payment, one for the sum."""
    told = differences(ALL, [ISSUED, VOIDED, _changed(TAKEN, cents=1_235), DOWN])
    assert (
        told[0]
        == f"payment p2 (athena collect_payment) says {TAKEN}, but the vendor moved 1235 cents"
    )
    assert "with 1234 cents, the vendor 1 with 1235 cents" in told[1]
    assert len(told) == 2


def test_cents_that_are_wrong_in_two_places_do_not_make_up_for_each_other() -> None:
    """The sums are equal, the payments are not."""
    other = Account("p4", "athena collect_payment", (_changed(TAKEN, reference="79"),))
    book = [_changed(TAKEN, cents=1_235), _changed(TAKEN, reference="79", cents=1_233)]
    told = differences([CHARGED, other], book)
    assert [it.split()[1] for it in told] == ["p2", "p4"]
    assert all(it.is_equal for it in totals([CHARGED, other], book))


def test_what_two_payments_hold_is_told() -> None:
    """One movement belongs to one payment."""
    told = differences([*ALL, Account("p5", "athena collect_payment", (TAKEN,))], BOOK)
    assert told[0].startswith("payment p5")
    assert "never moved" in told[0]


def test_an_unfinished_payment_is_told() -> None:
    """With what is open, and why."""
    details = _details([("issue", "done"), ("void", "unknown")])
    told = differences([account_of(details)], [ISSUED])
    assert told == ["payment p1 (optum issue_payment) is unfinished: void is unknown (no answer)"]


@pytest.mark.parametrize("state", ["sending", "queued", "needs_review", "not_sent"])
def test_no_state_but_an_end_is_finished(state: str) -> None:
    """Nothing was said to have moved, and still it is told."""
    assert len(differences([account_of(_details([("issue", state)]))], [])) == 1


def test_what_was_issued_on_hold_is_paid_by_its_release() -> None:
    """Held: nothing is out. Released: once."""
    held = account_of({**_details([("issue", "done")]), "status": "Held"})
    assert held.moved == ()
    released = account_of(_details([("issue", "done"), ("release", "done")]))
    assert [it.operation for it in released.moved] == ["release_payment"]


def test_a_refund_that_the_hub_did_not_make_is_told() -> None:
    """Two at the vendor, one here."""
    details = _details([("settle", "done"), ("refund", "done")], vendor="decoda")
    refunds = [{"amountCents": it, "status": "SUCCEEDED"} for it in (100, 50)]
    account = account_of({**details, "refunds": refunds})
    assert [it.cents for it in account.moved] == [500, 100]
    assert account.unfinished == ("the vendor shows 2 refunds, the hub carried out 1",)


def test_only_what_the_contract_declares_may_be_left_to_a_person() -> None:
    """The verb must have no way to know, and the reason must be that one."""
    reason = "the vendor offers no way to know"
    assert is_declared("athena", "record", "needs_review", reason)
    assert not is_declared("athena", "record", "needs_review", "something else")
    assert not is_declared("athena", "collect", "needs_review", reason)
    assert not is_declared("optum", "issue", "needs_review", reason)
    assert not is_declared("athena", "record", "unknown", reason)


@pytest.mark.parametrize(
    ("status", "problem", "is_last"),
    [
        (201, "", True),
        (422, "declined", True),
        (409, "not-allowed", True),
        (409, "still-running", False),
        (409, "action-open", False),
        (202, "", False),
        (429, "", False),
        (503, "not-sent", False),
        (504, "", False),
    ],
)
def test_a_careful_caller_asks_until_it_has_a_last_word(
    status: int, problem: str, is_last: bool
) -> None:
    """Whatever may still change is no last word; a 202 is one where it is what was asked for."""
    body = {"type": f"https://payhub.example/problems/{problem}"}
    assert is_last_word(httpx.Response(status, json=body), done=201) is is_last
    assert is_last_word(httpx.Response(status), done=status)


def test_a_caller_who_is_told_something_else_complains() -> None:
    """Another answer, or another payment, to the same request."""
    answers = [_answer("p1", 1), _answer("p1", 1), _answer("p1", 2), _answer("p2", 1)]
    intent = Intent("optum", "issue_payment", "REF-1", 201, lambda: answers.pop(0))
    intent.ask()
    intent.ask()
    assert intent.complaints == []
    intent.ask()
    assert "then 201" in intent.complaints[0]
    intent.ask()
    assert "was told of payment p1, then of p2" in intent.complaints[1]


def test_a_plan_is_shown_to_repeats_as_it_stands_now() -> None:
    """That is no other answer, as long as it is the same plan."""
    bodies = [{"planId": "p1", "paidCents": cents} for cents in (0, 500)]
    headers = {"Payment-Id": "p1"}
    answers = [httpx.Response(200, json=body, headers=headers) for body in bodies]
    intent = Intent("decoda", "cancel_payment_plan", "charge-1", 200, lambda: answers.pop(0))
    intent.ask()
    intent.ask()
    assert (intent.requests, intent.complaints) == (2, [])


def test_a_caller_who_never_had_an_answer_complains() -> None:
    """Not heard of is not done."""

    def silent() -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    notebook = Notebook()
    notebook.add(Intent("optum", "issue_payment", "REF-1", 201, silent)).ask()
    assert notebook.complaints() == ["the caller of optum issue_payment REF-1 never had an answer"]


def _changed(line: Line, **changes: str | int) -> Line:
    return Line(**{**line.__dict__, **changes})


def _details(actions: list[tuple[str, str]], vendor: str = "optum") -> Json:
    return {
        "paymentId": "p1",
        "vendor": vendor,
        "operation": "issue_payment",
        "status": "Loading",
        "vendorReference": "v1",
        "amountCents": 500,
        "refunds": [],
        "actions": [{"verb": verb, "state": state} for verb, state in actions],
        "history": [{"subject": verb, "reason": "no answer"} for verb, _ in actions],
    }


def _answer(payment_id: str, revision: int) -> httpx.Response:
    body = {"revision": revision, "correlation_id": new_key()}
    return httpx.Response(201, json=body, headers={"Payment-Id": payment_id})
