"""What Decoda's paths, payment plans and refunds may answer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.openapi import decoda_examples as examples
from local.openapi.success import PAYMENT_HEADERS, REPLAYED, Examples, Success, one
from payhub.domain import errors
from payhub.entrypoints import problems, shapes
from payhub.entrypoints.problems import KINDS, Kind
from payhub.operations.cancel_payment_plan import cancel_payment_plan
from payhub.operations.create_payin_config import create_payin_config
from payhub.operations.get_payment_plan import get_payment_plan
from payhub.operations.list_payment_plans import list_payment_plans
from payhub.operations.refund_payment import refund_payment
from payhub.operations.settle_with_credit import settle_with_credit

_UNKNOWN = (
    "The outcome is not known yet: the hub finds out by itself, or sends again what provably was"
    " not applied. Watch the payment at `Location`, or repeat with the same key; never use a new"
    " one."
)


def _changed(status: int, description: str, shape: type, shown: Examples) -> Success:
    return Success(
        status=status,
        description=description,
        shapes=(shape,),
        examples=shown,
        headers=PAYMENT_HEADERS,
        sometimes=(REPLAYED,),
    )


SUCCESSES: Mapping[Callable[..., Any], Sequence[Success]] = {
    settle_with_credit: [
        _changed(
            200,
            "The credit was taken and the charges were paid with it: Decoda's payment, as it"
            " answered.",
            shapes.DecodaPayment,
            one(examples.settled_body),
        ),
        _changed(202, _UNKNOWN, shapes.Payment, one(examples.unknown_settlement_body)),
    ],
    create_payin_config: [
        _changed(
            200,
            "The plan is prepared, as Decoda answered; open its component with `sessionKey`. No"
            " money has moved, and none will before the payer confirms. `Payment-Id` is the plan's"
            " id at the hub.",
            shapes.DecodaPayin,
            one(examples.payin_body),
        ),
        _changed(
            202,
            _UNKNOWN + " A repeat gets the component's session once there is one.",
            shapes.Payment,
            one(examples.unknown_payin_body),
        ),
    ],
    get_payment_plan: [
        Success(
            status=200,
            description="The plan: what is due when, what is paid, and how it stands.",
            shapes=(shapes.PaymentPlan,),
            examples=one(examples.plan_body),
            headers=PAYMENT_HEADERS,
        )
    ],
    list_payment_plans: [
        Success(
            status=200,
            description="A page of plans, newest first.",
            shapes=(shapes.PaymentPlanPage,),
            examples=one(examples.plan_page_body),
        )
    ],
    cancel_payment_plan: [
        _changed(
            200,
            "Nothing more is taken for the plan, which stands at `Location`.",
            shapes.CancelledPlan,
            one(examples.cancelled_plan_body),
        ),
        _changed(202, _UNKNOWN, shapes.PaymentPlan, one(examples.cancelling_plan_body)),
    ],
    refund_payment: [
        _changed(
            200,
            "Decoda has taken the refund. A card's reaches the patient days later; should it fail"
            " until then, the payment's `refunds` and its balance show it.",
            shapes.RefundedPayment,
            one(examples.refunded_body),
        ),
        _changed(202, _UNKNOWN, shapes.RefundedPayment, one(examples.refunding_body)),
    ],
}

_MADE = (
    KINDS[errors.NotFound],
    KINDS[errors.ActionOpen],
    problems.RUNNING,
    KINDS[errors.KeyReused],
    problems.REFUSED_BY_VENDOR,
    problems.NOT_CAPTURED,
    problems.NOT_SENT,
)
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
    settle_with_credit: _MADE,
    create_payin_config: (*_MADE, KINDS[errors.AlreadyPlanned]),
    get_payment_plan: (),
    list_payment_plans: (),
    cancel_payment_plan: _ASKED,
    refund_payment: _ASKED,
}
"""What each refuses for reasons of its own."""
