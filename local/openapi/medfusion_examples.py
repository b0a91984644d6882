"""Believable documents of Medfusion's paths; made by what makes the real ones."""

from dataclasses import replace
from typing import Any
from unittest import mock

from local.openapi import examples
from payhub import wiring
from payhub.domain.payment import Payment
from payhub.domain.portal import FeedPage, MessageView
from payhub.domain.reply import Reply
from payhub.entrypoints import medfusion

PRACTICE_ID = "1c7ecf9f-9700-4e70-b976-9356db658274"
MESSAGE_ID = "e9b41b0e-52a4-4f0a-9a37-0c6b9d1f7f55"
LAST_TIMESTAMP_MS = 1_795_270_987_512
APP_TOKEN = "bm90LWEtcmVhbC1hcHBsaWNhdGlvbi10b2tlbg"  # noqa: S105 - opens nothing
_JOB_ID = "4d2a6c39b1f04e7c8a5d2f90c6e1b7a3"
_PAYMENT = """\
<Payment id="782b8228-2527-4e2a-825c-a4afabe74ae0">
    <PatientAccountNumber>100234</PatientAccountNumber>
    <PaymentType>BillPayment</PaymentType>
    <PaymentStatus>SUBMITTED</PaymentStatus>
    <PaymentInformation>
      <AmountPaid>25.00</AmountPaid>
      <CCType>Visa</CCType>
      <CCLast4Digits>0042</CCLast4Digits>
      <ConfirmationNumber>698548507</ConfirmationNumber>
      <PaymentComments>Copay for Appointment</PaymentComments>
    </PaymentInformation>
  </Payment>"""


def _portal_payment(status: str) -> Payment:
    terms = {"practiceId": PRACTICE_ID, "xml": _PAYMENT}
    return replace(examples.payment(status=status), vendor="medfusion", terms=terms)


def _message() -> Payment:
    payment_id = MESSAGE_ID.replace("-", "")
    return replace(_portal_payment("SUBMITTED"), payment_id=payment_id, alias=f"job/{_JOB_ID}")


def payments_body(status: str = "SUBMITTED") -> Any:
    """A payment of the portal."""
    page = FeedPage(payments=(_portal_payment(status),), last_ms=LAST_TIMESTAMP_MS)
    return medfusion.portal_payments_answer(page, examples.CALLER, examples.CORRELATION_ID)["body"]


def posted_body() -> Any:
    """The same, reported as posted."""
    return payments_body("POSTED")


def accepted_body() -> Any:
    """The ids of a message."""
    reply = Reply(payment=_message(), action=_message().action)
    with mock.patch.object(wiring, "hub"):
        answer = medfusion.accepted_answer(reply, examples.CALLER, examples.CORRELATION_ID)
    return answer["body"]


def completed_body() -> Any:
    """A message that was processed."""
    return _status_body("COMPLETED")


def failed_body() -> Any:
    """A message that could not be processed."""
    return _status_body("ERROR", "The payment is not one of the practice's")


def _status_body(state: str, error: str | None = None) -> Any:
    view = MessageView(message=_message(), state=state, error=error)
    answer = medfusion.processing_status_answer(view, examples.CALLER, examples.CORRELATION_ID)
    return answer["body"]


def token_body() -> Any:
    """A token that opens nothing."""
    return {
        "tokenType": "BEARER",
        "expiresIn": 3600,
        "accessToken": examples.token_body()["access_token"],
        "refreshToken": None,
        "accessTokenSecret": None,
    }


def application_body() -> Any:
    """An application that does not exist."""
    return {
        "applicationName": "Riverside Clinic",
        "grantTypes": ["password", "client_credentials"],
        "clientId": "81e1a36ea1d540e282ace85e1169482f",
        "clientSecret": "not-a-real-secret",
        "oauthVersion": "O_AUTH_2_0",
    }
