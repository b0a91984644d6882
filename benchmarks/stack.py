"""template.yaml as the benchmarks need it: functions, their environment, the table's indexes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.units import Index, TableSchema
from local.settings import REPOSITORY
from local.template import load

TABLE = "payhub"
ACCOUNT, REGION = "123456789012", "us-east-1"
QUEUES = {
    kind: f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/payhub-{kind}"
    for kind in ("payments", "events")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function of the template; `name` is its place below functions/, `api/issue_payment`.

    `variables` are those of its own, beside what all functions have.
    """

    name: str
    handler: str
    memory_mb: int
    variables: Mapping[str, str]


def functions() -> list[Function]:
    """Every function of the template, in its order."""
    template = _template()
    shared = template["Globals"]["Function"]
    found = []
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = {**shared, **resource["Properties"]}
        handler = properties["Handler"]
        found.append(
            Function(
                name=handler.removesuffix(".handler").replace(".", "/"),
                handler=handler,
                memory_mb=int(properties["MemorySize"]),
                variables=resource["Properties"].get("Environment", {}).get("Variables", {}),
            )
        )
    return found


def environment(vendor_urls: Mapping[str, str], public_url: str) -> dict[str, str]:
    """The functions' PAYHUB_* and POWERTOOLS_* variables, with the template's defaults.

    Raises KeyError for a variable whose value neither the template nor this module knows.
    """
    template = _template()
    known = {
        "PAYHUB_STAGE": "prod",
        "PAYHUB_TABLE": TABLE,
        "PAYHUB_PAYMENTS_QUEUE_URL": QUEUES["payments"],
        "PAYHUB_EVENTS_QUEUE_URL": QUEUES["events"],
        "PAYHUB_SECRET_PREFIX": "payhub/prod",
        "PAYHUB_PUBLIC_URL": public_url,
        **{f"PAYHUB_{vendor.upper()}_BASE_URLS": url for vendor, url in vendor_urls.items()},
    }
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    return {
        name: known[name] if name in known else _default(value, template["Parameters"])
        for name, value in variables.items()
    }


def table_schema() -> TableSchema:
    """Keys and indexes of the template's one table."""
    tables = [
        it for it in _template()["Resources"].values() if it["Type"] == "AWS::DynamoDB::Table"
    ]
    (properties,) = [table["Properties"] for table in tables]
    return TableSchema(
        keys=_names(properties["KeySchema"]),
        indexes=tuple(
            Index(
                name=index["IndexName"],
                keys=_names(index["KeySchema"]),
                projected=_projected(index["Projection"]),
            )
            for index in properties["GlobalSecondaryIndexes"]
        ),
    )


def _template() -> dict[str, Any]:
    return load((REPOSITORY / "template.yaml").read_text())


def _default(value: Any, parameters: Mapping[str, Any]) -> str:
    if isinstance(value, dict):
        return str(parameters[value["Ref"]]["Default"])
    return str(value)


def _names(key_schema: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(part["AttributeName"] for part in key_schema)


def _projected(projection: dict[str, Any]) -> frozenset[str] | None:
    """The attributes beside the keys; None means all of them."""
    kinds = {
        "KEYS_ONLY": frozenset(),
        "INCLUDE": frozenset(projection.get("NonKeyAttributes", ())),
        "ALL": None,
    }
    return kinds[projection["ProjectionType"]]
