"""The one table of what may follow what in an action, and the function that keeps the history."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from payhub.domain.payment import Action, ActionState, FinalAnswer, Payment, Transition

S = ActionState

ACTION_MOVES: Mapping[ActionState | None, Mapping[ActionState, str]] = {
    None: {
        S.SENDING: "intent stored, call follows",
        S.QUEUED: "accepted, to be sent by a worker",
        S.DONE: "made at the vendor before the hub was asked about it",
    },
    S.SENDING: {
        S.DONE: "the vendor carried it out",
        S.REFUSED: "the vendor refused",
        S.QUEUED: "proven not sent, tried again later",
        S.UNKNOWN: "no answer, or none in time",
        S.NOT_SENT: "proven not sent, retries used up or not allowed",
        S.NEEDS_REVIEW: "the vendor shows more than one of it",
    },
    S.QUEUED: {
        S.SENDING: "next attempt",
        S.DONE: "a late answer, or the vendor shows it done",
        S.REFUSED: "the vendor's state does not allow it any more",
        S.NOT_SENT: "the vendor could not be read, retries used up",
        S.NEEDS_REVIEW: "a late answer shows a second one",
    },
    S.UNKNOWN: {
        S.SENDING: "repeated, which the vendor recognises",
        S.DONE: "found at the vendor",
        S.REFUSED: "a late refusal, or absent after one",
        S.QUEUED: "absent after the quarantine, sent again",
        S.NOT_SENT: "a late proof that it was not sent",
        S.NOT_CAPTURED: "absent after the quarantine, the caller decides",
        S.NEEDS_REVIEW: "the vendor offers no way to know",
    },
    S.NEEDS_REVIEW: {
        S.DONE: "an operator or a late answer says it moved",
        S.NOT_CAPTURED: "an operator says it did not move",
        S.QUEUED: "an operator asks to send it again",
    },
    S.DONE: {S.NEEDS_REVIEW: "the vendor shows a second one"},
    S.REFUSED: {S.NEEDS_REVIEW: "the vendor shows one after all"},
    S.NOT_CAPTURED: {S.NEEDS_REVIEW: "the vendor shows one after all"},
    S.NOT_SENT: {
        S.NEEDS_REVIEW: "the vendor shows one after all",
        S.SENDING: "the caller repeats it",
        S.QUEUED: "an operator redrives it",
    },
}

FINAL_STATES = frozenset({S.DONE, S.REFUSED, S.NOT_CAPTURED})
"""Ends whose answer is stored and replayed for ever."""


NO_FACTS: Mapping[str, str] = MappingProxyType({})


class IllegalMove(AssertionError):
    """A change that the table does not know: a bug, never a caller's fault."""


def evolve(
    payment: Payment,
    *,
    now_ms: int,
    actor: str,
    reason: str,
    action: Action | None = None,
    facts: Mapping[str, str] = NO_FACTS,
    **changes: Any,
) -> Payment:
    """The payment's next revision, with every change of status or action in its history.

    `action` replaces the payment's action of the same number, or is appended as the next one; when
    this ends it, `facts` become part of the answer that callers are given for ever.
    Raises IllegalMove when ACTION_MOVES does not allow it.
    """
    if action is not None:
        action = _without_disproved_answer(payment, action)
        changes["actions"] = _with_action(payment, action)
    after = replace(payment, **changes, revision=payment.revision + 1, updated_at_ms=now_ms)
    trail = []
    if action is not None:
        before = _state_of(payment, action.number)
        if before is not action.state:
            _check_move(before, action.state)
            number = action.attempt.number if action.attempt else None
            trail.append(
                Transition(
                    at_ms=now_ms,
                    subject=action.verb,
                    before=before,
                    after=action.state,
                    reason=reason,
                    actor=actor,
                    attempt=number,
                )
            )
    status_before = payment.status if payment.actions else None
    if after.status != status_before:
        trail.append(
            Transition(
                at_ms=now_ms,
                subject="status",
                before=status_before,
                after=after.status,
                reason=reason,
                actor=actor,
            )
        )
    after = replace(after, history=after.history + tuple(trail))
    return after if action is None else _with_final_answer(after, action, facts, now_ms)


def _without_disproved_answer(payment: Payment, action: Action) -> Action:
    """What callers were told is taken back when the vendor shows that it moved after all."""
    told_in_vain = _state_of(payment, action.number) in (S.REFUSED, S.NOT_CAPTURED)
    if told_in_vain and action.state is S.NEEDS_REVIEW:
        return replace(action, answer=None)
    return action


def _check_move(before: ActionState | None, after: ActionState) -> None:
    if after not in ACTION_MOVES.get(before, {}):
        raise IllegalMove(f"an action cannot go from {before} to {after}")


def _state_of(payment: Payment, number: int) -> ActionState | None:
    return payment.actions[number - 1].state if number <= len(payment.actions) else None


def _with_action(payment: Payment, action: Action) -> tuple[Action, ...]:
    kept = payment.actions[: action.number - 1]
    return (*kept, action, *payment.actions[action.number :])


def _with_final_answer(
    payment: Payment, action: Action, facts: Mapping[str, str], now_ms: int
) -> Payment:
    """Fix what callers are told about this action for ever, the first time it ends."""
    if action.answer is not None or action.state not in FINAL_STATES:
        return payment
    last = action.attempt
    answer = FinalAnswer(
        state=action.state,
        status=payment.status,
        revision=payment.revision,
        at_ms=now_ms,
        vendor_reference=payment.vendor_reference,
        vendor_code=last.code if last and action.state is S.REFUSED else None,
        vendor_message=_refusal(action),
        facts=facts,
    )
    return replace(payment, actions=_with_action(payment, replace(action, answer=answer)))


def _refusal(action: Action) -> str | None:
    """Why a refused action was refused: the hub's own judgement, or the vendor's words."""
    if action.state is not S.REFUSED:
        return None
    return action.refusal or (action.attempt.detail if action.attempt else None)
