"""Opening an action on a payment and beginning its attempts: who may, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from payhub.domain.answers import View
from payhub.domain.contract import Guard
from payhub.domain.errors import (
    ActionOpen,
    KeyReused,
    NotAllowed,
    NothingToDo,
    RevisionMismatch,
    RevisionNeeded,
)
from payhub.domain.lifecycle import evolve
from payhub.domain.payment import Action, ActionState, Attempt, Payment
from payhub.domain.policy import Policy

ACTIONS_MAX = 100
"""A payment that was voided and reissued this often is somebody's loop, not somebody's need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks to be done with a payment that exists."""

    verb: str
    actor: str
    key_digest: str | None = None
    if_match_revision: int | None = None
    reason: str | None = None
    terms: Mapping[str, str | int] = field(default_factory=dict)


def same_request(
    payment: Payment, request: Request, applied: frozenset[str] = frozenset()
) -> Action | None:
    """The action that this request is a repeat of, or None when it asks for a new one.

    With a key, the key tells. Without one the verb tells, as long as nothing was done since and the
    payment still shows it: `applied` are the statuses that do, where there are any.
    Raises KeyReused, RevisionMismatch, ActionOpen, RevisionNeeded or NotAllowed when it is neither.
    """
    by_key = _action_of_key(payment, request)
    if by_key is not None:
        return by_key
    if request.if_match_revision not in (None, payment.revision):
        raise RevisionMismatch(
            f"If-Match names revision {request.if_match_revision}, the payment is at revision"
            f" {payment.revision}. Read it again and decide.",
            payment_id=payment.payment_id,
        )
    repeat = _repeat_without_key(payment, request, applied)
    if repeat is not None:
        return repeat
    _refuse_while_open(payment)
    if payment.actions[0].state is not ActionState.DONE:
        raise NotAllowed(
            f"The payment is {payment.status}: there is nothing to {request.verb}.",
            payment_id=payment.payment_id,
        )
    if len(payment.actions) >= ACTIONS_MAX:
        raise NotAllowed(
            f"The payment has had {ACTIONS_MAX} actions; issue a new one instead.",
            payment_id=payment.payment_id,
        )
    return None


def _action_of_key(payment: Payment, request: Request) -> Action | None:
    if request.key_digest is None:
        return None
    for action in payment.actions:
        if action.key_digest != request.key_digest:
            continue
        if action.verb == request.verb and dict(action.terms) == dict(request.terms):
            return action
        other = " in other words" if action.verb == request.verb else ""
        raise KeyReused(
            f"This Idempotency-Key was used to {action.verb} the payment{other};"
            f" use another one to {request.verb} it.",
            payment_id=payment.payment_id,
        )
    return None


def _repeat_without_key(
    payment: Payment, request: Request, applied: frozenset[str]
) -> Action | None:
    if request.key_digest is not None or request.if_match_revision is not None:
        return None
    last = payment.last_action(request.verb)
    if last is None or last.state in (ActionState.REFUSED, ActionState.NOT_CAPTURED):
        return None
    done_since = any(a.state is ActionState.DONE for a in payment.actions[last.number :])
    undone = last.state is ActionState.DONE and applied and payment.vendor_status not in applied
    if not done_since and not undone and dict(last.terms) == dict(request.terms):
        return last
    _refuse_while_open(payment)
    raise RevisionNeeded(
        f"The payment was already {_past(request.verb)} once, in other words or before other"
        f" changes, so this could be a late repeat. Send If-Match with the present revision"
        f" ({payment.revision}), or an Idempotency-Key, to ask for it anew.",
        payment_id=payment.payment_id,
    )


def _past(verb: str) -> str:
    return verb + ("d" if verb.endswith("e") else "ed")


def _refuse_while_open(payment: Payment) -> None:
    action = payment.open_action
    if action is not None:
        raise ActionOpen(
            f"The payment has an open action: {action.verb} is {action.state.value}"
            f" (attempt {action.attempt.number if action.attempt else 0}). Wait for its end.",
            payment_id=payment.payment_id,
        )


AMOUNT_CENTS = "amountCents"
"""The term of an action that is for a part of the payment."""


def check_guard(verb: str, guard: Guard, view: View, terms: Mapping[str, str | int]) -> str | None:
    """Why the vendor's present word does not allow the verb, or None when it does.

    What is for a part of the payment needs as much balance.
    """
    balance = view.available_balance_cents
    asked = int(terms.get(AMOUNT_CENTS, 1))
    too_much = guard.needs_balance and balance is not None and asked > balance
    if view.status in guard.statuses and not too_much and view.refusal is None:
        return None
    shown = f"A payment in status {view.status}"
    if guard.needs_balance:
        words = "unknown" if balance is None else f"{balance} cents"
        shown += f" with an available balance of {words}"
    return " ".join(filter(None, [f"{shown} cannot be {_past(verb)}.", view.refusal, guard.rule]))


def refuse_guard(payment: Payment, request: Request, guard: Guard, view: View) -> None:
    """Raise NotAllowed naming the status, the balance and the rule when the guard says no."""
    why = check_guard(request.verb, guard, view, request.terms)
    if why is not None:
        raise NotAllowed(why, payment_id=payment.payment_id)


def open_action(
    payment: Payment, request: Request, policy: Policy, now_ms: int, token: str
) -> Payment:
    """Add the action with its first attempt's intent: the call must follow at once."""
    action = _new_action(payment, request, ActionState.SENDING, now_ms)
    return _begun(payment, action, policy, now_ms, token, request.actor, "asked for")


