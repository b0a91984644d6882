"""What must be true of the issuer's books and the hub's once everything has ended."""

from collections.abc import Iterator, Mapping, Sequence

from local.sandbox.truth_book import Movement
from payhub.domain.payment import Payment
from tests.support.optum_world import HOLD_ACCOUNT

NOTHING_OUT = ("Voided", "Held", "Failed", None)
VERBS = ("issue", "release", "void", "reissue")


def wrong_books(
    payments: Sequence[Payment],
    movements: Sequence[Movement],
    voided_there: Sequence[str] = (),
) -> Iterator[str]:
    """What the truth book and the hub do not agree about, payment by payment.

    `voided_there` are the references of payments that somebody voided past the hub.
    """
    for payment in payments:
        own = [row for row in movements if row.reference == payment.vendor_reference]
        there = {"void": list(voided_there).count(str(payment.vendor_reference))}
        yield from (
            f"{payment.payment_id[:6]}: {line}" for line in _wrong_with(payment, own, there)
        )
    known = {payment.vendor_reference for payment in payments}
    for movement in movements:
        if movement.reference not in known:
            yield f"{movement.reference}: moved, unknown to the hub"


def _wrong_with(
    payment: Payment, rows: Sequence[Movement], there: Mapping[str, int]
) -> Iterator[str]:
    for verb in VERBS:
        moved = sum(row.operation == f"{verb}_payment" for row in rows) - there.get(verb, 0)
        done = sum(a.verb == verb and a.state.value == "done" for a in payment.actions)
        held = verb == "issue" and payment.terms["accountShortCode"] == HOLD_ACCOUNT
        if moved != (0 if held else done):
            yield f"{verb} moved {moved} times, done {done} times"
    out = sum(r.amount_cents if r.direction == "out" else -r.amount_cents for r in rows)
    if out not in (0, payment.amount_cents):
        yield f"{out} cents are out"
    if (payment.vendor_status in NOTHING_OUT) != (out == 0):
        yield f"{payment.vendor_status} with {out} cents out"
