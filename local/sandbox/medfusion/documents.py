"""The vendor's documents: payments that were made, messages and what became of them."""

from __future__ import annotations

from collections.abc import Sequence

from local.sandbox.medfusion.manners import Style
from local.sandbox.medfusion.payments import Payment
from local.sandbox.medfusion.schema import PAYMENTS_NAMESPACE
from local.sandbox.medfusion.xml_text import Element, add, root_element
from local.sandbox.money import dollars


def payments_document(practice_id: str, payments: Sequence[Payment]) -> Element:
    root = root_element("Payments", PAYMENTS_NAMESPACE)
    headers = add(root, "PaymentsMessageHeaders")
    add(headers, "Sender", deviceName="Sandbox portal")
    add(headers, "Partner", deviceName="Sandbox partner")
    add(headers, "Destination", deviceName="Practice system")
    practice = add(add(root, "PracticeInformation"), "PracticeIdentifier")
    add(practice, "PracticeId", practice_id)
    for payment in payments:
        _add_payment(root, payment)
    return root


def _add_payment(root: Element, payment: Payment) -> None:
    """An empty account number is left out, as of a card that was swiped for nobody known."""
    element = add(root, "Payment", id=payment.id)
    if payment.account_number:
        add(element, "PatientAccountNumber", payment.account_number)
    add(element, "PaymentType", payment.type)
    add(element, "PaymentStatus", payment.status)
    information = add(element, "PaymentInformation")
    add(information, "AmountPaid", f"{dollars(payment.amount_cents):f}")
    add(information, "CCType", payment.card_type)
    add(information, "CCLast4Digits", payment.card_last4)
    add(information, "ConfirmationNumber", payment.confirmation)
    if payment.comments:
        add(information, "PaymentComments", payment.comments)


def response_document(style: Style, job_id: str, message_id: str) -> Element:
    """The answer to a message that was taken."""
    root = root_element("ProcessingResponse", style.namespace, prefixed=style.prefixed)
    add(root, style.written("DataJobId"), job_id)
    add(root, style.written("MessageId"), message_id)
    return root


def status_document(
    style: Style, job_id: str, message_id: str, states: tuple[str, str], errors: Sequence[str]
) -> Element:
    """A state of the job and one of its message, with what went wrong there."""
    job_state, message_state = states
    root = root_element("ProcessingStatus", style.namespace, prefixed=style.prefixed)
    job = add(root, "DataJob")
    add(job, style.written("DataJobId"), job_id)
    add(job, "State", job_state)
    message = add(add(root, "Messages"), "Message")
    add(message, style.written("MessageId"), message_id)
    add(message, "State", message_state)
    for text in errors:
        add(message, "Error", text)
    return root
