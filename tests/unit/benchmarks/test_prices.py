"""Dollars follow from units, requests, time and bytes."""

import pytest

from benchmarks import prices
from benchmarks.prices import cost_of
from benchmarks.units import Units


def cost(**changes: object) -> prices.Cost:
    """Of a request that does nothing, changed."""
    nothing = {
        "units": Units(),
        "requests": {},
        "cpu_seconds": 0.0,
        "vendor_calls": 0.0,
        "memory_mb": 1024,
        "bytes_logged": 0.0,
        "behind_gateway": False,
    }
    return cost_of(**{**nothing, **changes})  # type: ignore[arg-type]


def test_a_million_write_units_cost_what_the_list_says() -> None:
    assert cost(units=Units(base_write=3, index_write=1)).table == pytest.approx(4 * 0.625)
    assert cost(units=Units(read=2)).table == pytest.approx(2 * 0.125)


def test_waiting_is_paid_like_work() -> None:
    idle = cost().functions
    waits = cost(vendor_calls=1.0).functions
    assert waits - idle == pytest.approx(1e6 * prices.VENDOR_SECONDS * prices.LAMBDA_GB_SECOND)
    assert idle == pytest.approx(0.2)


def test_half_the_memory_makes_work_twice_as_long_and_waiting_half_as_dear() -> None:
    work = cost(cpu_seconds=0.01).functions
    assert cost(cpu_seconds=0.01, memory_mb=512).functions == pytest.approx(work)
    waits = cost(vendor_calls=1.0).functions - 0.2
    assert cost(vendor_calls=1.0, memory_mb=512).functions - 0.2 == pytest.approx(waits / 2)


def test_the_gateway_is_apart() -> None:
    behind = cost(behind_gateway=True)
    assert behind.total - behind.without_gateway == pytest.approx(3.5)
    assert cost(behind_gateway=False).total == pytest.approx(behind.without_gateway)


def test_messages_secrets_and_logs_count() -> None:
    assert cost(requests={"SendMessage": 2}).queues == pytest.approx(0.8)
    assert cost(requests={"GetSecretValue": 1}).secrets == pytest.approx(5.0)
    logged = cost(bytes_logged=400.0).logs
    assert logged == pytest.approx((400 + prices.LOG_BYTES_OF_LAMBDA) / 1e3 * prices.LOG_GB)
