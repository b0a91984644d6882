"""Powertools for AWS Lambda as its documentation shows it.

Resolver with validation, Logger, Metrics and the idempotency utility; no tracing, as in Payhub.
"""

import os
import uuid
from typing import Any

import boto3
import httpx
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.serialization.pydantic import PydanticSerializer
from aws_lambda_powertools.utilities.typing import LambdaContext

from benchmarks.references.models import (
    TABLE,
    VENDOR_HEADERS,
    VENDOR_SECONDS,
    VENDOR_URL,
    CreatePayment,
    PaymentOut,
    item_of,
    now,
    shown,
    vendor_body,
)

logger = Logger()
metrics = Metrics()
dynamodb = boto3.client("dynamodb")
vendor = httpx.Client(timeout=VENDOR_SECONDS, limits=httpx.Limits(max_keepalive_connections=0))
persistence = DynamoDBPersistenceLayer(
    table_name=os.environ["REFERENCE_IDEMPOTENCY_TABLE"], boto3_client=dynamodb
)
config = IdempotencyConfig(event_key_jmespath="clientRequestId", expires_after_seconds=86_400)
app = APIGatewayRestResolver(enable_validation=True)


@idempotent_function(
    data_keyword_argument="key",
    config=config,
    persistence_store=persistence,
    output_serializer=PydanticSerializer,
)
def create_once(key: dict[str, str], payment: CreatePayment) -> PaymentOut:
    """Intent, vendor, outcome; done once per key."""
    payment_id = uuid.uuid4().hex
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
    metrics.add_metric(name="PaymentCreated", unit=MetricUnit.Count, value=1)
    return shown(payment_id, payment, known)


@app.post("/payments")
def create(payment: CreatePayment) -> tuple[PaymentOut, int]:
    """The route."""
    config.register_lambda_context(app.lambda_context)
    logger.info("create payment")
    return create_once(key={"clientRequestId": payment.clientRequestId}, payment=payment), 201


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls."""
    return app.resolve(event, context)
