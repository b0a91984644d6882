"""A tenant and its settings: which accounts are theirs, how their vendors are reached."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from payhub.domain.money import AmountUnit


class Role(StrEnum):
    """What a key may do: callers move money, operators also release, resolve and redrive."""

    CALLER = "caller"
    OPERATOR = "operator"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("must be a name of the tz database, such as America/New_York") from None
    return name


class Settings(BaseModel):
    """Base of all settings: frozen, and a misspelt one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


CallerUnit = Literal[AmountUnit.CENTS, AmountUnit.WHOLE_DOLLARS]
"""The issuer documents `amount` as an integer, so callers write one of the two."""


class AccountSettings(Settings):
    """A funding account; `hold` says that payments wait for a release."""

    hold: bool


class Tenant(Settings):
    """One tenant's settings; changed in the table, without a deploy."""

    tenant: str
    name: str
    amount_unit: CallerUnit
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "America/New_York"
    accounts: Mapping[str, AccountSettings] = Field(default_factory=dict)
    practice_ids: tuple[str, ...] = ()
    medfusion_practice_ids: tuple[str, ...] = ()
    vendor_codes: tuple[str, ...] = ()
    vendors: Mapping[str, Mapping[str, object]] = Field(default_factory=dict)


class Caller(BaseModel):
    """Who makes a request, as the authorizer vouches for it."""

    model_config = ConfigDict(frozen=True)

    tenant: Tenant
    role: Role
    actor: str
