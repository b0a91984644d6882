"""Polls: what was paid since the last one, oldest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from local.sandbox.medfusion.calls import Call, Verb
from local.sandbox.medfusion.documents import payments_document
from local.sandbox.medfusion.magic import magic
from local.sandbox.medfusion.manners import MannersBook
from local.sandbox.medfusion.payments import BILL, CARD_SWIPER, PAY_NOW, Payment, Payments
from local.sandbox.medfusion.refusals import invalid
from local.sandbox.medfusion.xml_text import xml_response
from local.sandbox.messages import Response

_MAX = 100
_QUERY_TYPES = {"vcsPayment": CARD_SWIPER, "payNowpayment": PAY_NOW}
_FROM_THE_FIRST = -1


class Polling:
    """A payment is seen by every poll whose `since` is before it, whatever its status is now."""

    def __init__(self, payments: Payments, manners: MannersBook) -> None:
        self._payments = payments
        self._manners = manners
        self.verbs: Mapping[str, Verb] = {
            "poll_secure_payments": lambda call: self._poll(call, BILL),
            "poll_payments": lambda call: self._poll(call, type_asked(call)),
        }

    def _poll(self, call: Call, type_: str) -> Response:
        since_ms = call.number("since", _FROM_THE_FIRST, lowest=0)
        page = self._page(call, type_, since_ms, call.number("max", _MAX, lowest=1))
        if not page:
            # Never now: what is paid in this very millisecond would be lost.
            last_ms = call.now_ms - 1 if since_ms == _FROM_THE_FIRST else since_ms
            return Response(204, headers=_last(last_ms))
        document = payments_document(call.practice_id, page)
        return xml_response(200, document, _last(max(since_ms, page[-1].created_ms)))

    def _page(self, call: Call, type_: str, since_ms: int, size: int) -> Sequence[Payment]:
        """New ones first of all: repeated ones only take the room that is left."""
        overlap_seconds = self._manners.of(call.practice_id).overlap_seconds
        new, repeated = [], []
        for payment in self._payments.of(call.practice_id, type_):
            again_seconds = max(overlap_seconds, magic(payment.amount_cents).overlap_seconds)
            if payment.created_ms > since_ms:
                new.append(payment)
            elif since_ms - payment.created_ms < again_seconds * 1000:
                repeated.append(payment)
        new = new[:size]
        return [*repeated[max(0, len(repeated) + len(new) - size) :], *new]


def type_asked(call: Call) -> str:
    """The payments that `paymentType` names; raises Refused."""
    if call.query.get("paymentType") not in _QUERY_TYPES:
        raise invalid("paymentType must be one of " + ", ".join(_QUERY_TYPES))
    return _QUERY_TYPES[call.query["paymentType"]]


def _last(moment_ms: int) -> Mapping[str, str]:
    return {"Last-Timestamp": str(moment_ms)}
