"""What Medfusion's clients expect to read: its XML documents for what the hub knows."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

from payhub import wiring
from payhub.domain.payment import Payment
from payhub.domain.portal import FeedPage, MessageView
from payhub.domain.reply import Reply
from payhub.domain.tenant import Caller
from payhub.entrypoints import problems
from payhub.entrypoints.representations import payment_headers
from payhub.xml import VENDOR_MAX_BYTES, Element, local_name, parse, to_bytes

Answer = dict[str, Any]

XML_TYPE, PROBLEM_TYPE = "application/xml", "application/problem+xml"
PAYMENT_STATUS = "PaymentStatus"

_PAYMENTS = b"""
<ns2:Payments xmlns:ns2="http://schema.intuit.com/health/securePayments/v1">
  <PaymentsMessageHeaders>
    <Sender deviceName="Payhub"/>
    <Partner deviceName="Medfusion"/>
    <Destination deviceName=""/>
  </PaymentsMessageHeaders>
  <PracticeInformation>
    <PracticeIdentifier>
      <PracticeId/>
    </PracticeIdentifier>
  </PracticeInformation>
</ns2:Payments>
"""
_ACCEPTED = b"""
<ProcessingResponse xmlns:ns2="http://schema.intuit.com/health/admin/v1">
  <DataJobId/>
  <MessageId/>
</ProcessingResponse>
"""
_STATUS = b"""
<ProcessingStatus xmlns:ns2="http://schema.intuit.com/health/admin/v1">
  <DataJob>
    <DataJobId/>
    <State/>
  </DataJob>
  <Messages>
    <Message>
      <MessageId/>
      <State/>
    </Message>
  </Messages>
</ProcessingStatus>
"""
_PROBLEM_NAMESPACE = "urn:ietf:rfc:7807"
_PROBLEM = f'<problem xmlns="{_PROBLEM_NAMESPACE}"/>'.encode()
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def portal_payments_answer(page: FeedPage, caller: Caller, correlation_id: str) -> Answer:
    """200 with the payments as the vendor gave them, but for their status; 204 where none is new.

    `Last-Timestamp` is the `since` of the next request.
    """
    headers = {"Last-Timestamp": str(page.last_ms)}
    if not page.payments:
        return _answer(204, None, headers)
    root = parse(_PAYMENTS)
    _fill(root, "PracticeId", str(page.payments[0].terms["practiceId"]))
    _one(root, "Destination").set("deviceName", _readable(caller.tenant.name))
    for payment in page.payments:
        root.append(_as_it_stands(payment))
    return _answer(200, root, headers)


def accepted_answer(reply: Reply, caller: Caller, correlation_id: str) -> Answer:
    """202 with the ids of the message, and where its processing status is."""
    message = reply.payment
    root = parse(_ACCEPTED)
    _fill(root, "DataJobId", _job_id(message))
    _fill(root, "MessageId", _message_id(message))
    practice = f"{wiring.hub().public_url}/v1/practice/{message.terms['practiceId']}"
    location = {"Location": f"{practice}/processingStatus/{_message_id(message)}"}
    known = payment_headers(message, message.revision, replayed=reply.replayed)
    return _answer(202, root, {**known, **location})


def processing_status_answer(view: MessageView, caller: Caller, correlation_id: str) -> Answer:
    """200 with the state of the batch and of its one message, which says why it failed."""
    root = parse(_STATUS)
    job, message = _one(root, "DataJob"), _one(root, "Message")
    _fill(job, "DataJobId", _job_id(view.message))
    _fill(message, "MessageId", _message_id(view.message))
    for place in (job, message):
        _fill(place, "State", view.state)
    if view.error is not None:
        _add(message, "Error", view.error)
    return _answer(200, root, {"Payment-Id": view.message.payment_id})


def in_xml(answer: Answer) -> Answer:
    """A problem as RFC 7807 writes one in XML, with the members of the JSON."""
    if answer["headers"].get("Content-Type") != problems.CONTENT_TYPE:
        return answer
    root = parse(_PROBLEM)
    _add_members(root, json.loads(answer["body"]))
    headers = {**answer["headers"], "Content-Type": PROBLEM_TYPE}
    return {**answer, "headers": headers, "body": to_bytes(root).decode()}


def _add_members(parent: Element, members: dict[str, Any]) -> None:
    """Texts as elements of their names; in a list, each in an element `i`."""
    for name, value in members.items():
        qualified = f"{{{_PROBLEM_NAMESPACE}}}{name}"
        if isinstance(value, list):
            listed = _add(parent, qualified, None)
            for it in value:
                _add_members(_add(listed, f"{{{_PROBLEM_NAMESPACE}}}i", None), it)
        else:
            _add(parent, qualified, str(value))


def _as_it_stands(payment: Payment) -> Element:
    """Its element as it came, with the status that the hub knows now."""
    element = parse(str(payment.terms["xml"]).encode(), VENDOR_MAX_BYTES)
    shown = [it for it in element.iter() if local_name(it) == PAYMENT_STATUS]
    for it in shown or [_add(element, PAYMENT_STATUS, None)]:
        it.text = _readable(payment.status)
    return element


def _message_id(message: Payment) -> str:
    return str(UUID(message.payment_id))


def _job_id(message: Payment) -> str:
    """The one that stands in the alias of a message."""
    return str(UUID((message.alias or "").removeprefix("job/")))


def _one(root: Element, name: str) -> Element:
    return next(root.iter(name))


def _fill(root: Element, name: str, words: str) -> None:
    _one(root, name).text = _readable(words)


def _add(parent: Element, name: str, words: str | None) -> Element:
    element = parent.makeelement(name)
    element.text = None if words is None else _readable(words)
    parent.append(element)
    return element


def _readable(words: str) -> str:
    """Without what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", words)


def _answer(status: int, root: Element | None, headers: dict[str, str]) -> Answer:
    """Without a document too: API Gateway would call an answer without a type JSON."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": XML_TYPE, "Cache-Control": "no-store", **headers},
        "body": "" if root is None else to_bytes(root).decode(),
    }
