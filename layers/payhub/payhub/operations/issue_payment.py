"""Issue a payment through the issuer API; the vendor holds it where its account says so."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, JsonValue

from payhub.command import Body, Command, From, IdempotencyKey, Key, Place, Text
from payhub.domain.errors import FieldError, InvalidRequest, KeyReused
from payhub.domain.identity import choose_key, fingerprint_of
from payhub.domain.money import MAX_CENTS, Money, MoneyError, parse_amount
from payhub.domain.payment import Payment
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller, Tenant
from payhub.making import Proposal, make
from payhub.ports import Hub

OPERATION = "issue_payment"
VENDOR = "optum"
VERB = "issue"
AMOUNT_FIELD = "payment.paymentDetails.amount"


class DetailsPart(Body):
    """What is paid; fields beyond the documented ones travel to the vendor unchanged."""

    model_config = ConfigDict(extra="allow")

    amount: Annotated[
        int,
        Field(
            strict=True,
            description="In the unit the tenant declared, cents or whole dollars; above zero.",
            json_schema_extra={"format": "int64", "minimum": 1, "maximum": MAX_CENTS},
        ),
    ]
    issuer_payment_id: Annotated[
        Text | None, Field(description="The caller's id; passed on unchanged.")
    ] = None
    issuer_reference_id: Annotated[
        Text | None,
        Field(
            description="The caller's reference; shown, searchable and passed on unchanged."
            " It is the idempotency key where no other is sent."
        ),
    ] = None


class PaymentPart(Body):
    """The payment with the parts whose inner fields the issuer does not document."""

    model_config = ConfigDict(extra="allow")

    payment_details: DetailsPart
    total_number_of_claims: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0
    payee_details: dict[str, JsonValue] | None = None
    shipping_details: dict[str, JsonValue] | None = None
    claim_level_information: list[JsonValue] | None = None
    provider_level_adjustment: list[JsonValue] | dict[str, JsonValue] | None = None


class IssueBody(Body):
    """The issuer's documented body."""

    client_request_id: Annotated[
        Key | None,
        Field(description="The caller's idempotency key; a different Idempotency-Key is refused."),
    ] = None
    account_short_code: Annotated[
        Text, Field(description="The funding account, one of the tenant's own.")
    ]
    sub_account_short_code: Annotated[Text | None, Field(description="Passed on unchanged.")] = None
    payment: PaymentPart


class IssuePayment(Command):
    """POST /payments."""

    idempotency_key: IdempotencyKey = None
    body: Annotated[IssueBody, From(Place.BODY)]


def issue_payment(hub: Hub, caller: Caller, command: IssuePayment) -> Reply:
    """Create the payment, call the vendor once, and answer what is known; a repeat is a replay.

    Raises InvalidRequest for an amount, account or key that cannot be used and KeyReused for a key
    that came with another body before.
    """
    carried = _carried(command.body)
    source, key = _key(command)
    terms, money = _terms(command.body, caller.tenant), _money(command.body, caller.tenant)
    now_ms = hub.clock.now_ms()

    def build(payment_id: str) -> Payment:
        details = command.body.payment.payment_details
        return Payment(
            tenant=caller.tenant.tenant,
            payment_id=payment_id,
            vendor=VENDOR,
            operation=OPERATION,
            amount_cents=money.amount_cents,
            caller_reference=details.issuer_reference_id or payment_id,
            caller_request_id=command.body.client_request_id,
            fingerprint=fingerprint_of(command.body.model_dump(mode="json", by_alias=True)),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            terms=terms,
            has_carried_body=bool(carried),
        )

    proposal = Proposal(
        operation=OPERATION, verb=VERB, build=build, key=(source, key), carried=carried
    )
    return make(hub, caller, proposal)


def _terms(body: IssueBody, tenant: Tenant) -> dict[str, str | int]:
    terms: dict[str, str | int | None] = {
        "accountShortCode": _account(body, tenant),
        "subAccountShortCode": body.sub_account_short_code,
        "issuerPaymentId": body.payment.payment_details.issuer_payment_id,
        "totalNumberOfClaims": body.payment.total_number_of_claims,
    }
    return {name: value for name, value in terms.items() if value is not None}


def _key(command: IssuePayment) -> tuple[str, str]:
    header, body_id = command.idempotency_key, command.body.client_request_id
    if body_id is not None and header is not None and header != body_id:
        raise KeyReused("Idempotency-Key and clientRequestId differ; send one, or the same twice.")
    return choose_key(
        ("clientRequestId", body_id),
        ("Idempotency-Key", header),
        ("issuerReferenceId", command.body.payment.payment_details.issuer_reference_id),
    )


def _money(body: IssueBody, tenant: Tenant) -> Money:
    try:
        return parse_amount(body.payment.payment_details.amount, tenant.amount_unit)
    except MoneyError as error:
        raise InvalidRequest(
            "The amount cannot be used.", [FieldError(AMOUNT_FIELD, str(error))]
        ) from error


def _account(body: IssueBody, tenant: Tenant) -> str:
    if body.account_short_code not in tenant.accounts:
        known = ", ".join(sorted(tenant.accounts)) or "none"
        raise InvalidRequest(
            "The account is not one of yours.",
            [FieldError("accountShortCode", f"send one of: {known}")],
        )
    return body.account_short_code


def _carried(body: IssueBody) -> dict[str, Any]:
    """Everything of the body that the hub passes on without looking into it."""
    part, details = body.payment, body.payment.payment_details
    dumped = part.model_dump(
        exclude={"payment_details", "total_number_of_claims"}, exclude_none=True, by_alias=True
    )
    extras = details.model_extra or {}
    return ({"payment": dumped} if dumped else {}) | ({"paymentDetails": extras} if extras else {})
