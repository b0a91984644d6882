"""A vendor's webhook -> proof -> inbox and queue -> 200."""

from payhub import wiring
from payhub.domain.errors import BodyTooLarge
from payhub.entrypoints.http import Answer, Handler, answering
from payhub.entrypoints.representations import json_answer
from payhub.entrypoints.requests import BODY_MAX_BYTES, HttpRequest
from payhub.operations.receive_event import receive_event


def webhook(vendor: str) -> Handler:
    """A handler for POST /webhooks/{vendor}/{tenant}."""
    hub = wiring.hub()

    def handle(request: HttpRequest) -> Answer:
        if len(request.body) > BODY_MAX_BYTES:
            raise BodyTooLarge(f"The body may have at most {BODY_MAX_BYTES} bytes.")
        tenant = request.path.get("tenant", "")
        receive_event(hub, vendor, tenant, request.headers, request.body)
        return json_answer(200, {"received": True})

    return answering(handle)
