"""Issuing: intent first, one call, one payment per key, the verdict decides what follows."""

import pytest

from payhub.domain.answers import NotSent, VendorRefused
from payhub.domain.errors import InvalidRequest, KeyReused
from payhub.domain.payment import ActionState
from payhub.operations.issue_payment import IssuePayment, issue_payment
from payhub.ports import Order
from tests.support.doing import Killed, issue, look, work
from tests.support.fakes import OTHER, UNANSWERED, World, done, issue_values, matches


def test_the_intent_is_stored_before_the_vendor_is_called(world: World) -> None:
    seen: list[ActionState] = []

    def perform(order: Order) -> object:
        stored = look(world, order.payment)
        seen.append(stored.action.state)
        return done("Created")

    world.vendor.perform = perform  # type: ignore[method-assign,assignment]
    reply = issue(world)
    assert seen == [ActionState.SENDING]
    assert (reply.payment.status, reply.payment.vendor_reference) == ("Created", "v-1")


def test_a_payment_without_carried_parts_costs_two_writes(world: World) -> None:
    world.vendor.answers.append(done("Created"))
    world.table.requests.clear()
    issue(world)
    assert world.table.requests == ["put", "put"]


def test_what_the_request_brought_is_sent_without_being_read_back(world: World) -> None:
    world.vendor.answers.append(done("Created"))
    parts = {"payeeDetails": {"name": "Riverside Clinic"}}
    values = issue_values()
    values["body"]["payment"] |= parts
    world.table.requests.clear()
    issue_payment(world.hub, world.caller(), IssuePayment.model_validate(values))
    assert world.table.requests == ["put", "put", "put"]
    assert world.vendor.calls[-1].carried == {"payment": parts}


def test_a_replay_costs_one_request_and_calls_nobody(world: World) -> None:
    world.vendor.answers.append(done("Created"))
    first = issue(world)
    world.table.requests.clear()
    again = issue(world)
    assert world.table.requests == ["put"]
    assert again.replayed and again.action.answer == first.action.answer
    assert len(world.vendor.calls) == 1


def test_the_same_key_with_another_amount_is_refused(world: World) -> None:
    world.vendor.answers.append(done("Created"))
    issue(world)
    with pytest.raises(KeyReused):
        issue(world, amount=12600)
    assert len(world.vendor.calls) == 1


def test_two_keys_are_two_payments_even_with_one_reference(world: World) -> None:
    world.vendor.answers.extend([done("Created", "v-1"), done("Created", "v-2")])
    first, second = issue(world, key="a"), issue(world, key="b")
    assert first.payment.payment_id != second.payment.payment_id


def test_the_same_key_of_another_tenant_is_another_payment(world: World) -> None:
    world.vendor.answers.extend([done("Created", "v-1"), done("Created", "v-2")])
    mine, theirs = issue(world), issue(world, tenant=OTHER)
    assert mine.payment.payment_id != theirs.payment.payment_id
    assert world.hub.payments.load(OTHER.tenant, mine.payment.payment_id) is None


def test_the_reference_is_the_key_where_no_other_is_sent(world: World) -> None:
    world.vendor.answers.append(done("Created"))
    first = issue(world, key=None, reference="INV-7")
    assert issue(world, key=None, reference="INV-7").payment.payment_id == first.payment.payment_id


def test_without_anything_that_tells_a_repeat_the_request_is_refused(world: World) -> None:
    with pytest.raises(InvalidRequest) as refused:
        issue(world, key=None, reference=None)
    assert "clientRequestId" in refused.value.errors[0].detail


def test_an_account_of_somebody_else_is_refused(world: World) -> None:
    with pytest.raises(InvalidRequest) as refused:
        issue(world, account="ACCT9")
    assert refused.value.errors[0].field == "accountShortCode"


