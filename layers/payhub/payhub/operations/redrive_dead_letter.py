"""Redrive a dead letter: through the table, so that what is finished stays finished."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from payhub import attempts
from payhub.command import Command, From, LetterId, Place
from payhub.domain.errors import NotFound
from payhub.domain.records import DeadLetter, InboxState
from payhub.domain.steps import redrive
from payhub.domain.tenant import Caller
from payhub.ports import Hub

REASON = "redriven by an operator"


class RedriveDeadLetter(Command):
    """POST /dead-letters/{deadLetterId}/redrive."""

    letter_id: Annotated[
        LetterId,
        Field(description="The dead letter's id, from the list."),
        From(Place.PATH, "deadLetterId"),
    ]


def redrive_dead_letter(hub: Hub, caller: Caller, command: RedriveDeadLetter) -> DeadLetter:
    """Queue the subject of the letter again; one that has ended meanwhile stays ended."""
    tenant = caller.tenant.tenant
    letter = hub.dead_letters.load(tenant, command.letter_id)
    if letter is None:
        raise NotFound(f"There is no dead letter {command.letter_id}.")
    if letter.kind == "payment":
        _redrive_payment(hub, caller, letter)
    elif letter.kind == "event":
        _redrive_event(hub, letter)
    now_ms = hub.clock.now_ms()
    hub.dead_letters.mark_redriven(letter, caller.actor, now_ms)
    return replace(letter, redriven_at_ms=now_ms, redriven_by=caller.actor)


def _redrive_payment(hub: Hub, caller: Caller, letter: DeadLetter) -> None:
    payment = hub.payments.load(letter.tenant, letter.subject_id)
    if payment is None:
        return
    now_ms = hub.clock.now_ms()
    driven = hub.payments.change(
        payment, lambda latest: redrive(latest, caller.actor, REASON, now_ms)
    )
    attempts.remind(hub, driven)


def _redrive_event(hub: Hub, letter: DeadLetter) -> None:
    record = hub.inbox.load(letter.tenant, letter.vendor, letter.subject_id)
    if record is None or record.state is InboxState.APPLIED:
        return
    hub.inbox.revive(replace(record, state=InboxState.RECEIVED, received_at_ms=hub.clock.now_ms()))
    hub.queue.event_due(letter.tenant, letter.vendor, letter.subject_id, 0)
