"""Guards of plans, refunds and voids: what is given back, and what is planned, once."""

from tests.support.simulation.mutants.mutant import Edit, Mutant
from tests.support.simulation.scenario import Kind

_DECODA, _ATHENA = "vendors/decoda/gateway.py", "vendors/athena/gateway.py"

MUTANTS = (
    Mutant(
        name="one-plan-per-charge",
        guard="a charge is in one plan at a time",
        without="two plans of a charge are prepared",
        edits=(
            Edit(
                "making.py",
                "        if not over and _may_hold_money(hub, other):\n",
                "        if not over and other is payment:\n",
            ),
        ),
        scenarios=("asked for twice",),
    ),
    Mutant(
        name="earlier-refunds",
        guard="a refund that was there before the call is not what the call did",
        without="an earlier one of the same amount passes for it",
        edits=(
            Edit(_DECODA, "            and refund.refund_id not in known\n", ""),
            Edit(_DECODA, "            and refund.refund_id not in first.refunds_before\n", ""),
        ),
        scenarios=("decoda refund",),
    ),
    Mutant(
        name="charges-of-receipt",
        guard="a settlement is found by the charges on its receipt",
        without="any of the same amount passes for it",
        edits=(
            Edit(
                _DECODA,
                "            if charges and charges <= asked:\n",
                "            if charges:\n",
            ),
        ),
        scenarios=("decoda settle",),
    ),
    Mutant(
        name="card-not-kept",
        guard="a card's number is kept nowhere",
        without="it stands among the payment's terms",
        edits=(
            Edit(
                "operations/collect_payment.py",
                "    terms |= face_terms(card)\n",
                "    terms |= face_terms(card)\n"
                '    terms["number"] = card.account_number.get_secret_value()\n',
            ),
        ),
        scenarios=("athena collect",),
        crowds=("athena",),
        kinds=frozenset({Kind.OTHER}),
    ),
    Mutant(
        name="card-lane",
        guard="a call that needs a card is never queued",
        without="a worker that has no card repeats it",
        edits=(
            Edit(
                "vendors/athena/contract.py",
                '    "queueable": False,\n',
                '    "queueable": True,\n',
            ),
        ),
        scenarios=("athena collect", "athena store_card"),
        crowds=("athena",),
    ),
    Mutant(
        name="lost-charge-asked-first",
        guard="a void of what may be a lost charge asks about the charge first",
        without="the payment counts as made past the hub",
        edits=(
            Edit(
                "operations/void_collected_payment.py",
                "    charges = unfinished_charges(hub, caller, payment, view)\n",
                "    charges = unfinished_charges(hub, caller, payment, view)[:0]\n",
            ),
        ),
        scenarios=("athena void",),
        crowds=("athena",),
    ),
    Mutant(
        name="voided-already",
        guard="a void that is refused because it is voided already is done",
        without="it ends refused",
        edits=(
            Edit(_ATHENA, "    if voided and not settled:\n", "    if voided and not refused:\n"),
        ),
        scenarios=("athena void",),
        crowds=("athena",),
    ),
    Mutant(
        name="repeat-judged-anew",
        guard="a repeat of what was not sent is judged like a new payment",
        without="it is sent whatever was booked since",
        edits=(
            Edit(
                "making.py",
                "    if standing is None or standing.actions[0].state is ActionState.NOT_SENT:\n"
                "        raise refusal\n",
                "    if standing is None:\n        raise refusal\n",
            ),
            Edit(
                "making.py",
                "        refusal = _judge(hub, proposal, recent, window).refusal\n",
                "        refusal = None\n",
            ),
        ),
        scenarios=("athena collect", "athena record"),
        crowds=("athena",),
    ),
    Mutant(
        name="settled",
        guard="what has settled is not voided",
        without="it is, where the vendor takes it",
        edits=(
            Edit(
                _ATHENA,
                "        if window(cut_off, order.now_ms, margin_seconds) is Window.CLOSED:\n",
                "        if window(cut_off, order.now_ms, margin_seconds) is None:\n",
            ),
        ),
        scenarios=("voided after the cut-off",),
    ),
    Mutant(
        name="refunds-under-way",
        guard="refunds under way count as gone",
        without="only those that have succeeded do",
        edits=(
            Edit(
                "vendors/decoda/reading.py",
                "for it in refunds if it.status not in NOTHING_GOES_BACK)",
                "for it in refunds if it.status == SUCCEEDED)",
            ),
        ),
        scenarios=("before another one",),
    ),
)
