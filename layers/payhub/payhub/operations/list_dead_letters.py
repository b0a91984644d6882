"""List what the hub gave up and an operator may redrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from payhub.command import Command, From, LetterId, Place
from payhub.domain.records import DeadLetter
from payhub.domain.tenant import Caller
from payhub.ports import Hub


class ListDeadLetters(Command):
    """GET /dead-letters."""

    limit: Annotated[
        int,
        Field(ge=1, le=100, description="How many dead letters a page has at most."),
        From(Place.QUERY, "limit"),
    ] = 25
    cursor: Annotated[
        LetterId | None,
        Field(description="`nextCursor` of the page before."),
        From(Place.QUERY, "cursor"),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterPage:
    """Some letters and the cursor of what follows."""

    letters: Sequence[DeadLetter]
    next_cursor: str | None


def list_dead_letters(hub: Hub, caller: Caller, command: ListDeadLetters) -> DeadLetterPage:
    """A page of the tenant's dead letters, newest first."""
    letters, cursor = hub.dead_letters.page(caller.tenant.tenant, command.limit, command.cursor)
    return DeadLetterPage(letters=letters, next_cursor=cursor)
