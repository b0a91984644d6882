"""What athenahealth's documented request bodies have in common: field types, card, amounts.

Values come as text (form-encoded) or as JSON; they leave as the text that the vendor takes.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, SecretStr, StringConstraints, WithJsonSchema

from payhub.command import Command, FormBody, From, Place
from payhub.domain.card import Card, is_card_number, is_track
from payhub.domain.errors import FieldError, InvalidRequest
from payhub.domain.money import AmountUnit, MoneyError, format_amount, parse_amount

DATE = "%m/%d/%Y"
CHECK, CASH = "CHECK", "CASH"
CARD_METHODS = frozenset({"VISA", "MASTERCARD", "AMEX", "DISCOVER"})
CLAIMS_MAX = 200

_DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)
_DATE = re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4}", re.ASCII)
_CODE = re.compile(r"[0-9]{3,4}", re.ASCII)


def _number(value: object) -> object:
    if type(value) is int and value >= 0:
        value = str(value)
    if not isinstance(value, str) or _DIGITS.fullmatch(value) is None:
        raise ValueError("must be an id: digits only")
    return value


def _flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    words = {"true": True, "false": False}
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError("must be true or false")
    return words[value.lower()]


def _cents(value: object) -> int:
    try:
        return parse_amount(value, AmountUnit.DECIMAL_DOLLARS).amount_cents
    except MoneyError as error:
        raise ValueError(str(error)) from None


def _day(value: object) -> object:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return datetime.strptime(value, DATE).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        pass
    raise ValueError("must be a date, MM/DD/YYYY")


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


def as_list(value: object) -> list[Any]:
    """A JSON array, as itself or as the text that a form holds."""
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_float=str)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, list) or len(value) > CLAIMS_MAX:
        raise ValueError(f"must be a JSON array of at most {CLAIMS_MAX}")
    return value


def _claim_payments(value: object) -> tuple[tuple[str, int], ...]:
    """[{"123": "10.50"}, ...] as pairs of claim and cents."""
    found: dict[str, int] = {}
    for entry in as_list(value):
        if not isinstance(entry, dict) or len(entry) != 1:
            raise ValueError('must be a JSON array of objects such as {"123": "10.50"}')
        for claim, amount in entry.items():
            number = str(_number(claim))
            if number in found:
                raise ValueError("must name each claim once")
            found[number] = _cents(amount)
    return tuple(found.items())


def _claim_ids(value: object) -> tuple[str, ...]:
    """123,124 or [123, 124], each once."""
    parts: list[object] = (
        as_list(value)
        if not isinstance(value, str) or value.startswith("[")
        else [part.strip() for part in value.split(",")]
    )
    numbers = [str(_number(part)) for part in parts]
    if not numbers or len(set(numbers)) != len(numbers):
        raise ValueError("must name at least one claim, and each once")
    return tuple(numbers)


Number = Annotated[
    str,
    BeforeValidator(_number),
    WithJsonSchema({"type": "integer", "format": "int64", "minimum": 0, "maximum": 10**12 - 1}),
]
"""An id of the vendor: an integer, kept as text."""

Flag = Annotated[bool, BeforeValidator(_flag)]
AmountCents = Annotated[
    int,
    BeforeValidator(_cents),
    WithJsonSchema({"type": "string", "pattern": r"^\d{0,10}(\.\d{1,2})?$", "examples": ["17.07"]}),
]
"""Decimal dollars as text, above zero; cents inside."""

Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "pattern": r"^\d{2}/\d{2}/\d{4}$"}),
]
ClaimPayments = Annotated[
    tuple[tuple[str, int], ...],
    BeforeValidator(_claim_payments),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "object", "additionalProperties": {"type": "string"}},
            "description": 'How much of it pays which claim: [{"123": "10.50"}]. JSON text in a'
            " form.",
        }
    ),
]
ClaimIds = Annotated[
    tuple[str, ...],
    BeforeValidator(_claim_ids),
    WithJsonSchema({"type": "string", "description": "Claim ids, separated by commas."}),
]
Words = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
Last4 = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=r"^[0-9]{4}$")]
Reference = Annotated[
    str, BeforeValidator(_as_text), StringConstraints(pattern=r"^[\x21-\x7e]{1,32}$")
]
Secret = Annotated[SecretStr, BeforeValidator(_as_text)]

FlagText = Annotated[str, StringConstraints(pattern=r"^(?i:true|false)$")]

PracticeId = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,12}$"), From(Place.PATH, "practiceid")
]
PatientId = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,12}$"), From(Place.PATH, "patientid")
]
AppointmentId = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,12}$"), From(Place.PATH, "appointmentid")
]
EpaymentId = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,18}$"), From(Place.PATH, "epaymentid")
]
PatientPaymentId = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,18}$"), From(Place.PATH, "patientpaymentid")
]
VendorCode = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$"), From(Place.PATH, "vendorcode")
]

Terms = dict[str, str | int]


class OfPatient(Command):
    """Something below a patient's path."""

    practice_id: PracticeId
    patient_id: PatientId


