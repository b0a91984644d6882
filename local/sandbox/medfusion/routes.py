"""The paths the vendor serves, and the operation each one is."""

from __future__ import annotations

from local.sandbox.routes import Route

GET_APPLICATION, GET_TOKEN = "get_oauth_application", "get_token"
POST_BILLS, POST_OTHERS = "post_secure_payments", "post_payments"
_PRACTICE = "/v1/practice/{practice_id}"
ROUTES = (
    Route("GET", "/v1/oauth2/oauthapplication/{app_token}", GET_APPLICATION),
    Route("POST", "/v1/oauth2/token", GET_TOKEN),
    Route("GET", f"{_PRACTICE}/securePayments", "poll_secure_payments"),
    Route("POST", f"{_PRACTICE}/securePayments", POST_BILLS),
    Route("GET", f"{_PRACTICE}/payments", "poll_payments"),
    Route("POST", f"{_PRACTICE}/payments", POST_OTHERS),
    Route("GET", f"{_PRACTICE}/processingStatus/{{message_id}}", "get_processing_status"),
)
OPERATIONS = tuple(route.operation for route in ROUTES)


def status_path(practice_id: str, message_id: str) -> str:
    """Where the vendor tells what became of a message."""
    return f"/v1/practice/{practice_id}/processingStatus/{message_id}"
