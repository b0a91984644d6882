"""The paths the vendor serves, and the operation each one is."""

from __future__ import annotations

from local.sandbox.routes import Route

SIGN_IN = "issue_token"
_PRACTICE = "/v1/{practice_id}"
_PATIENT = f"{_PRACTICE}/patients/{{patient_id}}"
_COLLECT = f"{_PATIENT}/collectpayment"
_RECEIPTS = f"{_PATIENT}/receipts"
_VENDOR = f"{_PRACTICE}/patientpayvendors/{{vendor_code}}"
ROUTES = (
    Route("POST", "/oauth2/v1/token", SIGN_IN),
    Route("POST", "/oauth/token", SIGN_IN),
    Route("POST", _COLLECT, "collect_payment"),
    Route("GET", f"{_COLLECT}/singleappointment", "list_contracts"),
    Route("POST", f"{_COLLECT}/singleappointment/{{appointment_id}}", "store_card"),
    Route("POST", f"{_COLLECT}/paymentplan", "start_payment_plan"),
    Route("GET", f"{_COLLECT}/paymentplan", "list_payment_plans"),
    Route("POST", f"{_PATIENT}/recordpayment", "record_payment"),
    Route("POST", f"{_PATIENT}/voidpayment/{{epayment_id}}", "void_collected_payment"),
    Route("GET", _RECEIPTS, "list_receipts"),
    Route("GET", f"{_RECEIPTS}/{{epayment_id}}", "get_receipt"),
    Route("GET", f"{_RECEIPTS}/{{epayment_id}}/details", "get_receipt_details"),
    Route("GET", _PATIENT, "get_patient"),
    Route("GET", f"{_PATIENT}/claims/patientoutstanding", "list_outstanding_claims"),
    Route(
        "GET", f"{_PATIENT}/claims/patientoutstandingdetailed", "list_outstanding_claims_detailed"
    ),
    Route("POST", f"{_VENDOR}/payments", "record_vendor_payment"),
    Route("POST", f"{_VENDOR}/payments/{{payment_id}}/refund", "refund_vendor_payment"),
    Route("POST", f"{_VENDOR}/adjustingcharges", "adjust_charges"),
    Route("GET", f"{_VENDOR}/validvendorpaymentmethods", "list_vendor_payment_methods"),
    Route("GET", f"{_PRACTICE}/configuration/validnonccpcreditcardmethods", "list_card_methods"),
)

OPERATIONS = tuple(dict.fromkeys(route.operation for route in ROUTES))
