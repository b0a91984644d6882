"""Facts that span payments, each one item that is written together with the payment it is about.

A claim says which payments hold something that only one may hold (a vendor's reference), or that
two must not hold by mistake (a tender of one day).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`holders` are payment ids by side; `revision` grows with each write.

    `until_ms` is when the claim may be forgotten; None: never.
    """

    tenant: str
    key: str
    at_ms: int
    holders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    revision: int = 0
    until_ms: int | None = None


HOLDERS_MAX = 100
"""More payments of one patient, amount and day than this are somebody's loop."""

OWNER = "owner"
"""The side of a claim that has one holder."""


def owner_of(claim: Claim | None) -> str | None:
    """The one payment that holds the claim."""
    held = claim.holders.get(OWNER, ()) if claim is not None else ()
    return held[-1] if held else None


def owned(
    standing: Claim | None, tenant: str, key: str, payment_id: str, at_ms: int, until_ms: int | None
) -> Claim:
    """The claim with this payment as its one holder, replacing the one that stands."""
    return Claim(
        tenant=tenant,
        key=key,
        at_ms=at_ms,
        holders={OWNER: (payment_id,)},
        revision=1 if standing is None else standing.revision + 1,
        until_ms=until_ms,
    )


def joined(
    standing: Claim | None,
    tenant: str,
    key: str,
    side: str,
    payment_id: str,
    at_ms: int,
    until_ms: int | None,
) -> Claim:
    """The claim with this payment as the latest of its side's holders."""
    claim = standing or Claim(tenant=tenant, key=key, at_ms=at_ms)
    held = claim.holders.get(side, ())
    if payment_id in held:
        return replace(claim, revision=claim.revision + 1)
    return replace(
        claim,
        holders={**claim.holders, side: (*held, payment_id)[-HOLDERS_MAX:]},
        at_ms=at_ms,
        until_ms=until_ms,
        revision=claim.revision + 1,
    )


def reference_key(vendor: str, scoped_reference: str) -> str:
    """The claim on a vendor's reference."""
    return f"reference/{vendor}/{scoped_reference}"
