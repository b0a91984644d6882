"""FastAPI behind Mangum: a framework many know; a conditional put is the idempotency check."""

import logging
import uuid

import boto3
import httpx
from fastapi import FastAPI
from mangum import Mangum

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

log = logging.getLogger("payments")
log.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb")
vendor = httpx.Client(timeout=VENDOR_SECONDS, limits=httpx.Limits(max_keepalive_connections=0))
ROOT = uuid.UUID(int=0)
app = FastAPI()


@app.post("/payments", status_code=201)
def create(payment: CreatePayment) -> PaymentOut:
    """Intent, vendor, outcome; the id derives from the key."""
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
    log.info("created %s", payment_id)
    return shown(payment_id, payment, known)


handler = Mangum(app, lifespan="off")
