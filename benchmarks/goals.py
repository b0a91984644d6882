"""What was aimed at, and where each aim stands in this run."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import stack
from benchmarks.figures import Figures
from benchmarks.results import Results
from benchmarks.subjects import (
    FASTAPI,
    FLOOR,
    OURS,
    OURS_REPLAY,
    OURS_STATUS,
    OURS_WITH_CLAIMS,
    POWERTOOLS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A figure of a run, the most it should be, and what would halve it."""

    what: str
    at_most: float
    measure: Callable[[Results], float]
    next_step: str


def calls_no_vendor() -> list[str]:
    """The functions whose block in the template names no vendor."""
    named = "PAYHUB_CALLED_VENDORS"
    return [function.name for function in stack.functions() if named not in function.variables]


def _warm(figures: Figures) -> float:
    return figures.warm_ms


def _against(name: str, of: Callable[[Figures], float]) -> Callable[[Results], float]:
    return lambda it: of(it.payments[OURS]) / of(it.payments[name])


def _init_without_vendor(results: Results) -> float:
    floor = results.functions[FLOOR].init_ms
    return max(results.functions[name].init_ms for name in calls_no_vendor()) / floor


GOALS = (
    Goal(
        what="warm processor time of a payment, against Powertools",
        at_most=0.25,
        measure=_against(POWERTOOLS, _warm),
        next_step="Other clients for DynamoDB and HTTP: even by hand, with two puts of botocore and"
        " one call of httpx, it is more than half. A client on botocore's signer alone would halve"
        " each put. [Decision 0019](decisions/0019-botocore-stays.md).",
    ),
    Goal(
        what="the same, against FastAPI and Mangum",
        at_most=0.5,
        measure=_against(FASTAPI, _warm),
        next_step="The same.",
    ),
    Goal(
        what="init, against the boto3 floor",
        at_most=1.6,
        measure=_against(FLOOR, lambda it: it.init_ms),
        next_step="httpx and its certificates, then the models of pydantic. After that only a"
        " snapshot of the process (SnapStart) takes more away.",
    ),
    Goal(
        what="first response, against Powertools",
        at_most=0.8,
        measure=_against(POWERTOOLS, lambda it: it.first_ms),
        next_step="It makes four requests to AWS, two of them for secret and tenant, which"
        " Powertools is spared here. The same smaller client would.",
    ),
    Goal(
        what="AWS requests of a synchronous payment",
        at_most=2,
        measure=lambda it: it.payments[OURS].aws_requests,
        next_step="Nothing: intent and outcome are two facts, the vendor's call lies between them.",
    ),
    Goal(
        what="the same, where the body has parts that the hub passes on unread",
        at_most=2,
        measure=lambda it: it.payments[OURS_WITH_CLAIMS].aws_requests,
        next_step="Small parts could lie in the payment's item until the vendor has them. They are"
        " an item of their own because each later write of the payment would pay for them again.",
    ),
    Goal(
        what="write units of the table for a payment",
        at_most=2,
        measure=lambda it: it.payments[OURS].units.base_write,
        next_step="Compressed documents: the two items have 1.4 and 2.1 KB, most of it names of"
        " fields. Compressed with a fixed dictionary both fit into 1 KB. It makes items that a"
        " person cannot read in the console, and needs a release that only reads them before the"
        " one that writes them.",
    ),
    Goal(
        what="write units of the indexes for a payment",
        at_most=4,
        measure=lambda it: it.payments[OURS].units.index_write,
        next_step="One index for both references, which halves what a new payment writes there.",
    ),
    Goal(
        what="AWS requests of a replay",
        at_most=1,
        measure=lambda it: it.payments[OURS_REPLAY].aws_requests,
        next_step="Nothing: one request is the least that can answer it.",
    ),
    Goal(
        what="read units of a status read",
        at_most=1,
        measure=lambda it: it.payments[OURS_STATUS].units.read,
        next_step="An eventually consistent read costs half, and may show a payment as it was.",
    ),
    Goal(
        what="init of functions that call no vendor, against the boto3 floor (the worst of them)",
        at_most=1.3,
        measure=_init_without_vendor,
        next_step="pydantic, which checks tenants, commands and stored documents; botocore; lxml"
        " where XML is answered.",
    ),
)
