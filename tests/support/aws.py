"""The stack's table, queues and settings, made from template.yaml on moto or ministack."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from moto import mock_aws

from tests.support.template import of_type, resolved

REGION = "us-east-1"
TABLE = "payhub-test"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "POWERTOOLS_SERVICE_NAME": "payhub",
    "POWERTOOLS_METRICS_NAMESPACE": "Payhub",
}


def create_table(client: Any, name: str = TABLE) -> None:
    """The table as the template describes it, without what only AWS has."""
    table = _table_properties()
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=table["AttributeDefinitions"],
        KeySchema=table["KeySchema"],
        GlobalSecondaryIndexes=table["GlobalSecondaryIndexes"],
    )


@cache
def _table_properties() -> dict[str, Any]:
    tables = of_type(resolved("dev"), "AWS::DynamoDB::Table").values()
    properties: dict[str, Any] = next(iter(tables))["Properties"]
    return properties


@contextmanager
def moto_stack(monkeypatch: Any) -> Iterator[dict[str, str]]:
    """Table and queues on moto with the environment the functions read; one thread only."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        create_table(boto3.client("dynamodb", region_name=REGION))
        sqs = boto3.client("sqs", region_name=REGION)
        urls = {
            f"PAYHUB_{kind.upper()}_QUEUE_URL": sqs.create_queue(QueueName=kind)["QueueUrl"]
            for kind in ("payments", "events")
        }
        for name, value in {**SETTINGS, **urls}.items():
            monkeypatch.setenv(name, value)
        yield urls


SETTINGS = {
    "PAYHUB_STAGE": "local",
    "PAYHUB_TABLE": TABLE,
    "PAYHUB_SECRET_PREFIX": "payhub/local",
    "PAYHUB_PUBLIC_URL": "https://api.payhub.test",
    "PAYHUB_OPTUM_BASE_URLS": "http://optum.test",
    "PAYHUB_ATHENA_BASE_URLS": "http://athena.test",
    "PAYHUB_DECODA_BASE_URLS": "http://decoda.test",
    "PAYHUB_MEDFUSION_BASE_URLS": "http://medfusion.test",
    "PAYHUB_VENDOR_TIMEOUT_SECONDS": "3",
    "PAYHUB_API_TIMEOUT_SECONDS": "12",
    "PAYHUB_WORKER_TIMEOUT_SECONDS": "15",
    "PAYHUB_LATE_APPLY_BOUND_SECONDS": "4",
    "PAYHUB_RETRY_BASE_SECONDS": "1",
    "PAYHUB_RETRY_CAP_SECONDS": "5",
    "PAYHUB_RETRY_ATTEMPTS_MAX": "40",
    "PAYHUB_INQUIRY_INTERVAL_SECONDS": "2",
    "PAYHUB_REFRESH_SECONDS": "60",
    "PAYHUB_WATCH_SECONDS": "30",
    "PAYHUB_DUPLICATE_WINDOW_SECONDS": "600",
    "PAYHUB_PARK_SECONDS": "120",
}
