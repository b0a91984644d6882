"""The running API does what its own document says, whatever is sent to it.

Requests are generated from the served document, valid ones and broken ones, the same each time.
"""

import copy
import time
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis import config as settings
from schemathesis.engine import events, from_schema

from tests.support.stack import LocalStack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

Json = dict[str, Any]

SEED = 20_261_121
EXAMPLES_PER_OPERATION = 10
REQUESTS_MIN = 200
"""Fewer than this would mean that the run says little."""

BEYOND_THE_SCHEMA = {"positive_data_acceptance", "negative_data_rejection"}
"""Not asked of athenahealth's forms: a form has text only, so that a number in place of a text is
the same request, and which days, amounts and fields go together no schema says. What is sent there
must not break anything, and must be answered as described."""

OTHER_METHODS = {"PUT", "DELETE", "PATCH", "OPTIONS"}
"""No route takes these. API Gateway answers methods that it does not know by itself."""

ATHENA_PATHS = {
    "practiceid": ["195900"],
    "patientid": ["1"],
    "appointmentid": ["10011"],
    "vendorcode": ["ACME"],
    "departmentid": ["1"],
}
ATHENA_FIELDS: dict[str, list[Any]] = {
    "departmentid": [1],
    "patientid": [1],
    "appointmentid": [10011],
    "accountnumber": ["4111111111111111", "4000000000000002"],
    "nameoncard": ["Ada Lovelace"],
    "expirationmonthmm": ["12"],
    "expirationyearyyyy": ["2030"],
    "billingaddress": ["1 Main St"],
    "billingzip": ["02110"],
    "cardsecuritycode": ["123"],
    "claimpayment": [[{"101": "1.00"}]],
    "charges": [[{"chargeid": 1011, "adjustmentamount": "0.01"}]],
    "claimids": ["101", "101,102"],
    "paymentmethod": ["CASH", "CHECK", "VISA"],
    "copayamount": ["1.00", ".7"],
    "otheramount": ["17.07", "4.02"],
    "cycleamount": ["10"],
}
"""What the first demo tenant has at the vendor; anything else would only be refused."""

ATHENA_LEFT_OUT = {"trackdata", "amount", "startdate", "postdate", "bankdepositdate"}
"""What does not go with the fields above, or with the day of the test."""

# What valid data may be answered with because of the state that payments happen to be in.
STATE_DECIDES = ["2xx", "401", "404", "409", "412", "422"]


@pytest.mark.parametrize("paths", ["^/(?!v1/)", "^/v1/"], ids=["hub", "athena"])
def test_the_api_keeps_its_word(local_stack: LocalStack, paths: str) -> None:
    """No server error, no undocumented answer, no bad data taken, no route without its key."""
    began = time.monotonic()
    failures: list[str] = []
    requests = 0
    for event in from_schema(_schema(local_stack).include(path_regex=paths)).execute():
        assert not isinstance(event, events.FatalError), event.exception
        assert not isinstance(event, events.NonFatalError), event.info.format()
        if isinstance(event, events.ScenarioFinished):
            requests += len(event.recorder.interactions)
            failures += _failures(event)
    assert failures == [], "\n\n".join(failures[:10])
    assert requests >= REQUESTS_MIN
    print(f"{requests} requests in {time.monotonic() - began:.0f} s")


def _failures(event: events.ScenarioFinished) -> list[str]:
    recorder = event.recorder
    return [
        f"{recorder.label}, {check.name}: {check.failure_info.failure.message}\n"
        f"{check.failure_info.code_sample}"
        for case_id, found in recorder.checks.items()
        for check in found
        if check.failure_info is not None
        and not (check.name == "positive_data_acceptance" and _is_beyond(recorder, case_id))
        and not (check.name in BEYOND_THE_SCHEMA and recorder.label.split()[1].startswith("/v1/"))
    ]


def _is_beyond(recorder: Any, case_id: str) -> bool:
    """What a schema cannot say: one of three names must be sent, in the body or as a header;
    nowhere may a number stand that could be a card's; what a vendor has charges and credit for."""
    response = recorder.interactions[case_id].response
    return response is not None and (
        b"nothing that tells a repeat" in response.content
        or b"looks like a card number" in response.content
        or b"refused-by-vendor" in response.content
    )


