"""What the vendor's present word makes of a payment, and when to look at it again."""

from dataclasses import dataclass, replace
from typing import Any

from payhub.domain.answers import View
from payhub.domain.contract import Contract, Lifecycle
from payhub.domain.lifecycle import evolve
from payhub.domain.payment import ActionState, Payment, Refund, Transition
from payhub.domain.policy import Policy

HUB = "payhub"
"""The actor of everything the hub does by itself."""

VENDOR = "vendor"
"""The actor of what the vendor reports."""

REFUND_ID = "refundId"
"""Under which name the answer of a refund keeps the vendor's id of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything the verdicts depend on: the vendor's contract and words, the stack's bounds."""

    contract: Contract
    lifecycle: Lifecycle
    policy: Policy


def observe(payment: Payment, view: View, rules: Rules, now_ms: int, reason: str) -> Payment:
    """Adopt the vendor's present word; the same payment comes back when nothing is new.

    Money that went out again without an action of ours explaining it goes to review. A word
    without a balance (an event's) is confirmed by reading the vendor later.
    """
    known, before = payment.vendor_status, payment
    payment = with_refunds(payment, view, now_ms)
    if known == view.status:
        return _same_status(before, payment, view, rules, now_ms)
    lifecycle = rules.lifecycle
    explained = known is None or lifecycle.can_reach(known, view.status)
    if not explained and payment.open_action is not None:
        explained = view.status in lifecycle.applied.get(payment.open_action.verb, frozenset())
    went_out_again = known in lifecycle.money_back and not explained
    changed = evolve(
        payment,
        now_ms=now_ms,
        actor=VENDOR,
        reason=reason if explained else f"{reason}: changed there, not through Payhub",
        vendor_status=view.status,
        **news_of(payment, view),
    )
    if went_out_again and changed.open_action is None:
        culprit = changed.action
        review = replace(culprit, state=ActionState.NEEDS_REVIEW)
        why = "the vendor moved the money again without being asked"
        return evolve(changed, now_ms=now_ms, actor=HUB, reason=why, action=review, due_at_ms=None)
    return replace(changed, due_at_ms=due_to_confirm_ms(changed, view, rules, now_ms))


def news_of(payment: Payment, view: View) -> dict[str, Any]:
    """What a payment takes over from the vendor's word beside its status and its refunds."""
    return {
        "available_balance_cents": view.available_balance_cents,
        "look_again_at_ms": view.look_again_at_ms,
        "alias": view.alias or payment.alias,
        "said": view.said,
        "plan": view.plan or payment.plan,
    }


def beside_known_refunds(payment: Payment, view: View, lifecycle: Lifecycle) -> View:
    """The view of a call that made a refund, with all the others as they are known by now.

    What has been heard of this very refund meanwhile is newer than the call's own word.
    """
    made, left_cents = view.refund, payment.available_balance_cents
    if made is None:
        return view
    if any(known.refund_id == made.refund_id for known in payment.refunds):
        return replace(view, refunds=payment.refunds, available_balance_cents=left_cents)
    if left_cents is not None and made.status not in lifecycle.money_back:
        left_cents = max(0, left_cents - made.amount_cents)
    refunds = (*payment.refunds, made)
    return replace(view, refunds=refunds, available_balance_cents=left_cents)


def with_refunds(payment: Payment, view: View, now_ms: int) -> Payment:
    """The payment with its refunds as the vendor shows them, each change in its history.

    No revision of its own; the same payment comes back when nothing is new.
    """
    if view.refunds is None or view.refunds == payment.refunds:
        return payment
    known = {refund.refund_id: refund.status for refund in payment.refunds}
    trail = tuple(
        Transition(
            at_ms=now_ms,
            subject=f"refund {refund.refund_id}",
            before=known.get(refund.refund_id),
            after=refund.status,
            reason=f"{refund.amount_cents} cents{_whose(payment, refund)}",
            actor=VENDOR,
        )
        for refund in view.refunds
        if known.get(refund.refund_id) != refund.status
    )
    return replace(payment, refunds=view.refunds, history=payment.history + trail)


def _whose(payment: Payment, refund: Refund) -> str:
    """A refund that no action of the hub explains was made past it."""
    ours = {a.answer.facts.get(REFUND_ID) for a in payment.actions if a.answer is not None}
    if refund.refund_id in ours or payment.open_action is not None:
        return ""
    return ", made there, not through Payhub"


def _same_status(
    before: Payment, payment: Payment, view: View, rules: Rules, now_ms: int
) -> Payment:
    news = news_of(payment, view)
    if view.available_balance_cents is None:
        news["available_balance_cents"] = payment.available_balance_cents
    after = replace(payment, **news)
    after = replace(after, due_at_ms=due_ms_of(after, rules, now_ms))
    return before if after == before else replace(after, revision=payment.revision + 1)


def due_to_confirm_ms(payment: Payment, view: View, rules: Rules, now_ms: int) -> int | None:
    """When to look again after a word of the vendor: one without a balance is confirmed."""
    due_ms = due_ms_of(payment, rules, now_ms)
    confirms = rules.lifecycle.shows_balance and view.available_balance_cents is None
    if due_ms is None and confirms:
        return rules.policy.next_refresh_ms(payment, now_ms)
    return due_ms


def due_ms_of(payment: Payment, rules: Rules, now_ms: int) -> int | None:
    """When the hub must look again at a payment, by what is still unfinished about it."""
    if payment.open_action is not None:
        return payment.due_at_ms
    watched = payment.watched_action
    if watched is not None and watched.watch_until_ms is not None:
        since_ms = watched.attempts[-1].intent_at_ms
        return min(rules.policy.next_inquiry_ms(since_ms, now_ms, None), watched.watch_until_ms)
    if payment.actions[0].state is not ActionState.DONE:
        return None
    look_again_ms = payment.look_again_at_ms
    if look_again_ms is not None and look_again_ms > now_ms:
        return look_again_ms
    if look_again_ms is None and payment.vendor_status in rules.lifecycle.resting:
        return None
    return rules.policy.next_refresh_ms(payment, now_ms)
