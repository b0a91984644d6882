"""What the parts of the tour share: one row a request, expectations, the vendor's truth book."""

import re
import secrets
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import httpx

from local import show
from local.settings import Settings

_PAYMENT_ID = re.compile("[0-9a-f]{32}")

Json = dict[str, Any]


class UnexpectedAnswerError(Exception):
    """A step did not answer as it should."""


@dataclass
class Steps:
    """One play: keys of its own, so that it never replays an earlier one."""

    settings: Settings
    tenant: Json
    play: str = field(default_factory=lambda: secrets.token_hex(4))
    rows: list[list[object]] = field(default_factory=list)
    books: list[list[object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.settings.base_url, timeout=40)

    def note(self, step: str, request: str, status: int | None, payment: Json) -> None:
        """One row of the table."""
        request = _PAYMENT_ID.sub("{paymentId}", request)
        self.rows.append([step, request, status, payment.get("status"), payment.get("paymentId")])

    def expect(self, holds: bool, what: str) -> None:
        """Stop the tour unless it holds."""
        if not holds:
            raise UnexpectedAnswerError(what)

    def payment(self, payment_id: str) -> Json:
        """The payment as it stands; a look that is no step."""
        headers = {"API-KEY": self.tenant["api_key"]}
        shown: Json = self.client.get(f"/payments/{payment_id}", headers=headers).json()
        return shown

    def movements(self, vendor: str, reference: str) -> list[Json]:
        """What the vendor really moved under this reference."""
        answer = httpx.get(
            f"{self.settings.sandbox_url}/_sandbox/ledger",
            params={"vendor": vendor, "reference": reference},
        )
        found: list[Json] = answer.raise_for_status().json()
        return found

    def compare(self, payment: Json, hub_cents: int, moved: list[Json], plus: str) -> None:
        """One row of the books: what the hub says beside what moved; `plus` is the direction."""
        signed = [
            (it, it["amount_cents"] if it["direction"] == plus else -it["amount_cents"])
            for it in moved
        ]
        sum_cents = sum(cents for _, cents in signed)
        each = [f"{_verb(it)} {cents:+d}" for it, cents in signed]
        counted = [(told, len(list(same))) for told, same in groupby(each)]
        told = ", ".join(f"{told} x {n}" if n > 1 else told for told, n in counted)
        shown = [payment["paymentId"], payment["status"], hub_cents, sum_cents, told or "-"]
        self.books.append(shown)
        self.expect(sum_cents == hub_cents, "the hub and the truth book agree")

    def print_steps(self) -> None:
        """The table of requests."""
        headings = ["step", "request", "HTTP", "status", "payment"]
        print(show.table(headings, self.rows), flush=True)

    def print_books(self) -> None:
        """What the hub says of each payment, beside the money that the vendor really moved."""
        headings = ["payment", "status", "hub, cents", "truth book", "its movements"]
        print(show.table(headings, self.books), flush=True)


def _verb(movement: Json) -> str:
    return str(movement["operation"]).removesuffix("_payment")
