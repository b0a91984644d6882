"""Status updates: taken at once, applied later; what became of them can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from local.sandbox.jobs import Job
from local.sandbox.medfusion import updates
from local.sandbox.medfusion.calls import Call, Verb
from local.sandbox.medfusion.documents import response_document, status_document
from local.sandbox.medfusion.magic import Magic, magic
from local.sandbox.medfusion.manners import Manners, MannersBook
from local.sandbox.medfusion.members import VENDOR
from local.sandbox.medfusion.payments import BILL, STATUSES, Payment, Payments
from local.sandbox.medfusion.polling import type_asked
from local.sandbox.medfusion.refusals import invalid, refused
from local.sandbox.medfusion.routes import POST_BILLS, POST_OTHERS, status_path
from local.sandbox.medfusion.updates import Update
from local.sandbox.medfusion.xml_text import xml_response
from local.sandbox.messages import Response
from local.sandbox.shelf import Shelf
from local.sandbox.store import Document
from local.sandbox.vendor import Tools

PROCESSING, COMPLETED, ERROR = "PROCESSING", "COMPLETED", "ERROR"
_PROCESS = "process"


@dataclass(frozen=True)
class Message:
    """One POST that was accepted; applied as a whole or, with `errors`, not at all."""

    id: str
    job_id: str
    practice_id: str
    type: str
    updates: list[Update]
    received_ms: int
    state: str = PROCESSING
    errors: list[str] = field(default_factory=list)
    forgotten: bool = False

    @property
    def name(self) -> str:
        return self.id

    @property
    def parent(self) -> str:
        return self.practice_id

    @classmethod
    def from_document(cls, document: Document) -> Message:
        return cls(**{**document, "updates": [Update(**each) for each in document["updates"]]})


class Posting:
    """Not idempotent: the same document twice is two messages, the second of which is harmless."""

    def __init__(self, tools: Tools, payments: Payments, manners: MannersBook) -> None:
        self._tools = tools
        self._payments = payments
        self._manners = manners
        self._messages = Shelf(tools.store, VENDOR, "medfusion_message", Message.from_document)
        self.verbs: Mapping[str, Verb] = {
            POST_BILLS: lambda call: self._post(call, BILL),
            POST_OTHERS: lambda call: self._post(call, type_asked(call)),
            "get_processing_status": self._status,
        }

    def all(self) -> list[Message]:
        return self._messages.all()

    def process(self, job: Job) -> None:
        """Apply a message whose time has come."""
        message = self._messages.get(job.payload["message_id"])
        if message is None:
            return
        moved: dict[str, Payment] = {}
        errors = [text for each in message.updates if (text := self._apply(message, each, moved))]
        for payment in moved.values() if not errors else ():
            self._payments.save(payment)
        state = ERROR if errors else COMPLETED
        forgotten = any(each.forgets_status for each in self._specials(message.updates))
        self._messages.save(replace(message, state=state, errors=errors, forgotten=forgotten))

    def _post(self, call: Call, type_: str) -> Response:
        wanted = updates.read(call, type_)
        specials = self._specials(wanted)
        if any(each.refuse_post for each in specials):
            raise invalid("The payment cannot be updated.")
        uuid = self._tools.ids.uuid
        message = Message(uuid(), uuid(), call.practice_id, type_, wanted, call.now_ms)
        self._messages.save(message)
        manners = self._manners.of(call.practice_id)
        self._plan(message, manners, specials)
        root = response_document(manners.style, message.job_id, message.id)
        if manners.loses_location or any(each.loses_location for each in specials):
            return xml_response(202, root)
        location = f"http://{call.host}{status_path(call.practice_id, message.id)}"
        return xml_response(202, root, {"Location": location})

    def _plan(self, message: Message, manners: Manners, specials: list[Magic]) -> None:
        if any(each.stays_processing for each in specials):
            return
        later_seconds = max((each.later_seconds for each in specials), default=0)
        wait_ms = round((manners.processing_seconds + later_seconds) * 1000)
        payload = {"message_id": message.id}
        self._tools.jobs.schedule(message.received_ms + wait_ms, VENDOR, _PROCESS, payload)

    def _apply(self, message: Message, update: Update, moved: dict[str, Payment]) -> str:
        """Move a payment on; answers why it cannot be, or nothing."""
        payment = moved.get(update.payment_id) or self._payments.get(update.payment_id)
        if payment is None or (payment.practice_id, payment.type) != (
            message.practice_id,
            message.type,
        ):
            return f"Payment {update.payment_id} was not found."
        if update.amount_cents not in (None, payment.amount_cents):
            return f"AmountPaid of payment {payment.id} is another one."
        if STATUSES.index(update.status) < STATUSES.index(payment.status):
            return f"Payment {payment.id} is {payment.status} and cannot become {update.status}."
        moved[payment.id] = replace(payment, status=update.status)
        return magic(payment.amount_cents).ends_in_error

    def _specials(self, wanted: list[Update]) -> list[Magic]:
        """What is special about the payments that a message names."""
        found = (self._payments.get(each.payment_id) for each in wanted)
        return [magic(payment.amount_cents) for payment in found if payment]

    def _status(self, call: Call) -> Response:
        message = self._messages.get(call.parameters["message_id"])
        if message is None or message.practice_id != call.practice_id or message.forgotten:
            raise refused(404)
        # The job comes to its end also where its message does not.
        job_state = PROCESSING if message.state == PROCESSING else COMPLETED
        style = self._manners.of(call.practice_id).style
        states = (job_state, message.state)
        root = status_document(style, message.job_id, message.id, states, message.errors)
        return xml_response(200, root)
