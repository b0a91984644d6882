"""What an answer, a finding or a view makes of a payment: the verdicts, in one place.

NEVER (VendorRefused): ends refused. SAFE (NotSent): queued. ASK_FIRST (Unanswered): unknown, asked
about, never sent again before absence is proven.
"""

from dataclasses import replace
from typing import Any

from payhub.domain.answers import (
    Answer,
    Done,
    Finding,
    Matches,
    NotSent,
    Unanswered,
    Undecided,
    VendorRefused,
    View,
)
from payhub.domain.contract import Lifecycle, Lookup, Resend
from payhub.domain.errors import NothingToDo
from payhub.domain.lifecycle import evolve
from payhub.domain.observation import (
    HUB,
    VENDOR,
    Rules,
    beside_known_refunds,
    due_ms_of,
    due_to_confirm_ms,
    news_of,
    with_refunds,
)
from payhub.domain.payment import Action, ActionState, Attempt, Payment


def record_answer(
    payment: Payment, token: str, answer: Answer, rules: Rules, now_ms: int, luck: float
) -> Payment:
    """Store what came back from the attempt that `token` names.

    Only the latest attempt of an open action moves the action; the answer of any other is noted,
    and when it says "done" under another vendor reference the payment goes to review.
    """
    action, attempt = _find_attempt(payment, token)
    noted = _noted(action, attempt, answer, now_ms)
    is_current = action.state.is_open and attempt is action.attempt
    waited_for = is_current and (
        action.state is ActionState.SENDING
        or (action.state is ActionState.UNKNOWN and not isinstance(answer, Unanswered))
        or isinstance(answer, Done)
    )
    if not waited_for:
        return _late_answer(payment, noted, answer, rules, now_ms)
    match answer:
        case Done(view=view):
            return _done(payment, noted, view, rules, now_ms, "the vendor carried it out")
        case VendorRefused():
            return _refused(payment, noted, answer, rules, now_ms)
        case NotSent():
            return _not_sent(payment, noted, answer, rules, now_ms, luck)
        case Unanswered(reason=reason):
            return _unknown(payment, noted, reason, rules, now_ms)


def put_off(
    payment: Payment, number: int, answer: NotSent, rules: Rules, now_ms: int, luck: float
) -> Payment:
    """The queued action `number` is not sent now, because the vendor could not be read first.

    Raises NothingToDo when it is not queued any more.
    """
    action = _queued(payment, number)
    later = replace(action, put_offs=action.put_offs + 1)
    return _not_sent(payment, later, answer, rules, now_ms, luck)


def find_applied(payment: Payment, number: int, view: View, rules: Rules, now_ms: int) -> Payment:
    """Before the queued action `number` is sent again, the vendor shows that it was applied."""
    return _done(payment, _queued(payment, number), view, rules, now_ms, "found at the vendor")


def find_not_allowed(payment: Payment, number: int, why: str, rules: Rules, now_ms: int) -> Payment:
    """Before the queued action `number` is sent, the vendor's state turns out not to allow it."""
    refused = replace(_queued(payment, number), state=ActionState.REFUSED, refusal=why)
    after = evolve(payment, now_ms=now_ms, actor=HUB, reason=why, action=refused, due_at_ms=None)
    return replace(after, due_at_ms=due_ms_of(after, rules, now_ms))


def _queued(payment: Payment, number: int) -> Action:
    action = payment.open_action
    if action is None or action.number != number or action.state is not ActionState.QUEUED:
        raise NothingToDo
    return action


def presume_unknown(payment: Payment, rules: Rules, now_ms: int) -> Payment:
    """An intent whose time is over without an outcome: the function died or hangs."""
    action = payment.open_action
    overdue = payment.due_at_ms is not None and payment.due_at_ms <= now_ms
    if action is None or action.state is not ActionState.SENDING or not overdue:
        raise NothingToDo
    return _unknown(payment, action, "no outcome was stored in time", rules, now_ms, due_ms=now_ms)


