"""Parameters and bodies, from the commands and their marks."""

from typing import Any

from local.openapi import examples
from payhub.command import Command, Place

Json = dict[str, Any]

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"

TENANT_PARAMETER: Json = {
    "name": "TENANT",
    "in": "header",
    "description": "The tenant's id or name. Not needed; where sent, it must be the key's tenant.",
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
}
"""By name, or by command and name where one name has two meanings."""


def parameters(command: type[Command]) -> list[Json]:
    """Path, query and header parameters in the command's order."""
    fields = command.model_json_schema()["properties"]
    found = []
    for name, source in command.sources().items():
        if source.place is Place.BODY:
            continue
        schema = _without_null(fields[name])
        parameter = {
            "name": source.name,
            "in": source.place.value,
            "description": _description(command, name),
            "required": command.model_fields[name].is_required(),
            "schema": {key: it for key, it in schema.items() if key != "description"},
            "example": _example(command, source.name),
        }
        found.append({key: it for key, it in parameter.items() if it not in (False, None)})
    return found


def _description(command: type[Command], name: str) -> str:
    words = command.model_fields[name].description
    if words is None:
        raise LookupError(f"{command.__name__}.{name} needs Field(description=...)")
    return words


def _example(command: type[Command], name: str) -> Any:
    usual = _PARAMETER_EXAMPLES.get(name)
    return _PARAMETER_EXAMPLES.get(f"{command.__name__}.{name}", usual)


def body_model(command: type[Command]) -> Any:
    """The model of the command's body and whether it must be sent; None without a body."""
    for name, source in command.sources().items():
        if source.place is Place.BODY:
            field = command.model_fields[name]
            return field.annotation, field.is_required()
    return None


def _without_null(schema: Json) -> Json:
    """A parameter that is not sent is absent, never null."""
    schema = {key: it for key, it in schema.items() if key not in ("title", "default")} | (
        {"default": schema["default"]} if schema.get("default") is not None else {}
    )
    choices = [it for it in schema.pop("anyOf", []) if it != {"type": "null"}]
    return {**choices[0], **schema} if choices else schema
