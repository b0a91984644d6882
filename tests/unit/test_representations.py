"""What is answered has exactly the members and types that the shapes declare."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from payhub.domain import errors
from payhub.domain.answers import Unanswered, VendorRefused
from payhub.domain.money import AmountUnit
from payhub.domain.payment import ActionState, Payment
from payhub.domain.records import DeadLetter, PaymentPage
from payhub.entrypoints import problems, representations, shapes
from payhub.operations.get_payment_details import GetPaymentDetails, get_payment_details
from payhub.operations.list_dead_letters import DeadLetterPage
from tests.support.doing import ask, completed, issue
from tests.support.fakes import TENANT, World, done, view

CORRELATION_ID = "c0ffee11"


def fits(shape: type, answer: Any) -> Any:
    """The answer's body, proven to have the shape's members, all of them and no other."""
    body = json.loads(answer["body"])
    TypeAdapter(shape).validate_json(answer["body"], strict=True, extra="forbid")
    return body


def voided(world: World) -> Payment:
    """A payment with two actions."""
    payment = completed(world)
    world.vendor.readings.append(view("Completed"))
    world.vendor.answers.append(done("Voided"))
    return ask(world, "void", payment, body={"reason": "wrong payee"}).payment


def test_a_payment(world: World) -> None:
    """In every unit a tenant may declare."""
    payment = voided(world)
    amounts = {}
    for unit in AmountUnit:
        caller = world.caller(TENANT.model_copy(update={"amount_unit": unit}))
        body = fits(shapes.Payment, representations.payment_answer(payment, caller, ""))
        amounts[unit] = body["amount"]
        assert body["amountCents"] == payment.amount_cents
    assert type(amounts[AmountUnit.CENTS]) is int
    assert type(amounts[AmountUnit.DECIMAL_DOLLARS]) is str


def test_a_payment_with_an_open_action(world: World) -> None:
    """Nothing answered: 202 with the action."""
    world.vendor.answers.append(Unanswered(reason="no answer within 10 s"))
    reply = issue(world)
    answer = representations.reply_answer(reply, world.caller(), CORRELATION_ID)
    assert answer["statusCode"] == 202
    body = fits(shapes.Payment, answer)
    assert body["action"] == {"verb": "issue", "state": "unknown", "attempt": 1}


@pytest.mark.parametrize("state", ActionState)
def test_every_state_has_advice(world: World, state: ActionState) -> None:
    """The table of advice is complete."""
    assert state in representations.RETRY_ADVICE


def test_the_details_of_a_payment(world: World) -> None:
    """Everything: history, attempts, contract row."""
    payment = voided(world)
    command = GetPaymentDetails(payment_id=payment.payment_id)
    details = get_payment_details(world.hub, world.caller(), command)
    body = fits(shapes.PaymentDetails, representations.details_answer(details, world.caller(), ""))
    assert [it["verb"] for it in body["actions"]] == ["issue", "void"]
    assert body["actions"][1]["reason"] == "wrong payee"
    assert body["history"]


def test_a_page_of_payments(world: World) -> None:
    """With and without a cursor."""
    payment = completed(world)
    for cursor in (None, "abc"):
        page = PaymentPage(payments=(payment,), next_cursor=cursor)
        body = fits(shapes.PaymentPage, representations.page_answer(page, world.caller(), ""))
        assert body["nextCursor"] == cursor


def test_dead_letters(world: World) -> None:
    """One, and a page of them."""
    letter = DeadLetter(
        tenant=TENANT.tenant,
        letter_id="1-2",
        kind="payment",
        subject_id="3",
        vendor="optum",
        reason="gone",
        at_ms=1,
    )
    fits(shapes.DeadLetter, representations.letter_answer(letter, world.caller(), ""))
    page = DeadLetterPage(letters=[letter], next_cursor=None)
    fits(shapes.DeadLetterPage, representations.letters_answer(page, world.caller(), ""))


@pytest.mark.parametrize("error", problems.KINDS, ids=lambda it: it.__name__)
def test_a_problem(error: type[Exception]) -> None:
    """Every refusal, with the fields where there are some."""
    raised = error("Why.")
    if error is errors.InvalidRequest:
        raised = errors.InvalidRequest("Why.", [errors.FieldError("amount", "is zero")])
    answer = problems.problem_of(raised, CORRELATION_ID)
    assert answer is not None
    body = fits(shapes.Problem, answer)
    assert body["status"] == answer["statusCode"] == problems.KINDS[error].status
    assert {"type", "title", "detail", "retry", "correlation_id"} <= body.keys()


def test_a_refusal_of_the_vendor(world: World) -> None:
    """The vendor's words have members of their own."""
    world.vendor.answers.append(VendorRefused(message="The account has no funds.", code="E17"))
    reply = issue(world)
    body = fits(shapes.Problem, representations.reply_answer(reply, world.caller(), CORRELATION_ID))
    assert body["vendor"] == "optum"
    assert body["vendor_message"]
