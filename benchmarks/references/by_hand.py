"""The job and nothing else: boto3 and httpx by hand, intent and outcome in one put each.

No validation beyond the model, no log, no retry, no second look at what went wrong.
"""

import uuid
from typing import Any

import boto3
import httpx

from benchmarks.references.models import (
    TABLE,
    VENDOR_HEADERS,
    VENDOR_SECONDS,
    VENDOR_URL,
    CreatePayment,
    item_of,
    now,
    shown,
    vendor_body,
)

dynamodb = boto3.client("dynamodb")
vendor = httpx.Client(timeout=VENDOR_SECONDS, limits=httpx.Limits(max_keepalive_connections=0))
ROOT = uuid.UUID(int=0)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Create a payment."""
    payment = CreatePayment.model_validate_json(event["body"])
    payment_id = uuid.uuid5(ROOT, payment.clientRequestId).hex
    now_ms = now()
    dynamodb.put_item(
        TableName=TABLE,
        Item=item_of(payment_id, payment, now_ms),
        ConditionExpression="attribute_not_exists(pk)",
    )
    answer = vendor.post(
        f"{VENDOR_URL}/payments", json=vendor_body(payment_id, payment), headers=VENDOR_HEADERS
    )
    known = answer.raise_for_status().json()
    dynamodb.put_item(TableName=TABLE, Item=item_of(payment_id, payment, now_ms, known))
    body = shown(payment_id, payment, known).model_dump_json()
    return {"statusCode": 201, "headers": {"Content-Type": "application/json"}, "body": body}