def _token(stack: LocalStack, tenant: Json) -> str:
    """As athenahealth's clients get one."""
    answer = httpx.post(
        f"{stack.base_url}/oauth2/v1/token",
        auth=(tenant["client_id"], tenant["client_secret"]),
        data={"grant_type": "client_credentials"},
        timeout=60,
    )
    return str(answer.raise_for_status().json()["access_token"])


def _schema(stack: LocalStack) -> Any:
    tenant = stack.tenants[0]
    with stack.http(tenant["operator_key"]) as client:
        document = client.get("/openapi.json").json()
        known = [_issued(client, account) for account in ("ACCT1", "ACCT2")]
    config = settings.SchemathesisConfig(
        seed=SEED,
        projects=settings.ProjectsConfig(default=_project(stack, tenant)),
    )
    schema = schemathesis.openapi.from_dict(_of_tenant(document, tenant, known), config=config)

    @schema.hook
    def map_body(_context: object, body: Any) -> Any:
        return _with_exact_integers(body)

    return schema


def _project(stack: LocalStack, tenant: Json) -> settings.ProjectConfig:
    return settings.ProjectConfig(
        base_url=stack.base_url,
        headers={
            "API-KEY": tenant["operator_key"],
            "Authorization": f"Bearer {_token(stack, tenant)}",
        },
        continue_on_failure=True,
        request_timeout=30,
        generation=settings.GenerationConfig(
            max_examples=EXAMPLES_PER_OPERATION,
            deterministic=True,
            no_shrink=True,
            database="none",
        ),
        phases=settings.PhasesConfig(
            examples=settings.ExamplesPhaseConfig(enabled=False),  # the coverage phase sends them
            coverage=settings.CoveragePhaseConfig(
                generate_duplicate_query_parameters=True, unexpected_methods=OTHER_METHODS
            ),
            stateful=settings.StatefulPhaseConfig(enabled=False),
        ),
        checks=settings.ChecksConfig(
            positive_data_acceptance=settings.PositiveDataAcceptanceConfig(
                expected_statuses=STATE_DECIDES
            ),
        ),
    )


def _issued(client: httpx.Client, account: str) -> str:
    answer = client.post(
        "/payments",
        json={
            "clientRequestId": f"schemathesis-{account}",
            "accountShortCode": account,
            "payment": {"paymentDetails": {"amount": 12500}},
        },
    )
    return str(answer.headers["Payment-Id"])


def _of_tenant(document: Json, tenant: Json, payments: list[str]) -> Json:
    """The document, narrowed to what this tenant has: the schemas cannot know that."""
    narrowed = copy.deepcopy(document)
    schemas = narrowed["components"]["schemas"]
    body = schemas["IssueBody"]
    body["properties"]["accountShortCode"] = {"enum": sorted(tenant["accounts"])}
    # The generator of requests knows how to leave out this scheme, and does not know OAuth.
    schemes = narrowed["components"]["securitySchemes"]
    schemes["BearerToken"] = {"type": "http", "scheme": "bearer"}
    for schema in schemas.values():
        fields = schema.get("properties", {})
        is_form = all(name.islower() for name in fields)
        if schema.get("additionalProperties") is False and is_form:  # a body, not an answer
            fields |= {name: {"enum": it} for name, it in ATHENA_FIELDS.items() if name in fields}
            for name in ATHENA_LEFT_OUT & fields.keys():
                del fields[name]
    for path in narrowed["paths"].values():
        for operation in path.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [it for it in parameters if it["name"] != "cursor"]
            for parameter in parameters:
                if parameter["name"] == "TENANT":
                    parameter["schema"] = {"enum": [tenant["tenant"], tenant["name"]]}
                if parameter["name"] == "to":
                    parameter["schema"] = {"enum": ["9999-12-31T23:59:59Z"]}
                if parameter["name"] in ATHENA_PATHS:
                    parameter["schema"]["enum"] = ATHENA_PATHS[parameter["name"]]
                if parameter["name"] == "paymentId":
                    parameter["schema"]["enum"] = payments
    return narrowed


def _with_exact_integers(value: Any) -> Any:
    """To JSON Schema 100.0 is an integer; where it is money the API takes it for a float."""
    if isinstance(value, dict):
        return {key: _with_exact_integers(it) for key, it in value.items()}
    if isinstance(value, list):
        return [_with_exact_integers(it) for it in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