def record_finding(
    payment: Payment, token: str, finding: Finding, rules: Rules, asked_at_ms: int, now_ms: int
) -> Payment:
    """Store what an inquiry about the unknown attempt `token` found.

    Raises NothingToDo when the attempt is not unknown any more.
    """
    action = payment.open_action
    if action is None or action.state is not ActionState.UNKNOWN or action.attempt is None:
        raise NothingToDo
    if action.attempt.token != token:
        raise NothingToDo
    if isinstance(finding, Undecided):
        due_ms = rules.policy.next_inquiry_ms(action.attempt.intent_at_ms, now_ms, None)
        due_ms = max(due_ms, now_ms + (finding.retry_after_seconds or 0) * 1000)
        return replace(payment, due_at_ms=due_ms, revision=payment.revision + 1)
    if len(finding.views) > 1:
        return _several(payment, action, finding, now_ms)
    if finding.views:
        return _done(payment, action, finding.views[0], rules, now_ms, "found at the vendor")
    return _absent(payment, action, action.attempt, rules, asked_at_ms, now_ms)


def claim_refused(
    payment: Payment, token: str, answer: Answer, holder: str | None, now_ms: int
) -> Payment:
    """The vendor's answer names what is another payment's already: a person must look."""
    action, attempt = _find_attempt(payment, token)
    noted = _noted(action, attempt, answer, now_ms)
    why = f"the vendor's answer names what payment {holder} holds"
    if noted.state is ActionState.NEEDS_REVIEW:
        return payment
    review = replace(noted, state=ActionState.NEEDS_REVIEW)
    return evolve(payment, now_ms=now_ms, actor=HUB, reason=why, action=review, due_at_ms=None)


def give_up_asking(payment: Payment, token: str, now_ms: int) -> Payment:
    """The time in which the vendor recognises a repeat is over, and nothing else tells."""
    action = payment.open_action
    if action is None or action.state is not ActionState.UNKNOWN or action.attempt is None:
        raise NothingToDo
    if action.attempt.token != token:
        raise NothingToDo
    review = replace(action, state=ActionState.NEEDS_REVIEW)
    why = "the vendor does not recognise a repeat any more, and offers no other way to know"
    return evolve(payment, now_ms=now_ms, actor=HUB, reason=why, action=review, due_at_ms=None)


def record_watch(payment: Payment, finding: Finding, rules: Rules, now_ms: int) -> Payment:
    """Store what inquiry after a resend, or after "not captured", found: a second one alarms."""
    watched = payment.watched_action
    if watched is None or watched.watch_until_ms is None or payment.open_action is not None:
        raise NothingToDo
    expected = 1 if watched.state is ActionState.DONE else 0
    if isinstance(finding, Matches) and len(finding.views) > expected:
        return _several(payment, replace(watched, watch_until_ms=None), finding, now_ms)
    if now_ms >= watched.watch_until_ms:
        ended = replace(watched, watch_until_ms=None)
        actions = tuple(ended if a.number == ended.number else a for a in payment.actions)
        payment = replace(payment, actions=actions, due_at_ms=None)
    due_ms = due_ms_of(payment, rules, now_ms)
    return replace(payment, due_at_ms=due_ms, revision=payment.revision + 1)


def _find_attempt(payment: Payment, token: str) -> tuple[Action, Attempt]:
    for action in payment.actions:
        for attempt in action.attempts:
            if attempt.token == token:
                return action, attempt
    raise NothingToDo


def _noted(action: Action, attempt: Attempt, answer: Answer, now_ms: int) -> Action:
    """The action with the attempt's outcome written beside it, its state untouched."""
    ended = replace(attempt, ended_at_ms=now_ms, **_note(answer))
    attempts = tuple(ended if a.number == ended.number else a for a in action.attempts)
    return replace(action, attempts=attempts)


def _note(answer: Answer) -> dict[str, Any]:
    match answer:
        case Done(view=view):
            return {"outcome": "done", "reference": view.reference}
        case VendorRefused(message=message, code=code):
            return {"outcome": "refused", "detail": message, "code": code}
        case NotSent(reason=reason):
            return {"outcome": "not_sent", "detail": reason}
        case Unanswered(reason=reason):
            return {"outcome": "unknown", "detail": reason}