def open_queued(
    payment: Payment, request: Request, reason: str, due_ms: int, now_ms: int
) -> Payment:
    """Add the action without an attempt: something else has to happen first."""
    action = _new_action(payment, request, ActionState.QUEUED, now_ms)
    return evolve(
        payment, now_ms=now_ms, actor=request.actor, reason=reason, action=action, due_at_ms=due_ms
    )


WAITS_IN = {
    ActionState.QUEUED: "tried again",
    ActionState.UNKNOWN: "repeated, which the vendor recognises",
    ActionState.NOT_SENT: "asked for again",
}
"""The states out of which an action is sent once more, and why it then is."""


def begin_attempt(
    payment: Payment, waiting: Action, policy: Policy, now_ms: int, token: str, actor: str
) -> Payment:
    """Store the intent of the next attempt of an action, as it was seen `waiting`.

    Raises NothingToDo when somebody else has begun it, or it has ended.
    """
    action = payment.action
    same = (action.number, action.state, action.tries) == (
        waiting.number,
        waiting.state,
        waiting.tries,
    )
    if not same or action.state not in WAITS_IN:
        raise NothingToDo
    sending = replace(action, state=ActionState.SENDING)
    return _begun(payment, sending, policy, now_ms, token, actor, WAITS_IN[action.state])


def _new_action(payment: Payment, request: Request, state: ActionState, now_ms: int) -> Action:
    return Action(
        verb=request.verb,
        number=len(payment.actions) + 1,
        state=state,
        actor=request.actor,
        opened_at_ms=now_ms,
        key_digest=request.key_digest,
        reason=request.reason,
        terms=request.terms,
    )


def _begun(
    payment: Payment,
    action: Action,
    policy: Policy,
    now_ms: int,
    token: str,
    actor: str,
    reason: str,
) -> Payment:
    attempt = Attempt(
        number=len(action.attempts) + 1,
        token=token,
        intent_at_ms=now_ms,
        status_before=payment.vendor_status,
        refunds_before=tuple(refund.refund_id for refund in payment.refunds),
    )
    return evolve(
        payment,
        now_ms=now_ms,
        actor=actor,
        reason=reason,
        action=replace(action, attempts=(*action.attempts, attempt)),
        due_at_ms=policy.intent_due_ms(now_ms),
    )