class CardBody(FormBody):
    """The fields a card is presented with; none of them is kept."""

    card_fields: ClassVar[frozenset[str]] = frozenset({"accountnumber", "trackdata"})

    accountnumber: Annotated[Secret | None, Field(description="The card number.")] = None
    trackdata: Annotated[
        Secret | None, Field(description="Swipe data with its sentinels, instead of a number.")
    ] = None
    nameoncard: Annotated[Secret | None, Field(description="At most 30 characters.")] = None
    expirationmonthmm: Annotated[Secret | None, Field(description="1 to 12.")] = None
    expirationyearyyyy: Annotated[Secret | None, Field(description="Four digits.")] = None
    billingaddress: Annotated[Secret | None, Field(description="At most 20 characters.")] = None
    billingzip: Secret | None = None
    cardsecuritycode: Annotated[
        Secret | None, Field(description="Three or four digits; needed in ecommerce mode.")
    ] = None
    ecommercemode: Annotated[Flag, Field(description="The card is not present.")] = False

    def card(self) -> Card:
        """The card as it was presented."""
        return Card(
            account_number=self.accountnumber,
            track_data=self.trackdata,
            security_code=self.cardsecuritycode,
            expiration_month=self.expirationmonthmm,
            expiration_year=self.expirationyearyyyy,
            name=self.nameoncard,
            billing_address=self.billingaddress,
            billing_zip=self.billingzip,
            email=getattr(self, "email", None),
        )

    def is_empty(self) -> bool:
        """Whether no card was presented at all."""
        return self.accountnumber is None and self.trackdata is None


class AmountsBody(FormBody):
    """What is paid: a copay, claims, anything else; at least one of them."""

    copayamount: Annotated[
        AmountCents | None, Field(description="For the appointment in `appointmentid`.")
    ] = None
    otheramount: Annotated[AmountCents | None, Field(description="Stays unapplied.")] = None
    claimpayment: ClaimPayments | None = None
    appointmentid: Annotated[Number | None, Field(description="Needed with a copay.")] = None
    todayservice: Annotated[
        Flag | None, Field(description="Apply `otheramount` to today's service.")
    ] = None

    @property
    def other_cents(self) -> int | None:
        """What is neither copay nor claim."""
        return self.otheramount

    @property
    def total_cents(self) -> int:
        """All of it."""
        claims = sum(cents for _, cents in self.claimpayment or ())
        return (self.copayamount or 0) + (self.other_cents or 0) + claims


def required(body: FormBody, *names: str) -> Iterator[FieldError]:
    """The named fields that did not come."""
    for name in names:
        if getattr(body, name) is None:
            yield FieldError(name, "is required")


def check(*found: Iterator[FieldError]) -> None:
    """Raise InvalidRequest naming everything that was found."""
    errors = [error for each in found for error in each]
    if errors:
        raise InvalidRequest("The request is not valid.", errors)


