"""The paths on which problems look as a vendor's clients expect them, and what is said there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.openapi.routes import Route
from payhub.entrypoints import athena, decoda, medfusion, shapes
from payhub.entrypoints.problems import CONTENT_TYPE

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dialect:
    """How a vendor's paths say no.

    `prefix` sets its examples apart; `details` are words that are more telling there, by the
    problem's name. `content_type` is that of the problems, whose shape in XML is none of ours.
    """

    prefix: str
    speak: Callable[[Json], Json]
    shape_of: Callable[[int], type]
    field: Json
    details: Mapping[str, str]
    vendor: str
    content_type: str = CONTENT_TYPE


ATHENA = Dialect(
    prefix="athena-",
    vendor="athena",
    speak=athena.in_dialect,
    shape_of=lambda _: shapes.AthenaProblem,
    field={"field": "departmentid", "detail": "is required"},
    details={
        "not-found": "There is no practice 195901.",
        "not-allowed": "A payment in status Settled cannot be voided. It settled at 2026-11-21"
        " 20:00 EST. A payment collected by card can be voided until it settles, at 20:00 New York"
        " time.",
        "key-reused": "This externalrefid was used for another payment. Send that request again to"
        " have its answer, or use a new externalrefid.",
        "unsupported-media-type": "Send the body with Content-Type:"
        " application/x-www-form-urlencoded or application/json.",
    },
)

DECODA = Dialect(
    prefix="decoda-",
    vendor="decoda",
    speak=decoda.in_dialect,
    shape_of=lambda status: (
        shapes.DecodaInvalid if status == decoda.UNPROCESSABLE else shapes.Problem
    ),
    field={"field": "charges.0.patientId", "detail": "Field required"},
    details={
        "not-found": "This tenant has no account at Decoda.",
        "action-open": "Other requests for the same money are under way.",
        "refused-by-vendor": "Insufficient patient credit",
    },
)

MEDFUSION = Dialect(
    prefix="medfusion-",
    vendor="medfusion",
    speak=medfusion.in_xml,
    shape_of=lambda _: shapes.Problem,
    content_type=medfusion.PROBLEM_TYPE,
    field={"field": "PaymentStatus", "detail": "line 17: There must be a word."},
    details={
        "not-found": "There is no practice 6f0d0f3b-6a52-4b59-8a6e-0d5a5a3b1c02.",
        "unsupported-media-type": "Send the body with Content-Type: application/xml.",
        "key-reused": "This key was used before with another document. Use a new key.",
    },
)

DIALECTS = (ATHENA, DECODA, MEDFUSION)


def dialect_of(route: Route) -> Dialect | None:
    """The dialect of a route, None where problems are the hub's own."""
    return next((it for it in DIALECTS if it.speak is route.dialect), None)
