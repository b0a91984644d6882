"""What must be true of every payment of every vendor, whatever has happened."""

import re
from collections.abc import Iterator

from payhub.domain.lifecycle import ACTION_MOVES
from payhub.domain.payment import ActionState, Payment, Transition
from tests.support.sandbox_world import OTHER_ID, TENANT_ID
from tests.support.simulation.simulated import CARRIED, DOCUMENTS, Simulated

HTTP_NOT_FOUND = 404
SHORT = 4


def wrong_in_all(sim: Simulated, log: str) -> Iterator[str]:
    """Histories, secrets, and what another tenant sees."""
    for payment in sim.payments():
        whole = sim.hub.payments.with_history(payment)
        yield from (f"{payment.operation}: {line}" for line in wrong_history(whole))
        yield from _seen_by_another(sim, payment)
    yield from _secrets(sim, log)


def wrong_history(payment: Payment) -> Iterator[str]:
    """The way of every action, refund and status from its beginning to the present, all there."""
    ways: list[tuple[str, str]] = []
    verbs = {action.verb for action in payment.actions}
    for line in payment.history:
        if line.subject in verbs and not _is_legal(line):
            yield f"illegal: {line.before} -> {line.after}"
        if line.before is None:
            ways.append((line.subject, line.after))
        elif (line.subject, line.before) in ways:
            place = len(ways) - 1 - ways[::-1].index((line.subject, line.before))
            ways[place] = (line.subject, line.after)
        else:
            yield f"a line without a beginning: {line.subject} {line.before} -> {line.after}"
    ends = [(action.verb, action.state.value) for action in payment.actions]
    ends += [(f"refund {refund.refund_id}", refund.status) for refund in payment.refunds]
    if sorted(ways) != sorted([*ends, ("status", payment.status)]):
        yield f"the history ends in {ways}"


def _is_legal(line: Transition) -> bool:
    """Whether an action may go from the one state to the other."""
    before = None if line.before is None else ActionState(line.before)
    return line.after in ACTION_MOVES.get(before, {})


def _seen_by_another(sim: Simulated, payment: Payment) -> Iterator[str]:
    if payment.tenant != TENANT_ID or sim.hub.tenants.load(OTHER_ID) is None:
        return
    said = sim.call("get_payment", {"paymentId": payment.payment_id}, tenant=OTHER_ID)
    if said.status != HTTP_NOT_FOUND:
        yield f"another tenant is told {said.status}"


def _secrets(sim: Simulated, log: str) -> Iterator[str]:
    for where, text in _kept(sim, log).items():
        yield from (
            f"{secret!r} in the {where}" for secret in sim.never_stored if stands_in(secret, text)
        )
        strays = (it for it, places in sim.stored_only_in.items() if where not in places)
        yield from (f"{word!r} in the {where}" for word in strays if word in text)


def _kept(sim: Simulated, log: str) -> dict[str, str]:
    """Everything that is kept anywhere, by place: the table's items without their documents too."""
    documents: dict[str, list[str]] = {DOCUMENTS: [], CARRIED: []}
    attributes: list[str] = []
    for (_, sort_key), item in sim.table.items.items():
        place = CARRIED if sort_key.startswith("CARRIED#") else DOCUMENTS
        documents[place].append(repr(item.get("doc")))
        attributes.append(repr({name: value for name, value in item.items() if name != "doc"}))
    return {
        **{place: "".join(texts) for place, texts in documents.items()},
        "table's keys": "".join(attributes),
        "queue": "".join(message.body for message in sim.sqs.messages),
        "log": log,
        "metrics": repr(sim.signals.counts),
    }


def stands_in(secret: str, text: str) -> bool:
    """Whether a text has it; what is as short as a security code only as a word of its own."""
    if len(secret) > SHORT:
        return secret in text
    return re.search(rf"(?<![0-9A-Za-z.-]){secret}(?![0-9A-Za-z.-])", text) is not None
