"""SQS -> command -> operation: a failed message stays, the others of its batch are done."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from pydantic import BaseModel

from payhub import wiring
from payhub.domain.errors import NothingToDo
from payhub.entrypoints.observability import log_unexpected, logger
from payhub.operations.record_dead_letter import RecordDeadLetter, record_dead_letter
from payhub.ports import Hub

M = TypeVar("M", bound=BaseModel)
Handler = Callable[[Mapping[str, Any], Any], Any]


def worker(operation: Callable[[Hub, M], None], message: type[M]) -> Handler:
    """A handler that does `operation` for every message of a batch."""
    hub = wiring.hub()

    def handle(record: SQSRecord) -> None:
        ids = {k: v for k, v in json.loads(record.body).items() if k != "v"}
        try:
            operation(hub, message.model_validate(ids))
        except NothingToDo:
            logger.info("nothing to do", **ids)
        except Exception as error:
            log_unexpected(error, **ids)
            raise

    return _batches(handle)


def dead_letter_worker() -> Handler:
    """A handler that puts every message of a dead-letter queue on the operator's list."""
    hub = wiring.hub()

    def handle(record: SQSRecord) -> None:
        ids = {"message_id": record.message_id, "sent_at_ms": record.attributes.sent_timestamp}
        try:
            named = json.loads(record.body)
        except ValueError:
            named = {}
        known = {k: v for k, v in named.items() if k in RecordDeadLetter.model_fields}
        record_dead_letter(hub, RecordDeadLetter.model_validate({**known, **ids}))

    return _batches(handle)


def _batches(handle: Callable[[SQSRecord], None]) -> Handler:
    def handler(event: Mapping[str, Any], context: Any) -> Any:
        # Without this a batch that fails as a whole raises an error that prints the messages.
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        return process_partial_response(
            event=dict(event), record_handler=handle, processor=processor, context=context
        )

    return handler
