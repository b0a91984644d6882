"""Tell how far a message has come that reports portal payments."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from payhub import portal
from payhub.command import Command, From, Place
from payhub.domain.errors import NotFound
from payhub.domain.payment import Payment
from payhub.domain.portal import MessageView
from payhub.domain.tenant import Caller
from payhub.messages import view_of
from payhub.portal import PracticeId
from payhub.ports import Hub
from payhub.references import payment_under

OPERATION = "update_portal_payments"


def _plain(text: str) -> str:
    """32 hex characters, with or without the dashes of a UUID."""
    return UUID(text).hex


class GetProcessingStatus(Command):
    """GET /v1/practice/{practiceId}/processingStatus/{messageId}."""

    practice_id: PracticeId
    message_id: Annotated[
        Annotated[
            str,
            StringConstraints(pattern=r"^[0-9A-Fa-f-]{32,36}$"),
            AfterValidator(_plain),
        ],
        Field(description="The MessageId or DataJobId that was given, or the id in `Location`."),
        From(Place.PATH, "messageId"),
    ]


def get_processing_status(hub: Hub, caller: Caller, command: GetProcessingStatus) -> MessageView:
    """The message's state as the hub knows it, with why it failed. Raises NotFound."""
    portal.check_practice(caller, command.practice_id)
    tenant = caller.tenant.tenant
    message = hub.payments.load(tenant, command.message_id)
    if message is None:
        message = payment_under(hub, tenant, portal.VENDOR, f"job/{command.message_id}")
    if message is None or not _is_of(message, command.practice_id):
        raise NotFound("The practice has no such message.")
    return view_of(hub, message)


def _is_of(message: Payment, practice_id: str) -> bool:
    return message.operation == OPERATION and message.terms["practiceId"] == practice_id
