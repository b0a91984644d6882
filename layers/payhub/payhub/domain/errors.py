"""What the hub refuses and why: one exception per kind, mapped to HTTP in one table elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field, in words that say what to send instead."""

    field: str
    detail: str


class Refused(Exception):
    """Base of everything the hub refuses; `detail` is safe to show to the caller."""

    def __init__(self, detail: str, *, payment_id: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.payment_id = payment_id


class InvalidRequest(Refused):
    """The request cannot be understood; `errors` name the fields."""

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)


class NotFound(Refused):
    """Nothing of that name exists for this tenant (another tenant's things read the same)."""


class WrongTenant(Refused):
    """The TENANT header names another tenant than the key belongs to."""


class RoleNeeded(Refused):
    """The key's role may not do this."""


class KeyReused(Refused):
    """The idempotency key was used before with another request."""


class ActionOpen(Refused):
    """Another action on the payment has not ended yet."""


class NotAllowed(Refused):
    """The payment's present state does not allow the action."""


class RevisionNeeded(Refused):
    """Without a key or If-Match it cannot be told whether this is a repeat or a new action."""


class RevisionMismatch(Refused):
    """If-Match names a revision that is not the present one."""


class PossibleDuplicate(Refused):
    """Another payment looks like the same money; `payment_id` names it."""


class AlreadyPlanned(Refused):
    """A charge is in a plan that has not ended; `payment_id` names it."""


class VendorUnavailable(Refused):
    """The vendor could not be asked now; nothing was changed."""


class BodyTooLarge(Refused):
    """The request body is over the limit."""


class UnsupportedMedia(Refused):
    """The content type is not one the route takes."""


class BadSignature(Refused):
    """A webhook whose signature does not prove who sent it."""


class BadCredentials(Refused):
    """Client credentials that do not match a client."""


class BadUser(BadCredentials):
    """A user name and password that do not match a user of the client's tenant."""


class ClaimTaken(Exception):
    """Another payment holds, or has just written, what this one claims."""

    def __init__(self, holder: str | None) -> None:
        super().__init__(holder)
        self.holder = holder


class SecretUnavailable(Exception):
    """A secret could not be read: whatever needs it was not begun."""


class NothingToDo(Exception):
    """A change found that someone else has already made it, or that it is not due."""
