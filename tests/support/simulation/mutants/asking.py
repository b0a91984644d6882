"""Guards of asking: when absence proves something, what is another's, what is sent again."""

from tests.support.simulation.mutants.mutant import Edit, Mutant

_POLICY, _INQUIRIES = "domain/policy.py", "inquiries.py"
_MONEY = ("optum issue by its reference", "optum void with a key", "athena report with a key")

MUTANTS = (
    Mutant(
        name="quarantine",
        guard="absence proves something only after the quarantine",
        without="what is not found at once is sent again",
        edits=(
            Edit(
                _POLICY,
                "        return attempt.intent_at_ms + seconds * SECOND_MS\n\n    def recognised",
                "        return attempt.intent_at_ms + 0 * seconds\n\n    def recognised",
            ),
        ),
        scenarios=_MONEY,
    ),
    Mutant(
        name="ask-first",
        guard="what is unknown is asked about before it is sent again",
        without="it is sent again, as if every vendor recognised a repeat",
        edits=(
            Edit(
                _INQUIRIES,
                "    if rules.contract.lookup is Lookup.REPEAT:\n",
                "    if rules.contract.lookup is not None:\n",
            ),
        ),
        scenarios=_MONEY,
    ),
    Mutant(
        name="recognised-until",
        guard="a repeat is sent only as long as the vendor recognises it",
        without="it is sent however late",
        edits=(
            Edit(
                "attempts.py",
                "    if until_ms is not None and now_ms > until_ms:\n",
                "    if until_ms is not None and now_ms > until_ms + 10**12:\n",
            ),
        ),
        scenarios=("athena report",),
        crowds=("athena",),
    ),
    Mutant(
        name="others-findings",
        guard="what is found and another payment holds is not this one's",
        without="it is",
        edits=(
            Edit(
                _INQUIRIES,
                "    if isinstance(finding, Undecided) or not payment.reference_scope:\n",
                "    if isinstance(finding, Undecided) or payment.vendor:\n",
            ),
        ),
        scenarios=("decoda settle after the same",),
        crowds=("athena",),
    ),
    Mutant(
        name="state-before-resend",
        guard="before a guarded verb is sent again the vendor's state is read",
        without="it is sent at once",
        edits=(
            Edit(
                "attempts.py",
                "    if guard is None:\n        return carry(",
                "    if guard is None or hub:\n        return carry(",
            ),
        ),
        crowds=("optum",),
    ),
    Mutant(
        name="older-word",
        guard="the vendor's word is stored only over what was known before it was asked",
        without="an older word undoes a newer one",
        edits=(
            Edit(
                _INQUIRIES,
                """        if latest.revision != seen.revision:
            raise Overtaken(latest)
        return observe""",
                "        return observe",
            ),
        ),
        meetings=("a refresh",),
        crowds=("optum",),
    ),
    Mutant(
        name="watch",
        guard="after it was sent again, a second one is watched for",
        without="nobody looks any more",
        edits=(
            Edit(
                "domain/outcomes.py",
                "    return now_ms + rules.policy.watch_seconds * 1000\n",
                "    return None\n",
            ),
        ),
        scenarios=("applied beyond its bound",),
    ),
    Mutant(
        name="sweep",
        guard="the sweep finds what a lost reminder was for",
        without="only reminders bring work",
        edits=(
            Edit(
                "operations/sweep.py",
                "    everything = hub.payments.due(now_ms, LIMIT_PER_SHARD)\n",
                "    everything = hub.payments.due(now_ms, LIMIT_PER_SHARD)[:0]\n",
            ),
        ),
        scenarios=_MONEY,
    ),
)
