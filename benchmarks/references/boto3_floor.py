"""The floor: a bare boto3 client and one put. No vendor, no validation, no second write."""

import json
import os
from typing import Any

import boto3

dynamodb = boto3.client("dynamodb")
TABLE = os.environ["PAYHUB_TABLE"]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Put what came."""
    payment_id = json.loads(event["body"])["clientRequestId"]
    item = {"pk": {"S": payment_id}, "sk": {"S": "PAYMENT"}, "doc": {"S": event["body"]}}
    dynamodb.put_item(TableName=TABLE, Item=item)
    return {"statusCode": 201, "headers": {}, "body": json.dumps({"paymentId": payment_id})}
