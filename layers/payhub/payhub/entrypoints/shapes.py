"""The JSON that the API answers with, as types: representations are checked against these.

Field descriptions and examples go into the OpenAPI document as they stand here. Only type checkers,
tests and the document's generator import this module.
"""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from payhub.domain.contract import Acknowledged, Lookup, Resend
from payhub.domain.money import AmountUnit
from payhub.domain.payment import ActionState
from payhub.domain.plan import Frequency, InstallmentState

PaymentId = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{32}$",
        description="The hub's id of the payment.",
        examples=["48dc532ac1f63a9616b719de0a6a19a5"],
    ),
]
Instant = Annotated[
    str,
    Field(
        json_schema_extra={"format": "date-time"},
        description="UTC, with milliseconds.",
        examples=["2026-11-21T14:03:07.512Z"],
    ),
]
Cents = Annotated[
    int, Field(ge=0, json_schema_extra={"format": "int64"}, description="In cents, always exact.")
]


class OpenAction(TypedDict):
    """What the hub is doing with the payment just now."""

    verb: Annotated[
        str,
        Field(
            description="issue, release, void or reissue; at athenahealth collect, store_card,"
            " start_plan, record, report, adjust, void or refund; at Decoda settle, set_up, refund"
            " or cancel.",
            examples=["issue"],
        ),
    ]
    state: Annotated[
        ActionState,
        Field(description="`unknown`: the vendor did not answer, the hub is finding out."),
    ]
    attempt: Annotated[
        int, Field(ge=0, description="Number of the latest call to the vendor; 0 before the first.")
    ]


class Payment(TypedDict):
    """A payment: the issuer's documented object with the hub's fields beside it."""

    paymentId: PaymentId
    tenantId: Annotated[str, Field(description="The tenant that the key belongs to.")]
    issuerReferenceId: Annotated[
        str, Field(description="The caller's reference; the payment's id where none was sent.")
    ]
    amount: Annotated[
        int | str | None,
        Field(
            description="In the tenant's unit: an integer, or text with two decimals where the"
            " unit is `decimal_dollars`. Null where whole dollars cannot express it;"
            " `amountCents` always can.",
            examples=[12500],
        ),
    ]
    status: Annotated[
        str,
        Field(
            description="The vendor's word once it has answered (`Created`, `Held`, `Loading`,"
            " `Sent`, `Completed`, `Voided`, `Reissuing`, `Failed` and those between; at"
            " athenahealth, which has none, the hub's: `Collected`, `Settled`, `Voided`,"
            " `Recorded`, `Refunded` and others; at Decoda `SUCCEEDED`, `FAILED` and the like, of"
            " a plan `awaiting_payer`, `active` and the like). Before that `pending`, `unknown`,"
            " `needs_review`, `declined`, `not_sent` or `not_captured`.",
            examples=["Created"],
        ),
    ]
    version: Annotated[int, Field(description="The version of the API.", examples=[1])]
    amountCents: Cents
    amountUnit: AmountUnit
    currency: Annotated[str, Field(description="ISO 4217.", examples=["USD"])]
    vendor: Annotated[str, Field(description="Who carries the payment out.", examples=["optum"])]
    operation: Annotated[
        str, Field(description="The operation that made the payment.", examples=["issue_payment"])
    ]
    vendorReference: Annotated[
        str | None, Field(description="The vendor's id of the payment, once it is known.")
    ]
    action: Annotated[
        OpenAction | None, Field(description="What is under way; null when nothing is.")
    ]
    revision: Annotated[
        int, Field(ge=0, description="Grows with every change; the ETag is this number in quotes.")
    ]
    createdAt: Instant
    updatedAt: Instant


class RetryAdvice(TypedDict):
    """Whether the latest request may be repeated."""

    safe: bool
    why: Annotated[str, Field(examples=["it is done; the same key gives the same answer"])]


class Attempt(TypedDict):
    """One call to the vendor: stored before the call, completed after it."""

    attempt: Annotated[int, Field(ge=1)]
    intentAt: Annotated[Instant, Field(description="When the intent was stored.")]
    endedAt: Annotated[Instant | None, Field(description="When its outcome was stored.")]
    outcome: Annotated[str | None, Field(description="What became of it; null while nobody knows.")]
    detail: Annotated[str | None, Field(description="Why, in words.")]
    vendorReference: Annotated[str | None, Field(description="The id the vendor answered with.")]


