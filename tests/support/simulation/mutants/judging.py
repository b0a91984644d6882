"""Guards of what an answer proves: sent or not, refused or unknown, done once or twice."""

from tests.support.simulation.mutants.mutant import Edit, Mutant

_TRANSPORT, _OUTCOMES = "transport.py", "domain/outcomes.py"
_MONEY = ("optum issue by its reference", "optum void with a key", "athena report with a key")

MUTANTS = (
    Mutant(
        name="unanswered-is-unknown",
        guard="a call without an answer is unknown and asked about",
        without="it counts as not sent and is sent again",
        edits=(
            Edit(
                _OUTCOMES,
                "            return _unknown(payment, noted, reason, rules, now_ms)\n",
                "            return _not_sent(\n"
                "                payment, noted, NotSent(reason=reason), rules, now_ms, luck\n"
                "            )\n",
            ),
        ),
        scenarios=_MONEY,
    ),
    Mutant(
        name="died-is-unknown",
        guard="an intent without an outcome is presumed unknown",
        without="it is sent again",
        edits=(
            Edit(
                _OUTCOMES,
                'return _unknown(payment, action, "no outcome was stored in time",',
                "return evolve(payment, now_ms=now_ms, actor=HUB, reason='sent again',"
                " action=replace(action, state=ActionState.QUEUED), due_at_ms=now_ms)\n"
                "    return _unknown(payment, action, 'never',",
            ),
            Edit(
                "inquiries.py",
                "    return inquire(hub, tenant, unknown)\n",
                "    return follow_up(hub, unknown)\n",
            ),
        ),
        scenarios=_MONEY,
    ),
    Mutant(
        name="cut-off-is-not-unsent",
        guard="only a connection that was never made proves that nothing was sent",
        without="a connection that broke off proves it too",
        edits=(
            Edit(
                _TRANSPORT,
                "NEVER_MADE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)",
                "NEVER_MADE = (httpx.TransportError,)",
            ),
        ),
        scenarios=_MONEY,
    ),
    Mutant(
        name="5xx-is-no-refusal",
        guard="a server's error proves nothing",
        without="it is a refusal",
        edits=(
            Edit(
                _TRANSPORT,
                "REFUSED_STATUSES = frozenset({400,",
                "REFUSED_STATUSES = frozenset({500, 502, 503, 504, 400,",
            ),
        ),
        scenarios=_MONEY,
    ),
    Mutant(
        name="5xx-is-not-safe",
        guard="a server's error does not prove that nothing was applied",
        without="the call is sent again",
        edits=(
            Edit(
                _TRANSPORT,
                "SAFE_STATUSES = frozenset({401,",
                "SAFE_STATUSES = frozenset({500, 502, 503, 504, 401,",
            ),
        ),
        scenarios=_MONEY,
    ),
    Mutant(
        name="unreadable-is-unknown",
        guard="a success that cannot be read proves nothing",
        without="it is a refusal",
        edits=(
            Edit(
                _TRANSPORT,
                'return Unanswered(reason=f"vendor answered {sent.status} but unreadably',
                'return VendorRefused(message=f"vendor answered {sent.status} but unreadably',
            ),
        ),
        scenarios=_MONEY,
    ),
    Mutant(
        name="refused-recognised-repeat",
        guard="a refusal of a repeat that the vendor should recognise goes to a person",
        without="it ends refused",
        edits=(
            Edit(
                _OUTCOMES,
                "    if earlier_unknown and rules.contract.lookup is Lookup.REPEAT and silent:\n",
                "    if earlier_unknown and rules.contract.lookup is None and silent:\n",
            ),
        ),
        scenarios=("whose repeat is refused",),
        crowds=("athena",),
    ),
    Mutant(
        name="unsent-repeat",
        guard="a repeat that did not get there tells nothing of the first call",
        without="the action counts as not sent",
        edits=(
            Edit(
                _OUTCOMES,
                "    if rules.contract.lookup is Lookup.REPEAT and _was_unknown(action):\n",
                "    if rules.contract.lookup is None and _was_unknown(action):\n",
            ),
        ),
        crowds=("athena",),
    ),
    Mutant(
        name="cannot-be-known",
        guard="what nobody can know is left to a person",
        without="it is sent again",
        edits=(
            Edit(
                _OUTCOMES,
                '        return ActionState.NEEDS_REVIEW, "the vendor offers no way to know"\n',
                '        return ActionState.QUEUED, "sent again"\n',
            ),
        ),
        scenarios=("athena record", "athena adjust"),
        crowds=("athena",),
    ),
)
