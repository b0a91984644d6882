"""What Medfusion's paths may answer: documents in XML, and tokens in its words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.openapi import medfusion_examples as examples
from local.openapi.success import REPLAYED, XML_TYPE, Examples, Success, one
from payhub.domain import errors
from payhub.entrypoints import shapes
from payhub.entrypoints.problems import KINDS, Kind
from payhub.operations.get_oauth_application import get_oauth_application
from payhub.operations.get_processing_status import get_processing_status
from payhub.operations.issue_portal_token import issue_portal_token
from payhub.operations.list_portal_payments import list_portal_payments
from payhub.operations.update_portal_payments import update_portal_payments


def _document(status: int, description: str, shown: Examples, *headers: str) -> Success:
    sometimes = (REPLAYED,) if status == 202 else ()  # noqa: PLR2004
    return Success(
        status=status,
        description=description,
        shapes=(),
        examples=shown,
        headers=headers,
        sometimes=sometimes,
        content_type=XML_TYPE,
    )


SUCCESSES: Mapping[Callable[..., Any], Sequence[Success]] = {
    list_portal_payments: [
        _document(
            200,
            "A Payments document: what the hub holds, in the order in which it became known, as"
            " the vendor gave it but for `PaymentStatus`, which is the present one.",
            one(examples.payments_body),
            "Last-Timestamp",
        ),
        Success(
            status=204,
            description="Nothing new.",
            shapes=(),
            examples={},
            headers=("Last-Timestamp",),
        ),
    ],
    update_portal_payments: [
        _document(
            202,
            "A ProcessingResponse: the message is stored and queued. `Location` tells what becomes"
            " of it.",
            one(examples.accepted_body),
            *("Payment-Id", "ETag", "ProcessingLocation"),
        )
    ],
    get_processing_status: [
        _document(
            200,
            "A ProcessingStatus: the state of the batch and of its message, `PROCESSING`,"
            " `COMPLETED` or `ERROR`, and why it failed.",
            {"completed": examples.completed_body, "failed": examples.failed_body},
            "Payment-Id",
        )
    ],
    issue_portal_token: [
        Success(
            status=200,
            description="A bearer token.",
            shapes=(shapes.PortalToken,),
            examples=one(examples.token_body),
        )
    ],
    get_oauth_application: [
        Success(
            status=200,
            description="What to sign in with.",
            shapes=(shapes.OAuthApplication,),
            examples=one(examples.application_body),
        )
    ],
}

REFUSALS: Mapping[Callable[..., Any], Sequence[Kind]] = {
    list_portal_payments: (),
    update_portal_payments: (KINDS[errors.KeyReused],),
    get_processing_status: (),
    issue_portal_token: (KINDS[errors.BodyTooLarge], KINDS[errors.UnsupportedMedia]),
    get_oauth_application: (KINDS[errors.InvalidRequest], KINDS[errors.NotFound]),
}
"""What each refuses for reasons of its own."""
