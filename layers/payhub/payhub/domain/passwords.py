"""Passwords that callers sign in with: kept as a salted scrypt hash, never as they are."""

import hashlib
import hmac
from dataclasses import dataclass

_COST, _BLOCK, _LANES = 2**14, 8, 1
"""16 MB and some 50 ms for each guess."""

_NOBODYS_SALT = "0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordHash:
    """What is kept of a password."""

    salt: str
    scrypt: str


def hash_of(password: str, salt: str) -> PasswordHash:
    """The hash to keep; `salt` is new for every password."""
    key = hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt.encode(),
        n=_COST,
        r=_BLOCK,
        p=_LANES,
    )
    return PasswordHash(salt=salt, scrypt=key.hex())


def is_password(presented: str, kept: PasswordHash | None) -> bool:
    """Whether it is the one that was kept.

    Where none was, it takes as long, so that the time does not tell which names exist.
    """
    made = hash_of(presented, _NOBODYS_SALT if kept is None else kept.salt)
    return kept is not None and hmac.compare_digest(made.scrypt, kept.scrypt)