@pytest.mark.parametrize("amount", [0, -5, 10**12])
def test_an_amount_that_is_no_payment_is_refused(world: World, amount: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        issue(world, amount=amount)
    assert refused.value.errors[0].field == "payment.paymentDetails.amount"


def test_a_refusal_is_final_for_its_key(world: World) -> None:
    world.vendor.answers.append(VendorRefused(message="no funds", code="402"))
    refused = issue(world)
    assert refused.action.state is ActionState.REFUSED
    assert refused.payment.status == "declined"
    assert refused.action.answer is not None
    assert refused.action.answer.vendor_code == "402"
    again = issue(world)
    assert again.replayed and again.action.answer == refused.action.answer
    assert len(world.vendor.calls) == 1


def test_what_was_not_sent_is_queued_and_sent_again_by_the_worker(world: World) -> None:
    world.vendor.answers.extend([NotSent(reason="refused connection"), done("Created")])
    queued = issue(world)
    assert queued.action.state is ActionState.QUEUED and world.queue.payments
    after = work(world, queued.payment)
    assert (after.status, len(after.action.attempts)) == ("Created", 2)


def test_retry_after_is_honoured(world: World) -> None:
    world.vendor.answers.append(NotSent(reason="429", retry_after_seconds=120))
    queued = issue(world).payment
    assert queued.due_at_ms is not None
    assert queued.due_at_ms - world.clock.now_ms() >= 120_000
    assert work(world, queued, seconds=60).action.state is ActionState.QUEUED
    assert len(world.vendor.calls) == 1


def test_used_up_retries_end_as_not_sent_with_a_dead_letter(world: World) -> None:
    world.vendor.answers.extend([NotSent(reason="down")] * 5)
    payment = issue(world).payment
    for _ in range(4):
        payment = work(world, payment)
    assert (payment.action.state, payment.status) == (ActionState.NOT_SENT, "not_sent")
    letters, _ = world.hub.dead_letters.page(payment.tenant, 10, None)
    assert [letter.subject_id for letter in letters] == [payment.payment_id]
    assert "DeadLetters" in world.signals.names()


def test_the_same_key_reopens_what_was_proven_not_sent(world: World) -> None:
    world.vendor.answers.extend([NotSent(reason="down")] * 5)
    payment = issue(world).payment
    for _ in range(4):
        payment = work(world, payment)
    world.vendor.answers.append(done("Created"))
    again = issue(world)
    assert (again.payment.status, len(again.action.attempts)) == ("Created", 6)


def test_without_an_answer_the_payment_is_unknown_and_never_sent_blindly(world: World) -> None:
    world.vendor.answers.append(UNANSWERED)
    unknown = issue(world)
    assert (unknown.action.state, unknown.payment.status) == (ActionState.UNKNOWN, "unknown")
    world.vendor.findings.append(matches())
    for _ in range(3):
        work(world, unknown.payment)
    assert len(world.vendor.calls) == 1


def test_a_repeat_while_the_call_runs_starts_no_second_one(world: World) -> None:
    world.vendor.answers.append(Killed())
    with pytest.raises(Killed):
        issue(world)
    again = issue(world)
    assert again.replayed and again.action.state is ActionState.SENDING
    assert len(world.vendor.calls) == 1


def test_a_call_that_could_not_start_in_time_is_not_made(world: World) -> None:
    put = world.table.put

    def slow_put(*args: object) -> object:
        world.clock.advance(11)
        return put(*args)  # type: ignore[arg-type]

    world.table.put = slow_put  # type: ignore[method-assign,assignment]
    reply = issue(world)
    assert reply.action.state is ActionState.QUEUED
    assert world.vendor.calls == []


def test_our_payment_id_reaches_the_vendor_and_the_callers_id_is_kept(world: World) -> None:
    world.vendor.answers.append(done("Created"))
    payment = issue(world).payment
    assert world.vendor.calls[0].payment.payment_id == payment.payment_id
    assert payment.caller_reference == "INV-1"


def test_what_is_not_kept_any_more_is_not_sent_without_it(world: World) -> None:
    values = issue_values()
    values["body"]["payment"]["payeeDetails"] = {"name": "Clinic"}
    world.vendor.answers.append(NotSent(reason="down"))
    queued = issue_payment(world.hub, world.caller(), IssuePayment.model_validate(values)).payment
    world.table.items = {
        key: item for key, item in world.table.items.items() if not key[1].startswith("CARRIED")
    }
    after = work(world, queued)
    assert after.status == "declined" and len(world.vendor.calls) == 1
