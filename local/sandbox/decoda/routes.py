"""The paths the vendor serves, and the operation each one is."""

from __future__ import annotations

from local.sandbox.messages import Request
from local.sandbox.routes import Route, operation_of

SHOW_COMPONENT, COMPLETE_PAYIN = "show_component", "complete_payin"
_TABLE, _ONE_OF_TABLE = "list_payment_table", "get_payment"
_WEBHOOK = "/webhook/decoda"
ROUTES = (
    Route(
        "POST",
        "/billing/payment-terminal/charge/create-patient-credit-settled",
        "settle_with_credit",
    ),
    Route("POST", "/billing/payment-plan/payin-config", "create_payin_config"),
    Route("DELETE", "/billing/payment-plan/{charge_id}", "cancel_payment_plan"),
    Route("POST", "/billing/payment/refund", "refund_payment"),
    Route("GET", "/billing/payment/table", _TABLE),
    Route("GET", "/billing/payment/methods", "list_payment_methods"),
    Route("GET", "/billing/payment/{payment_id}/receipt", "get_payment_receipt"),
    Route("GET", "/billing/charge/get/{charge_id}", "get_charge"),
    Route("GET", "/billing/charge/list", "list_charges"),
    Route("GET", "/user/patient/{patient_id}/credit", "list_credits"),
    Route("GET", "/user/patient/{patient_id}/credit/available", "get_available_credit"),
    Route(
        "GET",
        "/analytics/dashboards/payment-plans/payment-plans-grouped",
        "list_planned_payments",
    ),
    Route("POST", f"{_WEBHOOK}/create", "register_webhook"),
    Route("GET", f"{_WEBHOOK}/list", "list_webhooks"),
    Route("GET", f"{_WEBHOOK}/get/{{webhook_id}}", "get_webhook"),
    Route("PUT", f"{_WEBHOOK}/update/{{webhook_id}}", "change_webhook"),
    Route("DELETE", f"{_WEBHOOK}/delete/{{webhook_id}}", "archive_webhook"),
    Route("GET", f"{_WEBHOOK}/events/{{attempt_id}}", "get_delivery_attempt"),
    Route("GET", f"{_WEBHOOK}/events/{{attempt_id}}/send", "resend_delivery_attempt"),
    Route("GET", f"{_WEBHOOK}/{{webhook_id}}/delivery-attempts/list", "list_delivery_attempts"),
    # The page that stands in for the vendor's component in the patient's browser.
    Route("GET", "/component", SHOW_COMPONENT),
    Route("POST", "/component", COMPLETE_PAYIN),
)

OPERATIONS = (*(route.operation for route in ROUTES), _ONE_OF_TABLE)


def operation_asked(request: Request) -> str | None:
    """One payment is looked up in the table by its id: the vendor has no other way."""
    operation = operation_of(ROUTES, request.method, request.path)
    if operation == _TABLE and "id" in request.query:
        return _ONE_OF_TABLE
    return operation
