"""What a million requests cost in dollars: AWS's list prices, and what they are multiplied with.

Prices of us-east-1, on demand, arm64, without free tier. Lambda is billed by time, and most of that
is waiting: for the table, and for the vendor. Both waits are assumptions that stand here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.units import Units

AS_OF = "November 2026, us-east-1"

WRITE_UNIT = 0.625 / 1e6
READ_UNIT = 0.125 / 1e6
LAMBDA_REQUEST = 0.20 / 1e6
LAMBDA_GB_SECOND = 0.0000133334
REST_REQUEST = 3.50 / 1e6
QUEUE_REQUEST = 0.40 / 1e6
SECRET_REQUEST = 0.05 / 1e4
LOG_GB = 0.50

LOG_BYTES_OF_LAMBDA = 600
"""The start, end and report lines that Lambda itself adds to each request, in its JSON format."""

TABLE_SECONDS = 0.005
"""One request to DynamoDB or SQS in the same region."""

VENDOR_SECONDS = 0.3
"""One call to a vendor."""

FULL_CORE_MB = 1769
"""With so much memory a function has one core; with less it has that part of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Dollars per million requests, by what they are for."""

    table: float
    functions: float
    queues: float
    secrets: float
    logs: float
    gateway: float

    @property
    def without_gateway(self) -> float:
        """What is left where API Gateway is not counted."""
        return self.table + self.functions + self.queues + self.secrets + self.logs

    @property
    def total(self) -> float:
        """Everything."""
        return self.without_gateway + self.gateway


def cost_of(
    *,
    units: Units,
    requests: Mapping[str, float],
    cpu_seconds: float,
    vendor_calls: float,
    memory_mb: int,
    bytes_logged: float,
    behind_gateway: bool,
) -> Cost:
    """A million of one warm request; `units` and `requests` are those of one."""
    aws = sum(requests.values())
    seconds = (
        cpu_seconds * max(1.0, FULL_CORE_MB / memory_mb)
        + aws * TABLE_SECONDS
        + vendor_calls * VENDOR_SECONDS
    )
    writes = units.base_write + units.index_write
    logged = bytes_logged + LOG_BYTES_OF_LAMBDA
    million = 1e6
    return Cost(
        table=million * (writes * WRITE_UNIT + units.read * READ_UNIT),
        functions=million * (LAMBDA_REQUEST + seconds * memory_mb / 1024 * LAMBDA_GB_SECOND),
        queues=million * requests.get("SendMessage", 0) * QUEUE_REQUEST,
        secrets=million * requests.get("GetSecretValue", 0) * SECRET_REQUEST,
        logs=million * logged / 1e9 * LOG_GB,
        gateway=million * REST_REQUEST if behind_gateway else 0.0,
    )
