"""The machine: requests and jobs in, answers and truth book entries out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from local.sandbox.jobs import Job
from local.sandbox.medfusion import controls, media, refusals
from local.sandbox.medfusion.calls import Call, Verb
from local.sandbox.medfusion.manners import MannersBook
from local.sandbox.medfusion.members import MEMBER, TOKEN, VENDOR, Members
from local.sandbox.medfusion.payments import Payments
from local.sandbox.medfusion.polling import Polling
from local.sandbox.medfusion.posting import Posting
from local.sandbox.medfusion.routes import (
    GET_APPLICATION,
    GET_TOKEN,
    OPERATIONS,
    POST_BILLS,
    POST_OTHERS,
    ROUTES,
)
from local.sandbox.medfusion.sign_in import SignIn
from local.sandbox.medfusion.xml_text import XML
from local.sandbox.messages import Request, Response
from local.sandbox.refused import Refused
from local.sandbox.routes import Match, Route, allowed_methods, find, operation_of
from local.sandbox.store import Document
from local.sandbox.vendor import Tools

_OF_SIGN_IN = (GET_APPLICATION, GET_TOKEN)


class MedfusionMachine:
    """Money comes in when a patient pays; what practices report moves none."""

    name = VENDOR
    operations: Sequence[str] = OPERATIONS
    declinable: Sequence[str] = (POST_BILLS, POST_OTHERS)
    kept_kinds: Sequence[str] = (MEMBER, TOKEN)
    controls: Sequence[Route] = controls.CONTROLS

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._members = Members(tools.store)
        self._sign_in = SignIn(self._members, tools.ids)
        manners = MannersBook(tools)
        payments = Payments(tools)
        self._posting = Posting(tools, payments, manners)
        self._controls = controls.Controls(
            tools.ids, self._members, manners, payments, self._posting
        )
        self._verbs: Mapping[str, Verb] = {
            **Polling(payments, manners).verbs,
            **self._posting.verbs,
        }

    def operation_of(self, request: Request) -> str | None:
        return operation_of(ROUTES, request.method, request.path)

    def handle(self, request: Request) -> Response:
        try:
            match = _match(request)
            if match.route.operation == GET_APPLICATION:
                return self._sign_in.application(request, match.parameters["app_token"])
            if match.route.operation == GET_TOKEN:
                return self._sign_in.token(request, self._tools.clock.now_ms())
            return self._do(self._let_in(match, request))
        except Refused as refusal:
            return refusal.response

    def put_off(self, request: Request) -> Document | None:
        """Whoever is let in is let in now; what is posted is read later."""
        try:
            match = _match(request)
            if match.route.operation in _OF_SIGN_IN:
                return None
            return self._let_in(match, request).to_document()
        except Refused:
            return None

    def catch_up(self, kept: Document) -> None:
        try:
            self._do(Call.from_document(kept, self._tools.clock.now_ms()))
        except Refused:
            return  # nobody waits for the answer

    def error_page(self, status: int) -> Response:
        return refusals.page(status)

    def decline(self, operation: str) -> Response:  # noqa: ARG002 - both in the same words
        return refusals.invalid("The request failed validation.").response

    def control(self, operation: str, request: Request) -> Response:
        return self._controls.answer(operation, request)

    def run(self, job: Job) -> None:
        """A message is processed: the only kind of job of this machine."""
        self._posting.process(job)

    def _let_in(self, match: Match, request: Request) -> Call:
        now_ms = self._tools.clock.now_ms()
        practice_id = match.parameters["practice_id"]
        self._members.let_in(request.headers.get("authorization", ""), practice_id, now_ms)
        media.check(request, XML, XML)
        return Call(
            operation=match.route.operation,
            practice_id=practice_id,
            parameters=match.parameters,
            query=request.query,
            host=request.headers.get("host", "127.0.0.1"),
            body=request.body,
            now_ms=now_ms,
        )

    def _do(self, call: Call) -> Response:
        return self._verbs[call.operation](call)


def _match(request: Request) -> Match:
    match = find(ROUTES, request.method, request.path)
    if match:
        return match
    allowed = ", ".join(allowed_methods(ROUTES, request.path))
    if allowed:
        raise refusals.refused(405, Allow=allowed)
    raise refusals.refused(404)