def card_errors(body: CardBody, *, to_store: bool = False) -> Iterator[FieldError]:
    """The documented rules of the card fields; a card must be there."""
    by_track = body.trackdata is not None
    if by_track and body.accountnumber is not None:
        yield FieldError("accountnumber", "must not come together with trackdata")
    if by_track and body.ecommercemode:
        yield FieldError("ecommercemode", "must not come together with trackdata")
    if not by_track:
        names = ("accountnumber", "nameoncard", "expirationmonthmm", "expirationyearyyyy")
        yield from required(body, *names)
    if not by_track or to_store:
        yield from required(body, "billingaddress", "billingzip")
    if body.ecommercemode or (to_store and body.accountnumber is not None):
        yield from required(body, "cardsecuritycode")
    yield from _card_form_errors(body)


def _card_form_errors(body: CardBody) -> Iterator[FieldError]:
    rules = {
        "accountnumber": (is_card_number, "must be a card number: 12 to 19 digits, nothing else"),
        "trackdata": (is_track, "must be swipe data with its sentinels"),
        "nameoncard": (_at_most(30), "must have at most 30 characters"),
        "billingaddress": (_at_most(20), "must have at most 20 characters"),
        "billingzip": (_at_most(10), "must have at most 10 characters"),
        "cardsecuritycode": (_CODE.fullmatch, "must be three or four digits, as text"),
        "expirationmonthmm": (_is_month, "must be a month, 1 to 12"),
        "expirationyearyyyy": (_is_year, "must be a year of four digits"),
    }
    for name, (holds, rule) in rules.items():
        value: SecretStr | None = getattr(body, name)
        if value is not None and not holds(value.get_secret_value()):
            yield FieldError(name, rule)


def _at_most(chars: int) -> Any:
    return lambda text: len(text) <= chars and text.isprintable()


def _is_month(text: str) -> bool:
    return re.fullmatch("0?[1-9]|1[0-2]", text, re.ASCII) is not None


def _is_year(text: str) -> bool:
    return re.fullmatch("20[0-9]{2}", text, re.ASCII) is not None


def amount_errors(body: AmountsBody) -> Iterator[FieldError]:
    """At least one amount, and the appointment of a copay."""
    if body.total_cents <= 0:
        yield FieldError("otheramount", "send copayamount, otheramount or claimpayment")
    if body.copayamount is not None:
        yield from required(body, "appointmentid")


def method_errors(body: Any, *, terminal: bool) -> Iterator[FieldError]:
    """What goes with a payment method: a check's number, a card's last four digits."""
    if body.paymentmethod == CHECK:
        yield from required(body, "checknumber")
    if body.paymentmethod in CARD_METHODS:
        yield from required(body, "cardnumberlast4")
        if terminal:
            yield from required(body, "vendorterminalid")


def amount_terms(body: AmountsBody) -> dict[str, str | None]:
    """The amounts as the vendor takes them."""
    return {
        "copayamount": dollars(body.copayamount),
        "otheramount": dollars(body.other_cents),
        "claimpayment": claims_text(body.claimpayment),
        "appointmentid": body.appointmentid,
        "todayservice": flag_text(body.todayservice),
    }


def terms_of(**values: str | None) -> Terms:
    """Everything that has a value."""
    return {name: value for name, value in values.items() if value is not None}


def face_terms(card: Card) -> Terms:
    """What is kept of a card."""
    face = card.face
    return terms_of(cardbrand=face.brand or None, cardlast4=face.last4 or None)


def dollars(cents: int | None) -> str | None:
    """An amount as decimal dollars."""
    return None if cents is None else str(format_amount(cents, AmountUnit.DECIMAL_DOLLARS))


def claims_text(claims: tuple[tuple[str, int], ...] | None) -> str | None:
    """Claim payments as the JSON text that the vendor takes."""
    if claims is None:
        return None
    return json.dumps([{claim: dollars(cents)} for claim, cents in claims], separators=(",", ":"))


def flag_text(flag: bool | None) -> str | None:
    """A flag as text."""
    return None if flag is None else str(flag).lower()


def day_text(day: date | None) -> str | None:
    """A day as the vendor writes it."""
    return None if day is None else day.strftime(DATE)


def fold(values: Mapping[str, object]) -> str:
    """Values as one text that is equal for equal values."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"))
