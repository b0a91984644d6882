"""Release, void, reissue: one open action, judged on the vendor's present word."""

import pytest

from payhub import inquiries
from payhub.domain.answers import Done, NotSent, Unanswered, VendorRefused, View
from payhub.domain.errors import (
    ActionOpen,
    KeyReused,
    NotAllowed,
    NotFound,
    RevisionMismatch,
    RevisionNeeded,
)
from payhub.domain.payment import ActionState, Payment
from payhub.operations.void_payment import VoidPayment, void_payment
from payhub.ports import Order
from payhub.vendors.optum.contract import VOIDABLE
from tests.support.doing import Killed, ask, completed, issue, look, work
from tests.support.fakes import OTHER, UNANSWERED, World, done, view

QUARANTINE_SECONDS = 30 + 10 + 900


def shows(world: World, status: str, balance_cents: int = 12500) -> None:
    """From now on the vendor shows this."""
    world.vendor.readings.clear()
    world.vendor.readings.append(view(status, balance_cents=balance_cents))


def voided(world: World) -> Payment:
    """A payment that was completed and voided."""
    payment = completed(world)
    world.vendor.answers.append(done("Voided"))
    payment = ask(world, "void", payment).payment
    shows(world, "Voided", 0)
    return payment


def test_a_void_reads_the_vendor_and_not_our_copy(world: World) -> None:
    payment = completed(world)
    shows(world, "Voided", 0)
    with pytest.raises(NotAllowed, match=r"status Voided .* 0 cents"):
        ask(world, "void", payment)
    assert len(world.vendor.calls) == 1


@pytest.mark.parametrize("status", sorted(VOIDABLE))
def test_the_nine_statuses_can_be_voided(world: World, status: str) -> None:
    payment = completed(world)
    shows(world, status)
    world.vendor.answers.append(done("Voided"))
    assert ask(world, "void", payment).payment.status == "Voided"


@pytest.mark.parametrize("status", ["Created", "Held", "Voided", "Failed", "SomethingNew"])
def test_no_other_status_can_be_voided(world: World, status: str) -> None:
    payment = completed(world)
    shows(world, status)
    with pytest.raises(NotAllowed, match=status):
        ask(world, "void", payment)


def test_without_a_balance_nothing_can_be_voided(world: World) -> None:
    payment = completed(world)
    shows(world, "Completed", 0)
    with pytest.raises(NotAllowed, match="0 cents"):
        ask(world, "void", payment)


@pytest.mark.parametrize(("verb", "status"), [("release", "Completed"), ("reissue", "Completed")])
def test_what_is_not_held_or_not_voided_is_refused_with_the_rule(
    world: World, verb: str, status: str
) -> None:
    payment = completed(world)
    shows(world, status)
    with pytest.raises(NotAllowed, match="Only a payment that"):
        ask(world, verb, payment)


def test_a_held_payment_rests_until_it_is_released(world: World) -> None:
    world.vendor.answers.extend([done("Held"), done("Loading")])
    payment = issue(world, account="ACCT2").payment
    assert (payment.status, payment.due_at_ms) == ("Held", None)
    shows(world, "Held", 0)
    assert ask(world, "release", payment).payment.status == "Loading"


def test_a_second_void_without_a_key_is_a_replay_while_nothing_was_done_since(
    world: World,
) -> None:
    payment = voided(world)
    again = ask(world, "void", payment)
    assert again.replayed and len(world.vendor.calls) == 2


def test_a_void_after_a_reissue_needs_the_revision(world: World) -> None:
    payment = voided(world)
    world.vendor.answers.append(done("Reissuing"))
    payment = ask(world, "reissue", payment).payment
    with pytest.raises(RevisionNeeded):
        ask(world, "void", payment)
    shows(world, "Loading")
    world.vendor.answers.append(done("Voided"))
    reply = ask(world, "void", payment, if_match=f'"{payment.revision}"')
    assert reply.payment.status == "Voided" and not reply.replayed


def test_a_stale_revision_is_refused(world: World) -> None:
    payment = completed(world)
    with pytest.raises(RevisionMismatch):
        ask(world, "void", payment, if_match='"1"')