class Action(TypedDict):
    """One thing asked of the vendor, with all its calls."""

    verb: Annotated[str, Field(examples=["void"])]
    number: Annotated[int, Field(ge=1)]
    state: ActionState
    actor: Annotated[str, Field(description="Who asked: role and the start of the key's digest.")]
    reason: Annotated[str | None, Field(description="The reason the caller gave.")]
    openedAt: Instant
    watchedUntil: Annotated[
        Instant | None,
        Field(description="Until when the vendor is asked about a second copy."),
    ]
    attempts: list[Attempt]


Transition = TypedDict(
    "Transition",
    {
        "at": Instant,
        "subject": Annotated[
            str, Field(description="`status`, or the verb of the action that changed.")
        ],
        "from": str | None,
        "to": str,
        "reason": str,
        "actor": Annotated[str, Field(description="A key's actor, or the hub itself.")],
        "attempt": int | None,
    },
)
"""One line of the audit trail; written once, never changed."""


class Contract(TypedDict):
    """What the vendor promises for the latest action; how retries are decided."""

    vendor: str
    operation: str
    verb: str
    acknowledged: Annotated[
        Acknowledged, Field(description="How the vendor says that it carried an action out.")
    ]
    lookup: Annotated[Lookup, Field(description="How an unknown outcome is asked about.")]
    resend: Annotated[Resend, Field(description="What follows when it is proven absent.")]
    lateApplyBoundSeconds: Annotated[
        int | None,
        Field(description="How long after a lost answer the call may still apply; null: no bound."),
    ]
    duplicateWindowSeconds: int | None
    cutOff: str | None
    amountUnit: str
    queueable: Annotated[bool, Field(description="Whether the queue may send it again.")]
    carriesCard: Annotated[
        bool, Field(description="Whether it needs a card, which only the caller has.")
    ]


class Refund(TypedDict):
    """Money that went back."""

    refundId: Annotated[str, Field(description="The vendor's id of the refund.")]
    amountCents: Cents
    status: Annotated[str, Field(description="The vendor's word.", examples=["SUCCEEDED"])]
    reason: str | None
    createdAt: Instant


class PaymentDetails(Payment):
    """A payment with everything that happened to it."""

    vendorStatus: Annotated[str | None, Field(description="The vendor's own status word.")]
    vendorMessage: Annotated[
        str | None,
        Field(
            description="What the vendor said beside it, such as why the latest action was refused"
            " or a message failed.",
            examples=["The patient's account is closed."],
        ),
    ]
    availableBalanceCents: Annotated[
        int | None, Field(description="What is left of it at the vendor, as last seen.")
    ]
    nextLookAt: Annotated[
        Instant | None, Field(description="When the hub looks at it again by itself.")
    ]
    retry: RetryAdvice
    actions: list[Action]
    refunds: Annotated[
        list[Refund], Field(description="What went back of it, as the vendor shows it.")
    ]
    history: list[Transition]
    contract: Contract


Cursor = Annotated[
    str | None,
    Field(description="Send it as `cursor` for what follows; null at the end."),
]


class PaymentPage(TypedDict):
    """Some payments, newest first. A filtered page may be short before the end."""

    payments: list[Payment]
    nextCursor: Cursor


class DeadLetter(TypedDict):
    """Something the hub gave up, waiting for an operator."""

    deadLetterId: str
    kind: Annotated[str, Field(description="payment, event or message.", examples=["payment"])]
    subjectId: Annotated[str, Field(description="Id of the payment or event it is about.")]
    vendor: str
    reason: str
    at: Instant
    redrivenAt: Instant | None
    redrivenBy: str | None


class DeadLetterPage(TypedDict):
    """Some dead letters, newest first."""

    deadLetters: list[DeadLetter]
    nextCursor: Cursor


class Token(TypedDict):
    """A bearer token, as RFC 6749 words it."""

    access_token: str
    token_type: Annotated[str, Field(examples=["Bearer"])]
    expires_in: Annotated[int, Field(ge=1, description="Seconds.", examples=[3600])]


class PortalToken(TypedDict):
    """A bearer token in Medfusion's words."""

    tokenType: Annotated[str, Field(examples=["BEARER"])]
    expiresIn: Annotated[int, Field(ge=1, description="Seconds.", examples=[3600])]
    accessToken: str
    refreshToken: Annotated[None, Field(description="There are none: sign in again.")]
    accessTokenSecret: Annotated[None, Field(description="Of OAuth 1; always null.")]


