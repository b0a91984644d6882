"""Guards of what the hub hears and reads: events, reminders, polls, messages."""

from tests.support.simulation.mutants.mutant import Edit, Mutant

_NOTIFICATIONS, _MESSAGES = "notifications.py", "messages.py"

MUTANTS = (
    Mutant(
        name="signature",
        guard="a webhook without the vendor's signature is refused",
        without="whoever knows the path is believed",
        edits=(
            Edit(
                "operations/receive_event.py",
                "    if not events.verify(tenant, headers, body, secret):\n        secret =",
                "    if not events:\n        secret =",
            ),
        ),
        scenarios=("beside a forger",),
    ),
    Mutant(
        name="event-fits",
        guard="an event is believed only as the next step of a payment's first way",
        without="it is believed whatever came before",
        edits=(
            Edit(
                _NOTIFICATIONS,
                "    return first_way and lifecycle.can_reach(str(known), str(event.status))\n",
                "    return first_way or known is not None\n",
            ),
        ),
        scenarios=("optum void on its way",),
        crowds=("optum",),
    ),
    Mutant(
        name="poll-stored-once",
        guard="a polled payment is stored once",
        without="each poll makes it anew",
        edits=(
            Edit(
                "portal.py",
                "    if known is not None:\n        _observe(hub, known, view)\n        return\n",
                "",
            ),
            Edit(
                "store/feed.py",
                "Put(item=payment_item(payment), condition=conditions.NEW),",
                "Put(item=payment_item(payment)),",
            ),
            Edit("store/feed.py", "                *reference_claims(None, payment),\n", ""),
        ),
        scenarios=("medfusion receive",),
    ),
    Mutant(
        name="cursor-last",
        guard="the cursor of a poll moves when its payments are stored",
        without="it moves before",
        edits=(
            Edit(
                "portal.py",
                "        for payment in page.payments:\n"
                "            _take_in(hub, tenant, practice_id, kind, since_ms, payment)\n",
                "        if page.last_ms is not None:\n"
                "            hub.feed.save_cursor(tenant.tenant, feed, page.last_ms)\n"
                "        for payment in page.payments:\n"
                "            _take_in(hub, tenant, practice_id, kind, since_ms, payment)\n",
            ),
        ),
        scenarios=("medfusion receive",),
    ),
    Mutant(
        name="message-told",
        guard="the payments of a message are told how it ended",
        without="they wait for ever",
        edits=(
            Edit(
                _MESSAGES,
                "    if message is None or result is None:\n        return payment\n",
                "    return payment\n",
            ),
            Edit(
                _MESSAGES,
                "        if payment is not None:\n            _tell(",
                "        if payment is message:\n            _tell(",
            ),
        ),
        scenarios=("medfusion send",),
    ),
    Mutant(
        name="parked",
        guard="an event of a payment that is not known yet is parked and tried again",
        without="it is put away",
        edits=(
            Edit(
                _NOTIFICATIONS,
                '        park(hub, record, "no payment has this vendor reference yet")\n',
                '        _keep(hub, record, "no payment has this vendor reference yet")\n',
            ),
        ),
        meetings=("an inquiry with the refund",),
    ),
    Mutant(
        name="stored-before-200",
        guard="a webhook is acknowledged once it is stored",
        without="it is acknowledged whatever happens",
        edits=(
            Edit(
                "operations/receive_event.py",
                "    notifications.take_in(hub, tenant, vendor_name, body)\n",
                "    try:\n        notifications.take_in(hub, tenant, vendor_name, body)\n"
                "    except Exception:\n        return\n",
            ),
        ),
        scenarios=("past the hub",),
    ),
)