def test_a_key_of_an_action_is_a_replay_for_ever(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(done("Voided"))
    first = ask(world, "void", payment, idempotency_key="k")
    shows(world, "Voided", 0)
    world.vendor.answers.append(done("Reissuing"))
    ask(world, "reissue", payment)
    again = ask(world, "void", payment, idempotency_key="k")
    assert again.replayed and again.action.answer == first.action.answer


def test_one_key_for_two_verbs_is_refused(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(done("Voided"))
    ask(world, "void", payment, idempotency_key="k")
    with pytest.raises(KeyReused):
        ask(world, "reissue", payment, idempotency_key="k")


def test_while_an_action_is_open_another_is_refused_naming_it(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(UNANSWERED)
    ask(world, "void", payment)
    with pytest.raises(ActionOpen, match="void is unknown"):
        ask(world, "reissue", payment, idempotency_key="other")


def test_an_open_action_leaves_the_status_alone(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(UNANSWERED)
    reply = ask(world, "void", payment)
    assert reply.payment.status == "Completed"
    assert reply.action.state is ActionState.UNKNOWN


def test_a_void_without_an_answer_is_found_by_the_status(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(UNANSWERED)
    ask(world, "void", payment)
    shows(world, "Voided", 0)
    after = work(world, payment)
    assert (after.status, after.action.state) == ("Voided", ActionState.DONE)


def test_a_void_that_was_not_applied_is_sent_again_after_the_quarantine(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(UNANSWERED)
    ask(world, "void", payment)
    shows(world, "Completed")
    assert work(world, payment, seconds=100).action.state is ActionState.UNKNOWN
    assert work(world, payment, seconds=QUARANTINE_SECONDS).action.state is ActionState.QUEUED
    world.vendor.answers.append(done("Voided"))
    assert work(world, payment).status == "Voided"
    assert len(world.vendor.calls) == 3


def test_a_refused_repeat_is_asked_about_before_it_counts(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(UNANSWERED)
    ask(world, "void", payment)
    shows(world, "Completed")
    work(world, payment, seconds=QUARANTINE_SECONDS)
    world.vendor.answers.append(VendorRefused(message="not voidable"))
    unknown = work(world, payment)
    assert unknown.action.state is ActionState.UNKNOWN
    shows(world, "Voided", 0)
    assert work(world, payment).action.state is ActionState.DONE


def test_a_repeat_is_not_sent_when_the_first_turns_out_applied(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(UNANSWERED)
    ask(world, "void", payment)
    shows(world, "Completed")
    work(world, payment, seconds=QUARANTINE_SECONDS)
    shows(world, "Voided", 0)
    after = work(world, payment)
    assert (after.status, len(world.vendor.calls)) == ("Voided", 2)


@pytest.mark.parametrize("failure", [NotSent(reason="down"), Unanswered(reason="silent")])
def test_when_the_vendor_cannot_be_read_the_action_is_queued(
    world: World, failure: NotSent | Unanswered
) -> None:
    payment = completed(world)
    world.vendor.readings.clear()
    world.vendor.readings.append(failure)
    reply = ask(world, "void", payment)
    assert reply.action.state is ActionState.QUEUED and len(world.vendor.calls) == 1
    shows(world, "Completed")
    world.vendor.answers.append(done("Voided"))
    assert work(world, payment).status == "Voided"


def test_a_queued_action_that_is_not_allowed_any_more_ends_refused(world: World) -> None:
    payment = completed(world)
    world.vendor.readings.clear()
    world.vendor.readings.append(NotSent(reason="down"))
    ask(world, "void", payment)
    shows(world, "Completed", 0)
    after = work(world, payment)
    assert (after.action.state, after.status) == (ActionState.REFUSED, "Completed")
    assert len(world.vendor.calls) == 1


def test_a_crash_during_a_void_is_found_by_the_status(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(Killed())
    with pytest.raises(Killed):
        ask(world, "void", payment)
    shows(world, "Voided", 0)
    assert work(world, payment).action.state is ActionState.DONE


def test_two_concurrent_voids_make_one_call(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(done("Voided"))
    inner: list[object] = []
    read = world.vendor.read

    def read_while_another_voids(order: Order) -> object:
        if not inner:
            inner.append(True)
            ask(world, "void", payment)
        return read(order)

    world.vendor.read = read_while_another_voids  # type: ignore[method-assign,assignment]
    outer = ask(world, "void", payment)
    assert outer.replayed and len(world.vendor.calls) == 2
    assert look(world, payment).status == "Voided"


@pytest.mark.parametrize(("first", "second"), [("k", "k"), (None, None), ("k", "l")])
def test_a_void_that_sees_the_effect_of_another_is_no_refusal_of_the_same_request(
    world: World, first: str | None, second: str | None
) -> None:
    """The payment was read here before the other void was, and at the vendor after it."""
    payment = completed(world)
    world.vendor.answers.append(done("Voided"))
    inner: list[object] = []
    read = world.vendor.read

    def read_after_another_voided(order: Order) -> object:
        if not inner:
            inner.append(True)
            ask(world, "void", payment, idempotency_key=first)
            shows(world, "Voided", 0)
        return read(order)

    world.vendor.read = read_after_another_voided  # type: ignore[method-assign,assignment]
    if first == second:
        outer = ask(world, "void", payment, idempotency_key=second)
        assert outer.replayed and outer.action.state is ActionState.DONE
    else:
        with pytest.raises(NotAllowed, match="Voided"):
            ask(world, "void", payment, idempotency_key=second)
    assert len(world.vendor.calls) == 2


def test_an_event_that_lands_during_the_call_is_not_lost(world: World) -> None:
    payment = voided(world)
    perform = world.vendor.perform
    world.vendor.answers.append(done("Reissuing"))

    def perform_while_an_event_lands(order: Order) -> object:
        current = look(world, payment)
        shows(world, "Loading")
        inquiries.adopt_present_state(
            world.hub, world.caller().tenant, current, "event, read at the vendor"
        )
        return perform(order)

    world.vendor.perform = perform_while_an_event_lands  # type: ignore[method-assign,assignment]
    after = ask(world, "reissue", payment).payment
    assert (after.status, after.action.state) == ("Loading", ActionState.DONE)


def test_another_tenants_payment_reads_as_unknown(world: World) -> None:
    payment = completed(world)
    command = VoidPayment.model_validate({"payment_id": payment.payment_id})
    with pytest.raises(NotFound):
        void_payment(world.hub, world.caller(OTHER), command)


def test_a_payment_that_was_never_issued_cannot_be_voided(world: World) -> None:
    world.vendor.answers.append(VendorRefused(message="no"))
    payment = issue(world).payment
    with pytest.raises(NotAllowed, match="declined"):
        ask(world, "void", payment)


def test_money_that_goes_out_again_unasked_raises_the_alarm(world: World) -> None:
    payment = voided(world)
    world.vendor.answers.append(UNANSWERED)
    ask(world, "reissue", payment)
    shows(world, "Voided", 0)
    work(world, payment, seconds=QUARANTINE_SECONDS)
    world.vendor.answers.append(done("Reissuing"))
    work(world, payment)
    shows(world, "Completed")
    work(world, payment)
    world.vendor.answers.append(done("Voided"))
    standing = look(world, payment)
    payment = ask(world, "void", payment, if_match=str(standing.revision)).payment
    shows(world, "Loading")
    after = inquiries.adopt_present_state(world.hub, world.caller().tenant, payment, "event")
    assert after is not None and after.open_action is not None
    assert after.open_action.state is ActionState.NEEDS_REVIEW


def test_every_change_is_in_the_history(world: World) -> None:
    payment = voided(world)
    subjects = [(entry.subject, entry.after) for entry in payment.history]
    assert subjects == [
        ("issue", "sending"),
        ("status", "pending"),
        ("issue", "done"),
        ("status", "Created"),
        ("status", "Completed"),
        ("void", "sending"),
        ("void", "done"),
        ("status", "Voided"),
    ]
    assert all(entry.actor and entry.reason for entry in payment.history)


def test_a_view_that_was_overtaken_is_not_stored(world: World) -> None:
    payment = completed(world)
    stale, fresh = view("Completed", balance_cents=100), view("Voided", balance_cents=0)
    asked: list[Order] = []

    def read(order: Order) -> View:
        asked.append(order)
        if len(asked) == 1:
            world.vendor.answers.append(done("Voided"))
            ask(world, "void", payment)
            return stale
        return fresh if len(asked) > 2 else stale

    world.vendor.read = read  # type: ignore[method-assign]
    current = look(world, payment)
    after = inquiries.adopt_present_state(world.hub, world.caller().tenant, current, "event")
    assert after is not None and after.status == "Voided"
    assert [entry.after for entry in after.history if entry.subject == "status"][-1] == "Voided"
    assert [entry.after for entry in after.history].count("Completed") == 1


def test_a_queued_release_that_was_never_sent_is_not_taken_for_applied(world: World) -> None:
    payment = completed(world)
    world.vendor.readings.clear()
    world.vendor.readings.append(NotSent(reason="down"))
    ask(world, "release", payment)
    assert work(world, payment).action.attempts == ()
    shows(world, "Completed")
    after = work(world, payment)
    assert after.action.state is ActionState.REFUSED
    assert after.action.answer is not None
    assert "Only a payment that is held" in str(after.action.answer.vendor_message)


def test_an_action_that_can_never_be_judged_ends_as_not_sent(world: World) -> None:
    payment = completed(world)
    world.vendor.readings.clear()
    world.vendor.readings.append(NotSent(reason="down"))
    ask(world, "void", payment)
    for _ in range(5):
        payment = work(world, payment)
    assert (payment.action.state, payment.action.tries) == (ActionState.NOT_SENT, 5)
    letters, _ = world.hub.dead_letters.page(payment.tenant, 10, None)
    assert len(letters) == 1
    shows(world, "Completed")
    world.vendor.answers.append(done("Voided"))
    assert ask(world, "void", payment).payment.status == "Voided"


def test_an_answer_without_a_balance_is_confirmed_by_reading_later(world: World) -> None:
    payment = completed(world)
    world.vendor.answers.append(Done(view=view("Voided", balance_cents=None)))
    payment = ask(world, "void", payment).payment
    assert (payment.status, payment.available_balance_cents) == ("Voided", None)
    shows(world, "Voided", 0)
    after = work(world, payment)
    assert (after.available_balance_cents, after.due_at_ms) == (0, None)