class OAuthApplication(TypedDict):
    """What the holder of an application token signs in with, in Medfusion's words."""

    applicationName: Annotated[str, Field(examples=["Riverside Clinic"])]
    grantTypes: Annotated[list[str], Field(examples=[["password", "client_credentials"]])]
    clientId: str
    clientSecret: str
    oauthVersion: Annotated[str, Field(examples=["O_AUTH_2_0"])]


class TokenError(TypedDict):
    """Why there is no token, as RFC 6749 words it."""

    error: Annotated[str, Field(examples=["invalid_client"])]
    error_description: str


class Received(TypedDict):
    """The event is stored and queued."""

    received: bool


class FieldProblem(TypedDict):
    """One thing wrong with one field."""

    field: Annotated[
        str,
        Field(
            description="The field as the caller knows it.",
            examples=["payment.paymentDetails.amount"],
        ),
    ]
    detail: Annotated[str, Field(examples=["must be greater than zero"])]


class _Problem(TypedDict, total=False):
    type: Annotated[
        str,
        Field(
            json_schema_extra={"format": "uri-reference"},
            description="The kind of problem; `about:blank` where API Gateway answers by itself.",
        ),
    ]
    title: str
    status: int
    retry: Annotated[str, Field(description="What repeating the request would do.")]
    errors: Annotated[list[FieldProblem], Field(description="The fields that were refused.")]
    payment_id: PaymentId
    vendor: str
    vendor_code: str
    vendor_message: str
    correlation_id: Annotated[str, Field(description="Names this request in the hub's log.")]


class Problem(_Problem, total=False):
    """What went wrong (RFC 9457). Members that do not apply are absent."""

    detail: Annotated[str, Field(description="What was wrong with this request, in words.")]


class AthenaProblem(Problem, total=False):
    """A problem with the members in which athenahealth's clients look for an error.

    They are absent where API Gateway answers by itself.
    """

    success: Annotated[str, Field(examples=["false"])]
    error: Annotated[str, Field(description="The vendor's words, else those of `detail`.")]
    errortext: Annotated[str, Field(description="The same.")]


class AthenaFailed(TypedDict):
    """A refusal or an unknown outcome in athenahealth's words; `success` is "false"."""

    success: Annotated[str, Field(examples=["false"])]
    errortext: Annotated[str, Field(description="Why; of an unknown outcome, what not to do.")]
    errormessage: Annotated[str, Field(description="The same, under the other name it has.")]


class AthenaCharged(TypedDict):
    """A card was charged or stored."""

    epaymentid: Annotated[int, Field(json_schema_extra={"format": "int64"})]
    success: Annotated[str, Field(examples=["true"])]


class AthenaPlan(TypedDict):
    """A payment plan was started."""

    paymentplanid: Annotated[int, Field(json_schema_extra={"format": "int64"})]
    epaymentid: NotRequired[
        Annotated[int, Field(description="Of the down payment, if there is one.")]
    ]
    success: Annotated[str, Field(examples=["true"])]


class AthenaRecorded(TypedDict):
    """A payment was posted."""

    paymentbatchid: Annotated[int, Field(json_schema_extra={"format": "int64"})]
    success: Annotated[str, Field(examples=["true"])]


class AthenaVoided(TypedDict):
    """A payment was voided."""

    success: Annotated[str, Field(examples=["true"])]


class AthenaVendorPayment(TypedDict):
    """A payment vendor's payment was recorded."""

    patientpaymentid: Annotated[int, Field(json_schema_extra={"format": "int64"})]
    previouslyrecordedyn: Annotated[
        str, Field(description='"true": it had been recorded before.', examples=["false"])
    ]


class AthenaRefund(TypedDict):
    """A payment vendor's refund was recorded."""

    patientpaymentid: Annotated[
        int, Field(description="Of the refund.", json_schema_extra={"format": "int64"})
    ]
    recordedtime: Annotated[
        str, Field(description="Eastern time.", examples=["11/21/2026 09:15:00"])
    ]


class AthenaCharge(TypedDict):
    """What became of one charge."""

    chargeid: int
    adjustmentamount: NotRequired[str]
    outstandingamount: NotRequired[str]
    error: NotRequired[str]


