"""Guards of what is written: conditions, claims, the intent before the call, replays."""

from tests.support.simulation.mutants.mutant import Edit, Mutant
from tests.support.simulation.scenario import Kind

_PAYMENTS = "store/payments.py"

MUTANTS = (
    Mutant(
        name="version",
        guard="a payment is written over the revision that was read",
        without="the later write wins",
        edits=(
            Edit(
                _PAYMENTS,
                """            item=payment_item(after),
            condition=conditions.SAME_REVISION,
            values=conditions.same_revision(before.revision),
""",
                "            item=payment_item(after),\n",
            ),
        ),
        scenarios=("optum void", "optum issue with a key"),
        crowds=("optum",),
    ),
    Mutant(
        name="new",
        guard="a payment is made only where none stands under its id",
        without="a repeat overwrites it and is sent",
        edits=(
            Edit(
                _PAYMENTS,
                "own = Put(item=payment_item(payment), condition=conditions.NEW)",
                "own = Put(item=payment_item(payment))",
            ),
        ),
        scenarios=("optum issue with a key", "decoda settle"),
    ),
    Mutant(
        name="id-of-key",
        guard="a payment's id derives from the caller's key",
        without="every request makes a payment of its own",
        edits=(
            Edit(
                "making.py",
                'source, key = proposal.key or ("identity", proposal.identity + hub.ids.new())',
                'source, key = ("identity", proposal.identity + hub.ids.new())',
            ),
        ),
        scenarios=("optum issue with a key", "decoda settle"),
    ),
    Mutant(
        name="intent-first",
        guard="the intent is stored before the call",
        without="a payment is stored once the vendor has answered",
        edits=(
            Edit(
                "making.py",
                """    standing = hub.payments.create(opened, proposal.carried, judged.claims)
    if standing is not opened:
        return _repeat(hub, caller, proposal, payment, standing)
    settled = attempts.carry(hub, caller.tenant, opened, proposal.card, proposal.carried or {})
""",
                """    standing = hub.payments.load(opened.tenant, opened.payment_id)
    if standing is not None:
        return _repeat(hub, caller, proposal, payment, standing)
    from dataclasses import replace
    order = attempts.order_of(hub, caller.tenant, opened, opened.action)
    order = replace(
        order,
        carried=proposal.carried or {},
        card=proposal.card,
        call_by_ms=hub.policy.call_by_ms(opened.action.attempt),
    )
    answer = hub.vendors[opened.vendor].gateway.perform(order)
    standing = hub.payments.create(opened, proposal.carried, judged.claims)
    if standing is not opened:
        return _repeat(hub, caller, proposal, payment, standing)
    settled = attempts.settle(hub, opened, opened.action.attempt.token, answer)
""",
            ),
        ),
        scenarios=("optum issue with a key", "decoda settle"),
    ),
    Mutant(
        name="intent-due",
        guard="an intent is due from the moment it is stored",
        without="nobody looks at an intent whose process died",
        edits=(
            Edit(
                "domain/actions.py",
                "due_at_ms=policy.intent_due_ms(now_ms),",
                "due_at_ms=None,",
            ),
        ),
        scenarios=("optum issue with a key", "decoda settle"),
    ),
    Mutant(
        name="same-attempt",
        guard="of two workers that hold the same queued action one begins the attempt",
        without="each begins one",
        edits=(
            Edit(
                "domain/actions.py",
                "if not same or action.state not in WAITS_IN:",
                "if action.state not in WAITS_IN and action.state is not ActionState.SENDING:",
            ),
            Edit(
                "domain/actions.py",
                "actor, WAITS_IN[action.state])",
                'actor, WAITS_IN.get(action.state, ""))',
            ),
        ),
        meetings=("two resends",),
    ),
    Mutant(
        name="judged-revision",
        guard="an action is opened over the revision that it was judged on",
        without="it is opened over whatever stands now",
        edits=(
            Edit(
                "acting.py",
                """        if latest.revision != seen.revision:
            raise Overtaken(latest)
        if isinstance""",
                "        if isinstance",
            ),
        ),
        meetings=("applied late",),
        crowds=("optum",),
    ),
    Mutant(
        name="one-open-action",
        guard="a payment has one open action at most",
        without="another action begins beside it",
        edits=(
            Edit(
                "domain/actions.py",
                """    action = payment.open_action
    if action is not None:
        raise ActionOpen(""",
                """    action = payment.open_action
    if action is not None and action.verb == "none":
        raise ActionOpen(""",
            ),
        ),
        meetings=("applied late",),
        crowds=("optum",),
    ),
    Mutant(
        name="action-of-key",
        guard="an action's key tells its repeat",
        without="a repeat with the key is a new action",
        edits=(
            Edit(
                "domain/actions.py",
                "    by_key = _action_of_key(payment, request)\n",
                "    by_key = None\n",
            ),
        ),
        scenarios=("optum void with a key", "optum reissue with a key", "decoda refund"),
        crowds=("optum",),
    ),
    Mutant(
        name="repeat-of-verb",
        guard="without a key the same verb is a repeat until something else was done",
        without="it is a new action",
        edits=(
            Edit(
                "domain/actions.py",
                """    if request.key_digest is not None or request.if_match_revision is not None:
        return None
    last""",
                """    if request.verb:
        return None
    last""",
            ),
        ),
        scenarios=("optum void without", "optum reissue without", "decoda refund"),
        crowds=("optum",),
    ),
    Mutant(
        name="one-reference",
        guard="a vendor's reference belongs to one payment",
        without="several payments may hold it",
        edits=(
            Edit(
                _PAYMENTS,
                "return Put(item=item, condition=conditions.OWN_OR_NEW,",
                "return Put(item=item) or Put(item=item, condition=conditions.OWN_OR_NEW,",
            ),
        ),
        crowds=("athena",),
    ),
    Mutant(
        name="claim-revision",
        guard="a claim is written over the revision that was read",
        without="the later write wins",
        edits=(
            Edit(
                _PAYMENTS,
                """    if claim.revision == 1:
        return Put(item=claim_item(claim), condition=conditions.NEW)
    return Put(
        item=claim_item(claim),
        condition=conditions.SAME_REVISION,
        values=conditions.same_revision(claim.revision - 1),
    )
""",
                "    return Put(item=claim_item(claim))\n",
            ),
        ),
        scenarios=("without a key", "prepare", "set_up", "plan"),
        crowds=("athena",),
    ),
    Mutant(
        name="keyless-window",
        guard="without a key the same request is a repeat for ten minutes",
        without="it is a new payment",
        edits=(
            Edit(
                "making.py",
                "    if window is None or proposal.again:\n        return None\n",
                "    if window is None or proposal:\n        return None\n",
            ),
        ),
        scenarios=("without a key",),
        crowds=("athena",),
    ),
    Mutant(
        name="tender",
        guard="what was collected by card is not recorded by hand on the same day, nor the reverse",
        without="it is booked twice",
        edits=(
            Edit(
                "making.py",
                "    if booked is None or tender.confirmed:\n",
                "    if booked is None or tender:\n",
            ),
        ),
        scenarios=("recorded by hand too",),
        crowds=("athena",),
    ),
    Mutant(
        name="answer-replayed",
        guard="what a caller was told for good is told again for ever",
        without="a repeat shows the payment of now",
        edits=(
            Edit(
                "entrypoints/representations.py",
                "return json_answer(status, payment_object(payment, caller, final), headers)",
                "return json_answer(status, payment_object(payment, caller), headers)",
            ),
        ),
        scenarios=("optum issue with a key",),
        kinds=frozenset({Kind.OTHER}),
    ),
)