def _late_answer(
    payment: Payment, noted: Action, answer: Answer, rules: Rules, now_ms: int
) -> Payment:
    """An answer to an attempt that is not waited for any more."""
    contradicts = isinstance(answer, Done) and (
        noted.state is not ActionState.DONE
        or answer.view.reference not in (None, payment.vendor_reference)
    )
    contradicts = contradicts and not rules.contract.twice_is_harmless
    if contradicts and not noted.state.is_open:
        review = replace(noted, state=ActionState.NEEDS_REVIEW)
        why = "a late answer shows a second one at the vendor"
        return evolve(payment, now_ms=now_ms, actor=VENDOR, reason=why, action=review)
    actions = tuple(noted if a.number == noted.number else a for a in payment.actions)
    return replace(payment, actions=actions, revision=payment.revision + 1)


def _watch(rules: Rules, now_ms: int) -> int | None:
    """Until when inquiry goes on: only a search can show a second one, which must do harm."""
    if rules.contract.lookup is not Lookup.SEARCH or rules.contract.twice_is_harmless:
        return None
    return now_ms + rules.policy.watch_seconds * 1000


def _done(
    payment: Payment, action: Action, view: View, rules: Rules, now_ms: int, reason: str
) -> Payment:
    references = {a.reference for a in action.attempts if a.reference}
    references |= {view.reference} if view.reference else set()
    if action.number == 1 and len(references) > 1 and not rules.contract.twice_is_harmless:
        review = replace(action, state=ActionState.NEEDS_REVIEW)
        return evolve(
            payment,
            now_ms=now_ms,
            actor=VENDOR,
            reason="the vendor shows more than one of it: " + ", ".join(sorted(references)),
            action=review,
            vendor_reference=payment.vendor_reference or view.reference,
            due_at_ms=None,
        )
    sent_again = len(action.attempts) > 1 and _was_unknown(action)
    watch = _watch(rules, now_ms) if sent_again else None
    view = beside_known_refunds(payment, view, rules.lifecycle)
    payment = with_refunds(payment, view, now_ms)
    done = evolve(
        payment,
        now_ms=now_ms,
        actor=VENDOR,
        reason=reason,
        action=replace(action, state=ActionState.DONE, watch_until_ms=watch),
        facts=view.facts,
        amount_cents=payment.amount_cents if view.amount_cents is None else view.amount_cents,
        vendor_reference=view.reference or payment.vendor_reference,
        vendor_status=_merged_status(payment, action, view, rules.lifecycle),
        **news_of(payment, view),
    )
    return replace(done, due_at_ms=due_to_confirm_ms(done, view, rules, now_ms))


def _merged_status(payment: Payment, action: Action, view: View, lifecycle: Lifecycle) -> str:
    """The answer's status, unless an event that landed in between was already further on."""
    heard = payment.vendor_status
    before = action.attempt.status_before if action.attempt else None
    if heard is not None and heard != before and lifecycle.can_reach(view.status, heard):
        return heard
    return view.status


def _refused(
    payment: Payment, action: Action, answer: VendorRefused, rules: Rules, now_ms: int
) -> Payment:
    """A refusal ends the action, unless an earlier attempt may be what it is refused for.

    Of a repeat that the vendor recognises, only a refusal that shows the payment's status tells.
    """
    earlier_unknown = _was_unknown(replace(action, attempts=action.attempts[:-1]))
    if earlier_unknown and rules.contract.lookup is Lookup.STATUS:
        why = "a repeat was refused: the first may have been applied"
        return _unknown(payment, action, why, rules, now_ms, due_ms=now_ms)
    silent = answer.status is None and rules.contract.moves_money
    if earlier_unknown and rules.contract.lookup is Lookup.REPEAT and silent:
        if answer.is_cut_off:
            why = "a repeat was refused in words that cannot be read"
            return _unknown(payment, action, why, rules, now_ms)
        review = replace(action, state=ActionState.NEEDS_REVIEW)
        why = f"a repeat was refused, the first may have been applied: {answer.message}"
        return evolve(
            payment, now_ms=now_ms, actor=VENDOR, reason=why, action=review, due_at_ms=None
        )
    watch = _watch(rules, now_ms) if earlier_unknown else None
    refused = evolve(
        payment,
        now_ms=now_ms,
        actor=VENDOR,
        reason=answer.message,
        action=replace(action, state=ActionState.REFUSED, watch_until_ms=watch),
        facts=answer.facts,
        vendor_status=answer.status or payment.vendor_status,
        due_at_ms=None,
    )
    return replace(refused, due_at_ms=due_ms_of(refused, rules, now_ms))


