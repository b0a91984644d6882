"""Medfusion's own controls: members, manners of practices, what patients pay, what was posted."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from local.sandbox.clock import iso
from local.sandbox.control_input import BadInputError, Fields, only_query
from local.sandbox.ids import Ids
from local.sandbox.medfusion.manners import STYLES, Manners, MannersBook
from local.sandbox.medfusion.members import Member, Members
from local.sandbox.medfusion.payments import (
    BILL,
    CARD_SWIPER,
    OPERATION_OF_TYPE,
    Payment,
    Payments,
)
from local.sandbox.medfusion.posting import Message, Posting
from local.sandbox.messages import Request, Response, json_response
from local.sandbox.redaction import masked
from local.sandbox.routes import Route

CONTROLS = (
    Route("POST", "/members", "set_member"),
    Route("GET", "/members", "list_members"),
    Route("DELETE", "/tokens", "expire_tokens"),
    Route("POST", "/practices", "set_manners"),
    Route("GET", "/practices", "list_manners"),
    Route("POST", "/payments", "pay"),
    Route("GET", "/payments", "list_payments"),
    Route("GET", "/messages", "list_messages"),
)
_TOKEN_SECONDS, _TOKEN_SECONDS_MAX = 7200, 366 * 86_400
_DAY_SECONDS = 86_400
_CENTS_MAX = 999_999_999
_ACCOUNT, _CARD, _LAST4, _COMMENTS = "100234", "Visa", "0042", "Paid in the portal"


class Controls:
    """Answers CONTROLS."""

    def __init__(
        self,
        ids: Ids,
        members: Members,
        manners: MannersBook,
        payments: Payments,
        posting: Posting,
    ) -> None:
        self._ids = ids
        self._members = members
        self._manners = manners
        self._payments = payments
        self._posting = posting
        self._verbs: dict[str, Callable[[Request], Response]] = {
            "set_member": self._set_member,
            "list_members": self._list_members,
            "expire_tokens": self._expire_tokens,
            "set_manners": self._set_manners,
            "list_manners": self._list_manners,
            "pay": self._pay,
            "list_payments": self._list_payments,
            "list_messages": self._list_messages,
        }

    def answer(self, operation: str, request: Request) -> Response:
        return self._verbs[operation](request)

    def _set_member(self, request: Request) -> Response:
        """Add credentials, or change those of a client_id that exists."""
        fields = Fields.of_body(request.body)
        secrets = ("client_secret", "app_token", "username", "password")
        fields.only("client_id", *secrets, "practice_ids", "token_seconds")
        member = Member(
            client_id=fields.text("client_id"),
            **{name: fields.text(name) for name in secrets},
            practice_ids=fields.texts("practice_ids"),
            token_seconds=fields.whole_number(
                "token_seconds", 1, _TOKEN_SECONDS_MAX, _TOKEN_SECONDS
            ),
        )
        if ":" in member.client_id:
            raise BadInputError("client_id must be without a colon")
        if not all(_is_uuid(each) for each in member.practice_ids):
            raise BadInputError("practice_ids must be UUIDs in lower case")
        holder = self._members.with_app_token(member.app_token)
        if holder and holder.client_id != member.client_id:
            raise BadInputError("app_token must not be another member's")
        self._members.save(member)
        return json_response(201, _member(member))

    def _list_members(self, _: Request) -> Response:
        return json_response(200, [_member(member) for member in self._members.all()])

    def _expire_tokens(self, request: Request) -> Response:
        """All of them, or those of one client."""
        only_query(request.query, ("client_id",))
        client_id = None
        if "client_id" in request.query:
            known = [member.client_id for member in self._members.all()]
            client_id = Fields(request.query).choice("client_id", known)
        return json_response(200, {"expired": self._members.tokens.forget(client_id)})

    def _set_manners(self, request: Request) -> Response:
        """What is left out stays as it is."""
        fields = Fields.of_body(request.body)
        practice_id = fields.choice("practice_id", self._members.practices())
        now = self._manners.of(practice_id)
        fields.only(*asdict(now))
        manners = Manners(
            practice_id=practice_id,
            response_style=fields.choice("response_style", STYLES, now.response_style),
            loses_location=fields.flag("loses_location", now.loses_location),
            overlap_seconds=fields.seconds("overlap_seconds", _DAY_SECONDS, now.overlap_seconds),
            processing_seconds=fields.seconds(
                "processing_seconds", _DAY_SECONDS, now.processing_seconds
            ),
        )
        self._manners.save(manners)
        return json_response(200, asdict(manners))

    def _list_manners(self, _: Request) -> Response:
        practice_ids = self._members.practices()
        return json_response(200, [asdict(self._manners.of(each)) for each in practice_ids])

    def _pay(self, request: Request) -> Response:
        """As a patient does."""
        fields = Fields.of_body(request.body)
        fields.only("practice_id", "amount_cents", "payment_type", "patient_account_number",
                    "card_type", "card_last4", "comments")  # fmt: skip
        practice_id = fields.choice("practice_id", self._members.practices())
        type_ = fields.choice("payment_type", OPERATION_OF_TYPE, BILL)
        account = "" if type_ == CARD_SWIPER else _ACCOUNT
        payment = Payment(
            id=self._ids.uuid(),
            practice_id=practice_id,
            type=type_,
            amount_cents=fields.whole_number("amount_cents", 1, _CENTS_MAX),
            account_number=masked(fields.text("patient_account_number", account)),
            card_type=fields.text("card_type", _CARD),
            card_last4=fields.text("card_last4", _LAST4),
            confirmation=str(self._ids.number()),
            comments=masked(fields.text("comments", _COMMENTS)),
            created_ms=self._payments.created_ms(practice_id, type_),
        )
        if not re.fullmatch("[0-9]{4}", payment.card_last4):
            raise BadInputError("card_last4 must be four digits")
        self._payments.add(payment)
        return json_response(201, _payment(payment))

    def _list_payments(self, request: Request) -> Response:
        wanted = self._asked_practices(request, "practice_id")
        found = [each for each in self._payments.all() if each.practice_id in wanted]
        return json_response(200, [_payment(payment) for payment in found])

    def _list_messages(self, request: Request) -> Response:
        """Every POST that was accepted, also where its answer was lost."""
        wanted = self._asked_practices(request, "practice_id", "payment_id")
        payment_id = request.query.get("payment_id")
        shown = [
            _message(message)
            for message in self._posting.all()
            if message.practice_id in wanted
            and payment_id in (None, *(each.payment_id for each in message.updates))
        ]
        return json_response(200, shown)

    def _asked_practices(self, request: Request, *names: str) -> list[str]:
        """The one that the query names, or all."""
        only_query(request.query, names)
        known = self._members.practices()
        if "practice_id" not in request.query:
            return known
        return [Fields(request.query).choice("practice_id", known)]


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _member(member: Member) -> dict[str, Any]:
    return {
        "client_id": member.client_id,
        "username": member.username,
        "practice_ids": list(member.practice_ids),
        "token_seconds": member.token_seconds,
    }


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "practice_id": payment.practice_id,
        "payment_id": payment.id,
        "payment_type": payment.type,
        "status": payment.status,
        "amount_cents": payment.amount_cents,
        "created": iso(payment.created_ms),
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "practice_id": message.practice_id,
        "message_id": message.id,
        "data_job_id": message.job_id,
        "payment_type": message.type,
        "received": iso(message.received_ms),
        "state": message.state,
        "errors": message.errors,
        "updates": [
            {"payment_id": each.payment_id, "status": each.status} for each in message.updates
        ],
    }
