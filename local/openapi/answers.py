"""What each handler may answer: its successes by renderer, its refusals by operation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.openapi import athena, decoda, examples, medfusion
from local.openapi.success import PAYMENT_HEADERS, REPLAYED, Success, one
from payhub.domain import errors
from payhub.entrypoints import problems, shapes
from payhub.entrypoints import representations as render
from payhub.entrypoints.http import OPERATOR, Declaration
from payhub.entrypoints.problems import KINDS, Kind
from payhub.operations.get_payment import get_payment
from payhub.operations.get_payment_details import get_payment_details
from payhub.operations.issue_payment import issue_payment
from payhub.operations.issue_token import issue_token
from payhub.operations.list_dead_letters import list_dead_letters
from payhub.operations.list_payments import list_payments
from payhub.operations.receive_event import receive_event
from payhub.operations.redrive_dead_letter import redrive_dead_letter
from payhub.operations.reissue_payment import reissue_payment
from payhub.operations.release_payment import release_payment
from payhub.operations.resolve_payment import resolve_payment
from payhub.operations.void_payment import void_payment

_ACCEPTED = Success(
    status=202,
    description="Accepted, the outcome is not known yet: the hub sends it again or finds out by"
    " itself. Watch the payment at `Location`; a repeat with the same key sends nothing twice.",
    shapes=(shapes.Payment,),
    examples=one(examples.unknown_body),
    headers=PAYMENT_HEADERS,
    sometimes=(REPLAYED,),
)
_ISSUED = Success(
    status=201,
    description="The vendor has taken the payment; on an account with hold it waits for a release.",
    shapes=(shapes.Payment,),
    examples=one(examples.issued_body),
    headers=PAYMENT_HEADERS,
    sometimes=(REPLAYED,),
)
_DONE = Success(
    status=200,
    description="The vendor has done it.",
    shapes=(shapes.Payment,),
    examples=one(examples.voided_body),
    headers=PAYMENT_HEADERS,
    sometimes=(REPLAYED,),
)

OF_RENDERER: Mapping[Callable[..., Any], Sequence[Success]] = {
    render.payment_answer: [
        Success(
            status=200,
            description="The payment as it stands.",
            shapes=(shapes.Payment,),
            examples=one(examples.issued_body),
            headers=PAYMENT_HEADERS,
        )
    ],
    render.details_answer: [
        Success(
            status=200,
            description="The payment with everything that happened to it.",
            shapes=(shapes.PaymentDetails,),
            examples=one(examples.details_body),
            headers=PAYMENT_HEADERS,
        )
    ],
    render.page_answer: [
        Success(
            status=200,
            description="A page of payments, newest first.",
            shapes=(shapes.PaymentPage,),
            examples=one(examples.page_body),
        )
    ],
    render.letters_answer: [
        Success(
            status=200,
            description="A page of dead letters, newest first.",
            shapes=(shapes.DeadLetterPage,),
            examples=one(examples.letters_body),
        )
    ],
    render.letter_answer: [
        Success(
            status=202,
            description="Queued again; what has ended meanwhile stays ended.",
            shapes=(shapes.DeadLetter,),
            examples=one(examples.redriven_body),
        )
    ],
}

OF_OPERATION: Mapping[Callable[..., Any], Sequence[Success]] = {
    issue_payment: [_ISSUED, _ACCEPTED],
    release_payment: [_DONE, _ACCEPTED],
    void_payment: [_DONE, _ACCEPTED],
    reissue_payment: [_DONE, _ACCEPTED],
    issue_token: [
        Success(
            status=200,
            description="A bearer token.",
            shapes=(shapes.Token,),
            examples=one(examples.token_body),
        )
    ],
    receive_event: [
        Success(
            status=200,
            description="The event is stored and queued.",
            shapes=(shapes.Received,),
            examples=one(lambda: {"received": True}),
        )
    ],
    **athena.SUCCESSES,
    **decoda.SUCCESSES,
    **medfusion.SUCCESSES,
}

_ASKED = (
    KINDS[errors.ActionOpen],
    problems.RUNNING,
    KINDS[errors.NotAllowed],
    problems.NOT_ALLOWED_BY_VENDOR,
    KINDS[errors.RevisionNeeded],
    KINDS[errors.RevisionMismatch],
    KINDS[errors.KeyReused],
    problems.NOT_CAPTURED,
    problems.NOT_SENT,
)

REFUSALS: Mapping[Callable[..., Any], Sequence[Kind]] = {
    issue_payment: (
        problems.RUNNING,
        KINDS[errors.KeyReused],
        problems.DECLINED,
        problems.NOT_CAPTURED,
        problems.NOT_SENT,
    ),
    release_payment: _ASKED,
    void_payment: _ASKED,
    reissue_payment: _ASKED,
    resolve_payment: (KINDS[errors.NotAllowed], KINDS[errors.ClaimTaken]),
    redrive_dead_letter: (),
    get_payment: (),
    get_payment_details: (),
    list_payments: (),
    list_dead_letters: (),
    issue_token: (KINDS[errors.BodyTooLarge], KINDS[errors.UnsupportedMedia]),
    receive_event: (KINDS[errors.BadSignature], KINDS[errors.BodyTooLarge]),
    **athena.REFUSALS,
    **decoda.REFUSALS,
    **medfusion.REFUSALS,
}
"""What an operation refuses for reasons of its own."""


def successes(declaration: Declaration) -> Sequence[Success]:
    """How the handler says yes. Raises LookupError for one that this table does not know."""
    if declaration.operation in OF_OPERATION:
        return OF_OPERATION[declaration.operation]
    if declaration.render is not None and declaration.render in OF_RENDERER:
        return OF_RENDERER[declaration.render]
    raise LookupError(f"local/openapi/answers.py does not know {declaration.operation.__name__}")


def refusals(declaration: Declaration, *, has_path: bool, has_body: bool) -> list[Kind]:
    """Every kind of problem the handler may answer with."""
    found = [*REFUSALS[declaration.operation], problems.UNEXPECTED, problems.UNAVAILABLE]
    if declaration.role is not None:
        found += [KINDS[errors.InvalidRequest], KINDS[errors.WrongTenant]]
        if declaration.role is OPERATOR:
            found.append(KINDS[errors.RoleNeeded])
        if has_path:
            found.append(KINDS[errors.NotFound])
        if has_body:
            found += [KINDS[errors.BodyTooLarge], KINDS[errors.UnsupportedMedia]]
    return sorted(dict.fromkeys(found), key=lambda kind: kind.status)
