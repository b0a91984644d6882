"""A vendor's webhook -> proof -> inbox and queue -> 200."""

import re
from typing import TYPE_CHECKING

from payhub import wiring
from payhub.command import TENANT_ID
from payhub.domain.errors import BadSignature, BodyTooLarge
from payhub.entrypoints.http import Answer, Declaration, Handler
from payhub.entrypoints.representations import json_answer
from payhub.entrypoints.requests import HttpRequest
from payhub.operations.receive_event import receive_event

if TYPE_CHECKING:
    from payhub.entrypoints import shapes


EVENT_MAX_BYTES = 128 * 1024
"""Written as JSON text into an item, a body may double: this stays below DynamoDB's 400 KB."""


def webhook(vendor: str) -> Handler:
    """A handler for POST /webhooks/{vendor}/{tenant}."""
    hub = wiring.hub()

    def handle(request: HttpRequest) -> Answer:
        if len(request.body) > EVENT_MAX_BYTES:
            raise BodyTooLarge(f"The body may have at most {EVENT_MAX_BYTES} bytes.")
        tenant = request.path.get("tenant", "")
        if re.fullmatch(TENANT_ID, tenant) is None:
            raise BadSignature("The signature does not match the body.")
        receive_event(hub, vendor, tenant, request.headers, request.body)
        body: shapes.Received = {"received": True}
        return json_answer(200, body)

    return Handler(handle, Declaration(operation=receive_event))
