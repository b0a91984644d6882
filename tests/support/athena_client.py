"""A caller written for athenahealth, from its documents alone: it knows nothing of the hub."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

Fields = Mapping[str, Any]

TOKEN_PATH, OLDER_TOKEN_PATH = "/oauth2/v1/token", "/oauth/token"
SCOPE = "athena/service/Athenanet.MDP.*"
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back; the body of every answer is JSON."""

    response: httpx.Response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""
        return self.response.headers

    @property
    def body(self) -> Any:
        """The JSON."""
        return self.response.json()

    @property
    def payment_id(self) -> str:
        """How whoever answered calls the payment in its own books."""
        return self.headers["Payment-Id"]

    def __repr__(self) -> str:
        return f"{self.status} {self.response.text} {dict(self.headers)}"


class AthenaClient:
    """One client's credentials in one practice, and with one payment vendor's code.

    Bodies are form-encoded, inner lists are JSON text in one field, ids come and go as numbers.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        practice_id: str,
        vendor_code: str,
        *,
        token_path: str = TOKEN_PATH,
        scope: str | None = SCOPE,
    ) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=90, trust_env=False)
        self._credentials = (client_id, client_secret)
        self._token_path, self._scope = token_path, scope
        self._practice = f"/v1/{practice_id}"
        self._vendor = f"{self._practice}/patientpayvendors/{vendor_code}"
        self._token = ""

    def sign_in(self) -> Answer:
        """A new token; client credentials with Basic."""
        form = {"grant_type": "client_credentials"}
        if self._scope is not None:
            form["scope"] = self._scope
        sent = self._http.post(self._token_path, data=form, auth=self._credentials)
        answer = Answer(sent)
        self._token = answer.body.get("access_token", "")
        return answer

    @property
    def token(self) -> str:
        """The one in use."""
        if not self._token:
            self.sign_in()
        return self._token

    def collect_payment(self, patient_id: int, fields: Fields, key: str | None = None) -> Answer:
        """Charge a card."""
        return self.post(f"{self._patient(patient_id)}/collectpayment", fields, key)

    def store_card(
        self, patient_id: int, appointment_id: int, fields: Fields, key: str | None = None
    ) -> Answer:
        """Store a card, to be charged for one appointment later."""
        path = f"{self._patient(patient_id)}/collectpayment/singleappointment/{appointment_id}"
        return self.post(path, fields, key)

    def start_payment_plan(self, patient_id: int, fields: Fields, key: str | None = None) -> Answer:
        """Start a plan for claims."""
        return self.post(f"{self._patient(patient_id)}/collectpayment/paymentplan", fields, key)

    def record_payment(self, patient_id: int, fields: Fields, key: str | None = None) -> Answer:
        """Record cash, a check, or a card of another terminal."""
        return self.post(f"{self._patient(patient_id)}/recordpayment", fields, key)

    def void_payment(self, patient_id: int, epayment_id: int, key: str | None = None) -> Answer:
        """Void a card payment; there are no fields."""
        return self.post(f"{self._patient(patient_id)}/voidpayment/{epayment_id}", {}, key)

    def record_vendor_payment(self, fields: Fields, key: str | None = None) -> Answer:
        """Record what the payment vendor has taken."""
        return self.post(f"{self._vendor}/payments", fields, key)

    def refund_vendor_payment(
        self, patient_payment_id: int, fields: Fields, key: str | None = None
    ) -> Answer:
        """Record that the payment vendor gave it back."""
        return self.post(f"{self._vendor}/payments/{patient_payment_id}/refund", fields, key)

    def adjust_charges(self, fields: Fields, key: str | None = None) -> Answer:
        """Take something off charges."""
        return self.post(f"{self._vendor}/adjustingcharges", fields, key)

    def receipts(self, patient_id: int, department_id: int) -> Answer:
        """Every receipt of a patient."""
        query = {"departmentid": department_id}
        return self._call("GET", f"{self._patient(patient_id)}/receipts", params=query)

    def receipt(self, patient_id: int, epayment_id: int, **query: bool) -> Answer:
        """One receipt as it is printed."""
        path = f"{self._patient(patient_id)}/receipts/{epayment_id}"
        return self._call("GET", path, params=form_of(query))

    def receipt_details(self, patient_id: int, epayment_id: int, **query: bool) -> Answer:
        """One receipt in its parts."""
        path = f"{self._patient(patient_id)}/receipts/{epayment_id}/details"
        return self._call("GET", path, params=form_of(query))

    def post(self, path: str, fields: Fields, key: str | None = None) -> Answer:
        """A form-encoded request to any path."""
        return self._call("POST", path, data=form_of(fields), key=key)

    def post_json(self, path: str, fields: Fields) -> Answer:
        """The same fields as a JSON object, for a client that prefers it."""
        return self._call("POST", path, json=dict(fields))

    def path_of(self, patient_id: int, operation: str) -> str:
        """The path of an operation on a patient."""
        return f"{self._patient(patient_id)}/{operation}"

    def _patient(self, patient_id: int) -> str:
        return f"{self._practice}/patients/{patient_id}"

    def _call(self, method: str, path: str, key: str | None = None, **content: Any) -> Answer:
        """With a token, and once more with a new one where it has ended."""
        sent = self._send(method, path, key, content)
        if sent.status_code == httpx.codes.UNAUTHORIZED:
            self.sign_in()
            sent = self._send(method, path, key, content)
        return Answer(sent)

    def _send(
        self, method: str, path: str, key: str | None, content: Mapping[str, Any]
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        if method == "POST" and "json" not in content:
            headers["Content-Type"] = FORM_TYPE
        if key is not None:
            headers["Idempotency-Key"] = key
        return self._http.request(method, path, headers=headers, **content)


def form_of(fields: Fields) -> dict[str, str]:
    """Fields as a form holds them: everything is text, lists are JSON text."""
    return {name: _text(value) for name, value in fields.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, list | dict) else str(value)