class AthenaAdjusted(TypedDict):
    """Charges were adjusted, or say why not."""

    patientid: int
    charges: list[AthenaCharge]
    error: NotRequired[Annotated[str, Field(description="Why no charge could be adjusted.")]]


_Id = Annotated[int, Field(json_schema_extra={"format": "int64"})]
_Dollars = Annotated[str, Field(description="Dollars.", examples=["17.07"])]


class AthenaReceipt(TypedDict, total=False):
    """A receipt in a patient's list: of a charge, a void or a stored card."""

    epaymentid: _Id
    amount: _Dollars
    type: Annotated[
        str,
        Field(
            description="PURCHASE, VOID, VOIDPURCHASE, or AUTHORIZATION for a stored card.",
            examples=["PURCHASE"],
        ),
    ]
    cardtypeabbreviation: Annotated[str, Field(description="VI, MC, AX or DS.", examples=["VI"])]
    cardtypename: Annotated[str, Field(examples=["Visa"])]
    cardnumberlast4digits: Annotated[str, Field(examples=["1111"])]
    requestdate: Annotated[
        str, Field(description="Eastern time.", examples=["11/21/2026 09:15:00"])
    ]
    contractid: Annotated[_Id, Field(description="Of a stored card.")]
    epaymentcontractbalance: _Dollars
    epaymentcontractmaxamount: _Dollars


class AthenaClaimPayment(TypedDict, total=False):
    """How much of a payment went to one claim."""

    claimid: _Id
    amount: _Dollars


class AthenaReceiptDetails(AthenaReceipt, total=False):
    """What one receipt says; the vendor may add fields."""

    patientid: _Id
    appointmentid: _Id
    copayamount: _Dollars
    otheramount: _Dollars
    claimpayments: list[AthenaClaimPayment]
    terms: Annotated[
        str | list[str], Field(description="What the patient agreed to, as a page or as texts.")
    ]


class AthenaPrintedReceipt(TypedDict, total=False):
    """A receipt as it is printed; the vendor may add fields."""

    receipt: Annotated[str, Field(description="HTML.")]


class AskedRefund(TypedDict):
    """The refund that was asked for."""

    refundId: Annotated[str | None, Field(description="The vendor's id, once it has answered.")]
    amountCents: Cents
    reason: str
    state: Annotated[ActionState, Field(description="How far it has come.")]


class RefundedPayment(Payment):
    """A payment with the refund that was asked for."""

    refund: AskedRefund


class Installment(TypedDict):
    """One installment of a plan."""

    number: Annotated[int, Field(ge=1)]
    dueOn: Annotated[str, Field(json_schema_extra={"format": "date"})]
    amountCents: Cents
    state: InstallmentState


class PlanPayment(TypedDict):
    """A payment that was taken for a plan; `/payments/{paymentId}` has all of it."""

    paymentId: PaymentId
    vendorReference: str | None
    amountCents: Cents
    refundedCents: Cents
    status: str
    createdAt: Instant


class PaymentPlan(TypedDict):
    """A payment plan with its schedule."""

    planId: PaymentId
    status: Annotated[
        str,
        Field(
            description="`awaiting_payer` until the payer has confirmed, then `active`,"
            " `completed`, `failed` or `cancelled` as the vendor reports it; `expired` when nobody"
            " confirmed in time; `pending`, `unknown`, `declined` and the like before it is set up."
        ),
    ]
    vendor: str
    payinConfigId: str | None
    vendorPlanId: Annotated[str | None, Field(description="Known once it is active.")]
    reference: Annotated[str, Field(description="The first externalId of its charges, or planId.")]
    chargeIds: list[str]
    frequency: Frequency
    currency: str
    totalCents: Cents
    initialCents: Cents
    paidCents: Annotated[int, Field(ge=0, description="Taken and not fallen through, in cents.")]
    refundedCents: Cents
    nextDueOn: Annotated[str | None, Field(json_schema_extra={"format": "date"})]
    overdue: Annotated[
        list[int], Field(description="Installments past their day of which nothing was heard.")
    ]
    source: Annotated[
        str, Field(description="Whose installments these are: `decoda`, or `payhub` before that.")
    ]
    difference: Annotated[
        str | None,
        Field(description="Where the vendor's schedule is not the one that was asked for."),
    ]
    installments: list[Installment]
    payments: list[PlanPayment]
    action: OpenAction | None
    revision: Annotated[int, Field(ge=1)]
    createdAt: Instant
    updatedAt: Instant


