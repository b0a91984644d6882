"""Decoda's documented request bodies: charges, payins and plans, passed on as they came.

Instants and days stay the text that was sent, once it is known to be one.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    WithJsonSchema,
)

from payhub.command import Body
from payhub.domain.errors import NotFound
from payhub.domain.identity import digest
from payhub.domain.money import MAX_CENTS
from payhub.domain.plan import INSTALLMENTS_MAX, Frequency
from payhub.domain.tenant import Tenant

VENDOR = "decoda"
CHARGES_MAX = 50


def check_tenant(tenant: Tenant) -> None:
    """Raise NotFound for a tenant that is not set up at Decoda."""
    if VENDOR not in tenant.vendors:
        raise NotFound("This tenant has no account at Decoda.")


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be an ISO-8601 instant, such as 2023-11-07T05:31:56Z") from None
    return text


def _day(text: str) -> str:
    """Weeks such as 2023-W47-1 are ISO-8601 too, but no date to the vendor."""
    try:
        is_day = date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_day = False
    if not is_day:
        raise ValueError("must be an ISO-8601 date, such as 2023-12-25")
    return text


Id = Annotated[
    StrictStr,
    StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
Words = Annotated[StrictStr, StringConstraints(max_length=4000)]
Moment = Annotated[
    StrictStr,
    StringConstraints(max_length=40),
    AfterValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = Annotated[
    StrictStr,
    StringConstraints(max_length=10, min_length=10),
    AfterValidator(_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Cents = Annotated[StrictInt, Field(ge=0, le=MAX_CENTS)]
Number = StrictInt | StrictFloat
Meta = dict[str, Any]


class ChargeStatus(StrEnum):
    """Where a charge stands."""

    OUTSTANDING = "OUTSTANDING"
    PAID = "PAID"
    EXTERNAL_SETTLEMENT = "EXTERNAL_SETTLEMENT"
    VOID = "VOID"
    WRITE_OFF = "WRITE_OFF"
    REFUNDED = "REFUNDED"
    CHARGEBACK = "CHARGEBACK"
    PAYMENT_PLAN = "PAYMENT_PLAN"
    COLLECTIONS = "COLLECTIONS"


class UserType(StrEnum):
    """What a user of the vendor is."""

    PROVIDER = "PROVIDER"
    PATIENT = "PATIENT"
    ASSISTANT = "ASSISTANT"


class PaymentMedium(StrEnum):
    """How a payment is made."""

    POS = "POS"
    VIRTUAL_TERMINAL = "VIRTUAL_TERMINAL"
    PAYMENT_LINK = "PAYMENT_LINK"
    PAYMENT_PLAN = "PAYMENT_PLAN"
    SUBSCRIPTION = "SUBSCRIPTION"
    SAVED_PAYMENT_METHOD = "SAVED_PAYMENT_METHOD"
    MEMBERSHIP = "MEMBERSHIP"
    CASH = "CASH"
    CHECK = "CHECK"
    CARE_CREDIT = "CARE_CREDIT"
    PATIENT_CREDIT = "PATIENT_CREDIT"
    EMBEDDED_TERMINAL = "EMBEDDED_TERMINAL"


class PatientTag(Body):
    """A tag of a patient."""

    id: Id | None = None
    name: Words | None = None
    is_active: StrictBool | None = None
    created_date: Moment | None = None
    emoji: Words | None = None
    color: Words | None = None
    updated_date: Moment | None = None


class Patient(Body):
    """The vendor's PatientSummary."""

    id: Id
    type: UserType
    created_date: Moment
    first_name: Words | None = None
    last_name: Words | None = None
    phone_number: Words | None = None
    email: Words | None = None
    location_id: Id | None = None
    external_id: Id | None = None
    address: Words | None = None
    address_line_two: Words | None = None
    city: Words | None = None
    state: Words | None = None
    zip_code: Words | None = None
    country: Words | None = None
    address_valid: StrictBool | None = None
    meta: Meta | None = None
    is_archived: StrictBool | None = None
    primary_location_id: Id | None = None
    gender: Words | None = None
    date_of_birth: Day | None = None
    patient_medications: list[Words] | None = None
    on_scheduling_blacklist: StrictBool | None = None
    surcharge_disabled: StrictBool | None = None
    tags: list[PatientTag] | None = None
    credit_balance: StrictInt | None = None
    preferred_provider_id: Id | None = None
    pronouns: Words | None = None
    preferred_name: Words | None = None
    patient_source: Words | None = None
    lead_source: Words | None = None
    dosespot_patient_id: Words | None = None


