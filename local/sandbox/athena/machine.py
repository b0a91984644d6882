"""The machine: requests and jobs in, answers and truth book entries out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from local.sandbox.athena import controls, refusals
from local.sandbox.athena.adjusting import Adjusting
from local.sandbox.athena.balances import Balances
from local.sandbox.athena.calls import Call, Verb
from local.sandbox.athena.collecting import Collecting
from local.sandbox.athena.forms import Form
from local.sandbox.athena.patients import Patients
from local.sandbox.athena.plans import Plans
from local.sandbox.athena.practices import CLIENT, TOKEN, VENDOR, Practices, check_vendor_code
from local.sandbox.athena.receipts import Receipts
from local.sandbox.athena.recording import Recording
from local.sandbox.athena.routes import OPERATIONS, ROUTES, SIGN_IN
from local.sandbox.athena.vendor_payments import VendorPayments
from local.sandbox.jobs import Job
from local.sandbox.messages import Request, Response
from local.sandbox.redaction import masked
from local.sandbox.refused import Refused
from local.sandbox.routes import Match, Route, allowed_methods, find, operation_of
from local.sandbox.store import Document
from local.sandbox.vendor import Tools

# The card processor declines these; the others of DECLINABLE are refused by athena itself.
_BY_CARD = ("collect_payment", "store_card", "start_payment_plan")
_DECLINABLE = (
    *_BY_CARD,
    "record_payment",
    "void_collected_payment",
    "record_vendor_payment",
    "refund_vendor_payment",
    "adjust_charges",
)


class AthenaMachine:
    """Only payments of payment vendors know duplicates; all other calls do it again."""

    name = VENDOR
    operations: Sequence[str] = OPERATIONS
    declinable: Sequence[str] = _DECLINABLE
    kept_kinds: Sequence[str] = (CLIENT, TOKEN)
    controls: Sequence[Route] = controls.CONTROLS

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._practices = Practices(tools.store, tools.ids)
        patients = Patients(tools.store)
        receipts = Receipts(tools.store, patients)
        self._collecting = Collecting(tools, self._practices, patients, receipts)
        self._controls = controls.Controls(self._practices, patients, receipts)
        self._verbs: Mapping[str, Verb] = {
            **self._collecting.verbs,
            **Plans(tools, patients, self._collecting).verbs,
            **Recording(tools, patients).verbs,
            **VendorPayments(tools, patients).verbs,
            **Balances(patients, receipts).verbs,
            "adjust_charges": Adjusting(tools, patients).adjust,
            "list_receipts": receipts.list,
            "list_contracts": receipts.contracts,
            "get_receipt": receipts.text,
            "get_receipt_details": receipts.details,
        }

    def operation_of(self, request: Request) -> str | None:
        return operation_of(ROUTES, request.method, request.path)

    def handle(self, request: Request) -> Response:
        try:
            match = _match(request)
            if match.route.operation == SIGN_IN:
                return self._practices.issue_token(request, self._tools.clock.now_ms())
            return self._do(self._let_in(match, request))
        except Refused as refusal:
            return refusal.response

    def put_off(self, request: Request) -> Document | None:
        """Whoever is let in is let in now; card numbers stay at the door."""
        try:
            match = _match(request)
            if match.route.operation == SIGN_IN:
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

    def decline(self, operation: str) -> Response:
        if operation in _BY_CARD:
            return refusals.business_failure("DECLINED")
        if operation == "record_payment":
            return refusals.posting_failure()
        return refusals.refused(400, "The request was declined.").response

    def control(self, operation: str, request: Request) -> Response:
        return self._controls.answer(operation, request)

    def run(self, job: Job) -> None:
        """The nightly settlement: the only kind of job of this machine."""
        self._collecting.settle(job)

    def _let_in(self, match: Match, request: Request) -> Call:
        now_ms = self._tools.clock.now_ms()
        parameters = {name: masked(value) for name, value in match.parameters.items()}
        practice_id = parameters["practice_id"]
        client = self._practices.let_in(request, practice_id, now_ms)
        if "vendor_code" in parameters:
            check_vendor_code(client, parameters["vendor_code"])
        return Call(match.route.operation, practice_id, parameters, Form.read(request), now_ms)

    def _do(self, call: Call) -> Response:
        return self._verbs[call.operation](call)


def _match(request: Request) -> Match:
    match = find(ROUTES, request.method, request.path)
    if match:
        return match
    allowed = ", ".join(allowed_methods(ROUTES, request.path))
    if allowed:
        raise refusals.gateway(405, Allow=allowed)
    raise refusals.gateway(404)
