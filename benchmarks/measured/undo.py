"""A function with one cut undone: BENCH_UNDO names the cut, BENCH_HANDLER the function.

For the benchmarks' processes only; the product has no such switches.
"""

import gc
import importlib
import os
from collections.abc import Callable
from typing import Any

UNDONE = os.environ["BENCH_UNDO"]


def _freeze() -> None:
    """Nothing is put out of the garbage collector's sight."""
    gc.freeze = lambda: None


def _put_off() -> None:
    """Garbage is looked for while the function starts."""
    gc.disable = lambda: None


def _prepared() -> None:
    """Vendors' clients are made by the first request that needs them."""
    os.environ.pop("PAYHUB_CALLED_VENDORS", None)


def _light_imports() -> None:
    """httpx and lxml are imported whether or not a vendor is called."""
    for name in ("httpx", "lxml.etree"):
        importlib.import_module(name)


def _botocore_alone() -> None:
    """boto3 is imported and makes the clients."""
    boto3 = importlib.import_module("boto3")
    wiring = importlib.import_module("payhub.wiring")
    wiring.__dict__["_client"] = lambda _, service: boto3.client(service, config=wiring.AWS)


def _one_write_each() -> None:
    """Intent and outcome are each looked up before they are written, as without conditions."""
    payments = importlib.import_module("payhub.store.payments").Payments
    create, change = payments.create, payments.change

    def looked_up_create(self: Any, payment: Any, *rest: Any, **named: Any) -> Any:
        self.load(payment.tenant, payment.payment_id)
        return create(self, payment, *rest, **named)

    def looked_up_change(self: Any, payment: Any, *rest: Any, **named: Any) -> Any:
        self.load(payment.tenant, payment.payment_id)
        return change(self, payment, *rest, **named)

    payments.create, payments.change = looked_up_create, looked_up_change


def _carried_in_hand() -> None:
    """What a request has just stored of itself is read again before it is sent."""
    attempts = importlib.import_module("payhub.attempts")
    carry = attempts.carry

    def without(hub: Any, tenant: Any, payment: Any, card: Any = None, *_: Any) -> Any:
        return carry(hub, tenant, payment, card)

    attempts.__dict__["carry"] = without


def _short_logs() -> None:
    """The logger adds the function's name, size, ARN and request id, as Powertools suggests."""
    http = importlib.import_module("payhub.entrypoints.http")
    logger = http.logger
    handle = http.Handler.__call__

    def with_context(self: Any, event: Any, context: Any) -> Any:
        logger.append_keys(
            cold_start=False,
            function_name=context.function_name,
            function_memory_size=context.memory_limit_in_mb,
            function_arn=context.invoked_function_arn,
            function_request_id=context.aws_request_id,
        )
        return handle(self, event, context)

    http.Handler.__call__ = with_context


_CUTS: dict[str, Callable[[], None]] = {
    "freeze": _freeze,
    "put_off": _put_off,
    "prepared": _prepared,
    "light_imports": _light_imports,
    "botocore_alone": _botocore_alone,
    "one_write_each": _one_write_each,
    "carried_in_hand": _carried_in_hand,
    "short_logs": _short_logs,
    "none": lambda: None,
}

_CUTS[UNDONE]()
handler = importlib.import_module(os.environ["BENCH_HANDLER"].removesuffix(".handler")).handler
