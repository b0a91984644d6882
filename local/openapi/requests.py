"""Parameters and bodies, from the commands and their marks."""

from dataclasses import dataclass
from typing import Any, get_args

from local.openapi import examples, medfusion_examples, words
from local.openapi.success import JSON_TYPE, XML_TYPE
from payhub.command import BODIES, Command, Place

Json = dict[str, Any]

FORM_TYPE = "application/x-www-form-urlencoded"

TENANT_PARAMETER: Json = {
    "name": "TENANT",
    "in": "header",
    "description": "The tenant's id or name. Not needed; where sent, it must be the credential's"
    " tenant.",
    "schema": {"type": "string"},
    "example": examples.TENANT_ID,
}

_PARAMETER_EXAMPLES: Json = {
    "paymentId": examples.PAYMENT_ID,
    "deadLetterId": examples.LETTER_ID,
    "Idempotency-Key": "claim-2026-000187",
    "If-Match": '"4"',
    "limit": 25,
    "cursor": examples.CURSOR,
    "ListDeadLetters.cursor": examples.LETTER_ID,
    "status": "Completed",
    "action": "unknown",
    "vendor": "optum",
    "from": examples.INSTANT,
    "to": "2026-11-22T00:00:00-05:00",
    "reference": "EVRYHEALTH001",
    "practiceid": "195900",
    "patientid": "1",
    "appointmentid": "10011",
    "epaymentid": str(examples.EPAYMENT_ID),
    "patientpaymentid": str(examples.PATIENT_PAYMENT_ID),
    "vendorcode": "ACME",
    "departmentid": "1",
    "customerversion": "true",
    "merchantversion": "true",
    "termsasjson": "true",
    "planId": examples.PAYMENT_ID,
    "amount": 2500,
    "ListPaymentPlans.status": "active",
    "ListPaymentPlans.reference": "VISIT-71",
    "ListPaymentPlans.limit": 10,
    "practiceId": medfusion_examples.PRACTICE_ID,
    "messageId": medfusion_examples.MESSAGE_ID,
    "appToken": medfusion_examples.APP_TOKEN,
    "since": medfusion_examples.LAST_TIMESTAMP_MS,
    "max": 50,
    "paymentType": "vcsPayment",
}
"""By name, or by command and name where one name has two meanings."""


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What a command reads from the body; `content_types` in the order they are shown.

    Of a document in XML the model is what the hub reads out of it.

    `many` are the limits of an array whose elements are the model; None where it stands alone.
    """

    model: type[Any]
    is_required: bool
    content_types: tuple[str, ...]
    many: Json | None = None


def parameters(command: type[Command]) -> list[Json]:
    """Path, query and header parameters in the command's order."""
    whole = command.model_json_schema()
    fields = {name: _without_reference(it, whole) for name, it in whole["properties"].items()}
    found = []
    for name, source in command.sources().items():
        if source.place in BODIES:
            continue
        schema = without_null(fields[name])
        parameter = {
            "name": source.name,
            "in": source.place.value,
            "description": _description(command, name, source.name),
            "required": command.model_fields[name].is_required(),
            "schema": {key: it for key, it in schema.items() if key != "description"},
            "example": _example(command, source.name),
        }
        found.append({key: it for key, it in parameter.items() if it not in (False, None)})
    return found


def _without_reference(schema: Json, whole: Json) -> Json:
    """The choices of an enumeration, where they are used."""
    name = schema.get("$ref", "").rpartition("/")[2]
    described = dict(whole.get("$defs", {}).get(name, {}))
    described.pop("description", None)
    return {**described, **{key: it for key, it in schema.items() if key != "$ref"}}


def _description(command: type[Command], name: str, parameter: str) -> str:
    said = command.model_fields[name].description or words.PARAMETER_WORDS.get(parameter)
    if said is None:
        raise LookupError(f"{command.__name__}.{name} needs Field(description=...)")
    return said


def _example(command: type[Command], name: str) -> Any:
    usual = _PARAMETER_EXAMPLES.get(name)
    return _PARAMETER_EXAMPLES.get(f"{command.__name__}.{name}", usual)


def body_of(command: type[Command]) -> RequestBody | None:
    """The command's body; None without one."""
    for name, source in command.sources().items():
        if source.place in BODIES:
            field = command.model_fields[name]
            if source.place is Place.LIST:
                whole = command.model_json_schema()["properties"][name]
                many = {key: whole[key] for key in ("minItems", "maxItems")}
                model = get_args(field.annotation)[0]
                return RequestBody(model, field.is_required(), (JSON_TYPE,), many)
            assert isinstance(field.annotation, type)
            if source.place is Place.XML:
                return RequestBody(field.annotation, field.is_required(), (XML_TYPE,))
            types = (FORM_TYPE, JSON_TYPE) if source.place is Place.FORM else (JSON_TYPE,)
            return RequestBody(field.annotation, field.is_required(), types)
    return None


def without_null(schema: Json) -> Json:
    """A parameter that is not sent is absent, never null."""
    schema = {key: it for key, it in schema.items() if key not in ("title", "default")} | (
        {"default": schema["default"]} if schema.get("default") is not None else {}
    )
    choices = [it for it in schema.pop("anyOf", []) if it != {"type": "null"}]
    return {**choices[0], **schema} if choices else schema