def _not_sent(
    payment: Payment, action: Action, answer: NotSent, rules: Rules, now_ms: int, luck: float
) -> Payment:
    wait_ms = rules.policy.backoff_ms(action.tries, answer.retry_after_seconds, luck)
    if rules.contract.lookup is Lookup.REPEAT and _was_unknown(action):
        # This repeat did not get there, so nothing is known about the first call yet.
        return _unknown(payment, action, answer.reason, rules, now_ms, due_ms=now_ms + wait_ms)
    used_up = action.tries >= rules.policy.retry_attempts_max or not rules.contract.queueable
    return evolve(
        payment,
        now_ms=now_ms,
        actor=HUB,
        reason=answer.reason,
        action=replace(action, state=ActionState.NOT_SENT if used_up else ActionState.QUEUED),
        due_at_ms=None if used_up else now_ms + wait_ms,
    )


def _unknown(
    payment: Payment,
    action: Action,
    reason: str,
    rules: Rules,
    now_ms: int,
    due_ms: int | None = None,
) -> Payment:
    first = next((a for a in action.attempts if a.outcome != "not_sent"), None)
    since_ms = first.intent_at_ms if first else now_ms
    until_ms = rules.policy.recognised_until_ms(first, rules.contract) if first else None
    ask_at_ms = rules.policy.next_inquiry_ms(since_ms, now_ms, until_ms)
    unknown = replace(action, state=ActionState.UNKNOWN)
    return evolve(
        payment,
        now_ms=now_ms,
        actor=HUB,
        reason=reason,
        action=unknown,
        due_at_ms=ask_at_ms if due_ms is None else due_ms,
    )


def _absent(
    payment: Payment,
    action: Action,
    attempt: Attempt,
    rules: Rules,
    asked_at_ms: int,
    now_ms: int,
) -> Payment:
    """Nothing was found: proof only after the quarantine, and only where the vendor has a bound."""
    ends_ms = rules.policy.quarantine_ends_ms(attempt, rules.contract)
    if ends_ms is not None and asked_at_ms < ends_ms:
        due_ms = rules.policy.next_inquiry_ms(attempt.intent_at_ms, now_ms, ends_ms)
        return replace(payment, due_at_ms=due_ms, revision=payment.revision + 1)
    state, reason = _end_of_absence(attempt, rules, ends_ms)
    after = evolve(
        payment,
        now_ms=now_ms,
        actor=HUB,
        reason=reason,
        action=replace(
            action,
            state=state,
            watch_until_ms=_watch(rules, now_ms) if state is ActionState.NOT_CAPTURED else None,
        ),
        due_at_ms=now_ms if state is ActionState.QUEUED else None,
    )
    return after if after.open_action else replace(after, due_at_ms=due_ms_of(after, rules, now_ms))


def _end_of_absence(attempt: Attempt, rules: Rules, ends_ms: int | None) -> tuple[ActionState, str]:
    if ends_ms is None or rules.contract.lookup is Lookup.NONE:
        return ActionState.NEEDS_REVIEW, "the vendor offers no way to know"
    if attempt.outcome == "refused":
        return ActionState.REFUSED, attempt.detail or "the vendor refused"
    absent = "not at the vendor after the quarantine"
    if rules.contract.resend is Resend.AUTOMATIC:
        return ActionState.QUEUED, f"{absent}, sent again"
    return ActionState.NOT_CAPTURED, absent


def _several(payment: Payment, action: Action, finding: Matches, now_ms: int) -> Payment:
    references = ", ".join(sorted(str(view.reference) for view in finding.views))
    # A reference that only one payment may hold is not taken on a guess.
    guess = None if payment.reference_scope else finding.views[0].reference
    return evolve(
        payment,
        now_ms=now_ms,
        actor=VENDOR,
        reason=f"the vendor shows {len(finding.views)} of it: {references}",
        action=replace(action, state=ActionState.NEEDS_REVIEW),
        vendor_reference=payment.vendor_reference or guess,
        due_at_ms=None,
    )


def _was_unknown(action: Action) -> bool:
    """Whether an attempt of it may have been applied although its answer never came."""
    return any(attempt.outcome in (None, "unknown") for attempt in action.attempts)
