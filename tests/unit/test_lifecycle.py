"""The table of what may follow what: complete, reachable, enforced."""

from dataclasses import replace

import pytest

from payhub.domain.lifecycle import ACTION_MOVES, FINAL_STATES, IllegalMove, evolve
from payhub.domain.payment import STATUS_WITHOUT_VENDOR, ActionState
from payhub.vendors.optum.contract import CONTRACTS, LIFECYCLE, VOIDABLE
from tests.support.doing import issue
from tests.support.fakes import World, done


def test_every_state_can_be_reached_and_has_a_status() -> None:
    reached = {state for moves in ACTION_MOVES.values() for state in moves}
    assert reached == set(ActionState) == set(STATUS_WITHOUT_VENDOR)


def test_every_open_state_can_end() -> None:
    for state in ActionState:
        if state.is_open:
            assert any(not after.is_open for after in _reachable(state)), state


def _reachable(state: ActionState) -> set[ActionState]:
    seen, open_ends = {state}, [state]
    while open_ends:
        for after in ACTION_MOVES.get(open_ends.pop(), {}):
            if after not in seen:
                seen.add(after)
                open_ends.append(after)
    return seen


def test_a_final_state_moves_to_review_only() -> None:
    for state in FINAL_STATES:
        assert set(ACTION_MOVES[state]) == {ActionState.NEEDS_REVIEW}


@pytest.mark.parametrize("before", list(ActionState))
@pytest.mark.parametrize("after", list(ActionState))
def test_a_move_that_is_not_in_the_table_is_a_bug(
    world: World, before: ActionState, after: ActionState
) -> None:
    world.vendor.answers.append(done("Created"))
    payment = issue(world).payment
    action = replace(payment.action, state=before)
    payment = replace(payment, actions=(action,))
    moved = replace(action, state=after)
    if before is after or after in ACTION_MOVES.get(before, {}):
        evolve(payment, now_ms=1, actor="test", reason="test", action=moved)
    else:
        with pytest.raises(IllegalMove):
            evolve(payment, now_ms=1, actor="test", reason="test", action=moved)


def test_the_final_answer_is_fixed_once(world: World) -> None:
    world.vendor.answers.append(done("Created"))
    payment = issue(world).payment
    answer = payment.action.answer
    review = replace(payment.action, state=ActionState.NEEDS_REVIEW)
    payment = evolve(payment, now_ms=1, actor="test", reason="test", action=review)
    resolved = replace(payment.action, state=ActionState.NOT_CAPTURED)
    payment = evolve(payment, now_ms=2, actor="test", reason="test", action=resolved)
    assert payment.action.answer == answer


def test_the_issuers_nine_voidable_statuses_are_the_documented_ones() -> None:
    assert (
        {
            "Loading",
            "DocumentsGenerating",
            "RemittanceRequested",
            "DocumentsDistributing",
            "DistributionAssigned",
            "Completed",
            "Requested",
            "Sent",
            "Reissuing",
        }
        == VOIDABLE
        == LIFECYCLE.guards["void"].statuses
    )


def test_every_verb_with_a_guard_has_a_contract_and_a_proof() -> None:
    assert set(LIFECYCLE.guards) <= set(CONTRACTS)
    assert set(LIFECYCLE.guards) == set(LIFECYCLE.applied)


def test_completed_is_reached_from_wherever_a_payment_is_under_way() -> None:
    for status in ("Created", "Reissuing", "Loading", "Sent"):
        assert LIFECYCLE.can_reach(status, "Completed")
    assert not LIFECYCLE.can_reach("Voided", "Completed")
    assert not LIFECYCLE.can_reach("Completed", "Loading")
