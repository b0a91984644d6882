"""Reminders on SQS: ids only, the tenant as message group so that no tenant starves another."""

import json
import logging
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_log = logging.getLogger(__name__)

VERSION = 1
"""Version of the messages, so that old and new code can tell what they read."""

Message = dict[str, str | int]


class SqsQueue:
    """The Queue port on two standard queues."""

    def __init__(self, client: "SQSClient", payments_url: str, events_url: str) -> None:
        self._client = client
        self._payments_url = payments_url
        self._events_url = events_url

    def payment_due(self, tenant: str, payment_id: str, delay_seconds: int) -> None:
        """Best effort: the payment is in the index of due items too, so the sweep finds it."""
        message: Message = {"v": VERSION, "tenant": tenant, "payment": payment_id}
        try:
            self._send(self._payments_url, tenant, message, delay_seconds)
        except (BotoCoreError, ClientError) as error:
            _log.warning("reminder not queued, left to the sweep: %s", type(error).__name__)

    def event_due(self, tenant: str, vendor: str, event_id: str, delay_seconds: int) -> None:
        """Raises when the queue does not take it: the vendor is then told to deliver again."""
        message: Message = {"v": VERSION, "tenant": tenant, "vendor": vendor, "event": event_id}
        self._send(self._events_url, tenant, message, delay_seconds)

    def _send(self, url: str, tenant: str, message: Message, delay_seconds: int) -> None:
        self._client.send_message(
            QueueUrl=url,
            MessageBody=json.dumps(message, separators=(",", ":")),
            DelaySeconds=delay_seconds,
            MessageGroupId=tenant,
        )