class CancelledPlan(TypedDict):
    """What stays so of a payment plan once it is cancelled; the plan itself is at Location."""

    planId: PaymentId
    status: Annotated[str, Field(description="`cancelled`")]
    vendor: str
    payinConfigId: str | None
    reference: Annotated[str, Field(description="The first externalId of its charges, or planId.")]
    chargeIds: list[str]
    cancelledAt: Instant
    revision: Annotated[int, Field(ge=1)]


class PaymentPlanPage(TypedDict):
    """A page of payment plans, newest first."""

    paymentPlans: list[PaymentPlan]
    nextCursor: str | None


DecodaInstant = Annotated[
    str,
    Field(
        json_schema_extra={"format": "date-time"},
        description="As Decoda wrote it.",
        examples=["2026-11-21T14:03:07.512Z"],
    ),
]


class DecodaPayment(TypedDict):
    """Decoda's PaymentSummary."""

    id: Annotated[str, Field(description="Decoda's id of the payment.")]
    amount: Annotated[int, Field(ge=0, description="In cents.")]
    status: Annotated[
        str,
        Field(
            description="Where the payment stands.",
            json_schema_extra={
                "enum": [
                    "CANCELED",
                    "CREATED",
                    "FAILED",
                    "IN_REVIEW",
                    "PRESENTING",
                    "PROCESSING",
                    "SUCCEEDED",
                ]
            },
        ),
    ]
    paymentMedium: Annotated[
        str, Field(description="The name of the medium.", examples=["PATIENT_CREDIT"])
    ]
    createdDate: DecodaInstant
    feeToPatient: Annotated[int, Field(description="What the patient paid for it, in cents.")]
    patientId: str | None
    payinId: str | None
    currency: Annotated[str, Field(examples=["USD"])]
    payinConfigId: str | None
    paymentMethodId: str | None
    stripePaymentIntentId: str | None
    failedReason: Annotated[str | None, Field(description="Why it failed, if it did.")]
    updatedDate: DecodaInstant | None
    fee: Annotated[int, Field(description="What the card processor charged, in cents.")]


class DecodaPaymentMethod(TypedDict, total=False):
    """A payment method that Decoda keeps for the patient: its PaymentMethodSummary."""

    id: str | None
    patientId: str | None
    rainforestPaymentMethodId: str | None
    brand: str | None
    last4: str | None
    expMonth: int | None
    expYear: int | None
    accountHolderType: str | None
    accountNumberLast4: Annotated[
        int | None, Field(description="A number at Decoda, so without leading zeros.")
    ]
    bankName: str | None
    routingNumber: Annotated[None, Field(description="Not shown: always null.")]
    description: str | None
    type: Annotated[str | None, Field(description="CARD, ACH or APPLE_PAY.", examples=["CARD"])]
    isDefault: bool | None
    isArchived: bool | None
    availableMerchantIds: list[str] | None
    createdDate: DecodaInstant | None


class DecodaPayin(TypedDict):
    """Decoda's PayinComponentSetupResponse: what its component needs in the payer's browser.

    No money has moved yet.
    """

    sessionKey: Annotated[str, Field(description="Opens the component, for this payin only.")]
    payinConfigId: Annotated[str, Field(description="Decoda's id of what was prepared.")]
    sandbox: Annotated[bool, Field(description="Whether no real money will move.")]
    paymentMethods: Annotated[
        list[DecodaPaymentMethod | str],
        Field(description="What the patient can choose from; a bare word is only a type."),
    ]


class DecodaMistake(TypedDict):
    """One thing wrong with a request, as Decoda says it."""

    loc: Annotated[
        list[str | int],
        Field(description="The way to the field.", examples=[["body", "charges", 0, "patientId"]]),
    ]
    msg: Annotated[str, Field(examples=["Field required"])]
    type: Annotated[str, Field(examples=["value_error"])]


class DecodaInvalid(_Problem, total=False):
    """A 422 on Decoda's paths: Decoda's HTTPValidationError with the members of a problem."""

    detail: Annotated[list[DecodaMistake], Field(description="Everything that was wrong.")]
