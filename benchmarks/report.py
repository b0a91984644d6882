"""docs/performance.md, whole: what was measured, how, and where the goals stand."""

from benchmarks import prices, tables
from benchmarks.results import Results
from benchmarks.throughput import PAYMENTS, bottleneck
from payhub.store.payments import HISTORY_MAX, HISTORY_PAGE


def report(results: Results) -> str:
    """The page."""
    return _PAGE.format(
        interpreter=results.interpreter,
        payments=tables.payments(results),
        bills=tables.bills(results),
        goals=tables.goals(results),
        cuts=tables.cuts(results),
        dollars=tables.dollars(results),
        functions=tables.functions(results),
        growth=tables.growth(results),
        histories=tables.histories(results),
        loads=tables.loads(results),
        bottleneck=bottleneck(results.loads),
        packages=tables.packages(results),
        as_of=prices.AS_OF,
        vendor_ms=f"{1000 * prices.VENDOR_SECONDS:.0f}",
        table_ms=f"{1000 * prices.TABLE_SECONDS:.0f}",
        lambda_bytes=prices.LOG_BYTES_OF_LAMBDA,
        writes=f"{1e6 * prices.WRITE_UNIT:.3f}",
        reads=f"{1e6 * prices.READ_UNIT:.3f}",
        gb_seconds=f"{1e6 * prices.LAMBDA_GB_SECOND:.4f}",
        rest=f"{1e6 * prices.REST_REQUEST:.2f}",
        count=PAYMENTS,
        history_max=HISTORY_MAX,
        history_page=HISTORY_PAGE,
    )


_PAGE = """# Performance

Written by `make bench`; do not edit. Measured on python {interpreter}; Lambda runs 3.13 on arm64, so read the ratios, which
compare figures of one run, and not the milliseconds, which are this machine's.

Every function runs in a process of its own under AWS's runtime client (`awslambdaric`), against an endpoint on this
machine that answers for DynamoDB, SQS and Secrets Manager at once and really keeps what is put under conditions. The
vendors are played by the sandbox. Times are processor time of the function's process, so waiting is not in them, nor is
TLS. All are medians of several rounds in which everybody takes turns.

- **init**: from the start of the process until it asks for its first event.
- **first**: that event. **warm**: an event later on, with tenant and secret known.

## A payment, beside what one would pick instead

All make the same payment: they check the body, write the intent, call the same vendor, write the outcome. The references
keep the vendor's key in their environment and make no second look at what goes wrong; they get bytecode too. The
**boto3 floor** is a bare client and one put. **By hand** is the job and nothing else. **Powertools** is its resolver with
validation, Logger, Metrics and idempotency, without tracing. **FastAPI** runs behind Mangum.

{payments}

{bills}

"With claims" is a body with parts that the hub passes on unread; they are an item of their own.

Write units are reckoned from the items as they were sent: the larger of the item before and after, in KB begun, twice in a
transaction; in each index one for an entry that appears, changes or goes, two where its key changes.

## Goals

{goals}

## What each cut brought

Each row undoes one cut by a switch of the benchmark: 1.10 means that a tenth more is spent without it. What is a few
hundredths from 1.00 is chance.

{cuts}

## Dollars

Per million requests with warm functions, at list prices of {as_of}: ${writes} a million write units, ${reads} a million
read units, ${gb_seconds} a million GB-seconds, ${rest} a million requests through the REST API. Assumed are {vendor_ms} ms
for a vendor's answer, {table_ms} ms for a request to AWS, and {lambda_bytes} bytes that Lambda logs by itself. Storage,
backups, keys, alarms and the authorizer are not in it.

{dollars}

Most of a function's time is waiting for the vendor, and memory is paid while it waits.

## Every function

Each by a request of its own that does real work. A function that imports what it does not need has a higher `init` than its
neighbours. Write units are table + indexes. The dollars are those of a million requests without the gateway and without
waiting for vendors. The workers and schedules do what their events cause here: the sweep finds
ten payments due, the poll five bills that are known, the settlement ten payments of today.

{functions}

## Growth

One operation with so many payments of one tenant in the table. All but a few are made when they are looked at, from a real
one, so that a million need no memory; what is asked and billed is the same. A page has fifty.

{growth}

One payment with so many entries in its history, which is made up: the store keeps {history_max} in
the item and moves {history_page} at a time to pages of their own.

{histories}

{count} payments by one process of as many threads as are asked for at once. Lambda gives a process one request at a time;
this tells what a process could do. Here the vendor answers at once too,
from the endpoint that plays AWS, a process beside it.

{loads}

The bottleneck is {bottleneck}

## Packages

{packages}

Bytecode is in them only where python3.13 was on the PATH.
"""
