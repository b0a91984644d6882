"""Where ids come from: a payment's id derives from what the caller used as key."""

import hashlib
import json
from collections.abc import Mapping

from payhub.domain.errors import FieldError, InvalidRequest

KEY_MAX_CHARS = 255


def payment_id_of(tenant: str, operation: str, source: str, key: str) -> str:
    """32 hex characters that the same tenant, operation, key source and key always give.

    The first conditional put of the payment under this id is the idempotency check.
    """
    return digest(tenant, operation, source, key)[:32]


def digest(*parts: str) -> str:
    """SHA-256 over the parts, each length-prefixed so that no two lists of parts collide."""
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()


def fingerprint_of(content: Mapping[str, object]) -> str:
    """A digest of the parsed request, equal for equal content whatever the spelling was."""
    return digest(json.dumps(content, sort_keys=True, separators=(",", ":"), default=str))[:32]


def choose_key(*candidates: tuple[str, str | None]) -> tuple[str, str]:
    """The first (source, key) that is present.

    Raises InvalidRequest naming every source the caller could have used.
    """
    for source, key in candidates:
        if key is not None:
            return source, key
    names = ", ".join(source for source, _ in candidates)
    raise InvalidRequest(
        "The request has nothing that tells a repeat from a new payment.",
        [FieldError("Idempotency-Key", f"send one of: {names}")],
    )