class ChargeItem(Body):
    """An item of a charge."""

    quantity: Number
    price: StrictInt
    id: Id | None = None
    item_id: Id | None = None
    charge_id: Id | None = None
    name: Words | None = None
    description: Words | None = None
    discount_amount: StrictInt | None = None
    discount_percentage: Number | None = None
    discount_reason: Words | None = None
    sold_package_id: Id | None = None
    banked_quantity: Number | None = None
    banked_item_id: Id | None = None
    issued_discount_id: Id | None = None
    sold_by_provider_id: Id | None = None
    tax_amount: StrictInt | None = None
    pricing_id: Id | None = None
    shipment_ids: list[Id] | None = None


class Tip(Body):
    """A tip of a charge."""

    charge_id: Id
    amount: StrictInt
    provider_id: Id
    id: Id | None = None
    provider: Meta | None = None


class ChargeSummary(Body):
    """A charge, as the vendor documents it; amounts in cents."""

    patient_id: Annotated[Id, Field(description="Whose charge it is.")]
    total_outstanding: Annotated[Cents, Field(description="What is yet to be paid, in cents.")]
    id: Annotated[
        Id | None, Field(description="Names the charge at Decoda; an unknown one makes a new one.")
    ] = None
    patient: Patient | None = None
    total: Cents = 0
    description: Words | None = None
    status: ChargeStatus = ChargeStatus.OUTSTANDING
    discount_amount: StrictInt | None = 0
    discount_percentage: Number | None = 0
    external_id: Annotated[Id | None, Field(description="Goes to Decoda unchanged.")] = None
    external_created_date: Moment | None = None
    rule_set_id: Id | None = None
    created_date: Moment | None = None
    creator_id: Id | None = None
    items: tuple[ChargeItem, ...] = ()
    tips: tuple[Tip, ...] = ()
    location_id: Id | None = None
    event_id: Id | None = None
    member_id: Id | None = None
    comment: Words | None = None
    meta: Annotated[
        Meta | None, Field(description="Goes to Decoda with `payhubPaymentId` added to it.")
    ] = None
    merchant_account_id: Id | None = None


class ChargeDetail(ChargeSummary):
    """A charge with its payments and adjustments."""

    payments: tuple[Meta, ...] = ()
    adjustments: tuple[Meta, ...] = ()


class PlanTerms(Body):
    """The vendor's PaymentPlanCreateWithoutID."""

    initial_amount: Annotated[Cents, Field(description="Paid when the payer confirms; may be 0.")]
    charge_ids: Annotated[
        list[Id], Field(min_length=1, max_length=CHARGES_MAX, description="Charges it pays.")
    ]
    frequency: Frequency
    installments: Annotated[StrictInt, Field(ge=1, le=INSTALLMENTS_MAX)]
    installment_amount: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=MAX_CENTS,
            description="The last installment takes the remainder, at most one cent less than"
            " there are installments.",
        ),
    ]
    location_id: Id | None = None
    start_date: Annotated[
        Day | None, Field(description="Day of the first installment; only with initialAmount 0.")
    ] = None


class PayinBody(Body):
    """The vendor's PayinConfigCreate for a payment plan."""

    payment_medium: PaymentMedium
    charges: Annotated[list[ChargeSummary], Field(min_length=1, max_length=CHARGES_MAX)]
    payment_plan: PlanTerms
    payment_amount: Cents | None = None
    save_payment_method: StrictBool = False
    text_receipt: StrictBool = False
    is_surcharged: StrictBool = False
    location_id: Id | None = None
    creator_id: Id | None = None
    membership_id: Id | None = None
    membership_start_date: Moment | None = None
    sold_by_provider_id: Id | None = None
    merchant_account_id: Id | None = None
    cart_id: Id | None = None


def as_sent(body: Body) -> dict[str, Any]:
    """The body's fields by the vendor's names, those that came and no others."""
    return body.model_dump(mode="json", by_alias=True, exclude_unset=True)


def charge_terms(patient_id: str, charge_ids: Sequence[str]) -> Mapping[str, str | int]:
    """How a payment remembers whose charges it is for."""
    return {"patientId": patient_id, "chargeIds": json.dumps(list(charge_ids))}


def body_digest(sent: object) -> str:
    """Equal for equal content; what is in it is not to be found again."""
    return digest(json.dumps(sent, sort_keys=True, separators=(",", ":")))[:32]


def reference_of(charges: Sequence[ChargeSummary]) -> str | None:
    """The caller's reference: the first of the charges that has one."""
    return next((charge.external_id for charge in charges if charge.external_id), None)
