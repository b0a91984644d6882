"""The bodies of the documented requests, field by field."""

from __future__ import annotations

from local.sandbox.decoda.schema import Field, texts

CHARGE_STATUSES = (
    "OUTSTANDING",
    "PAID",
    "EXTERNAL_SETTLEMENT",
    "VOID",
    "WRITE_OFF",
    "REFUNDED",
    "CHARGEBACK",
    "PAYMENT_PLAN",
    "COLLECTIONS",
)
PAYMENT_STATUSES = (
    "CANCELED",
    "CREATED",
    "FAILED",
    "IN_REVIEW",
    "PRESENTING",
    "PROCESSING",
    "SUCCEEDED",
)
PROCESSOR_MEDIUMS = (
    "POS",
    "VIRTUAL_TERMINAL",
    "PAYMENT_LINK",
    "PAYMENT_PLAN",
    "SUBSCRIPTION",
    "SAVED_PAYMENT_METHOD",
    "MEMBERSHIP",
)
MEDIUMS = (*PROCESSOR_MEDIUMS, "CASH", "CHECK", "CARE_CREDIT", "PATIENT_CREDIT")
FREQUENCIES = ("WEEKLY", "BIWEEKLY", "MONTHLY")
METHOD_TYPES = ("CARD", "ACH", "APPLE_PAY")
REFUND_REASONS = ("DUPLICATE", "DISPUTE", "BOOKING_FEE", "OTHER")

_TAG = (
    *texts("id", "name", "emoji", "color"),
    Field("isActive", "flag"),
    Field("createdDate", "moment"),
    Field("updatedDate", "moment"),
)
_PATIENT = (
    Field("id", "text", required=True, nullable=False),
    Field(
        "type",
        "choice",
        required=True,
        nullable=False,
        choices=("PROVIDER", "PATIENT", "ASSISTANT"),
    ),
    Field("createdDate", "moment", required=True, nullable=False),
    *texts("firstName", "lastName", "phoneNumber", "email", "locationId", "externalId"),
    *texts("address", "addressLineTwo", "city", "state", "zipCode", "country"),
    *texts("primaryLocationId", "gender", "preferredProviderId"),
    Field("addressValid", "flag"),
    Field("meta", "object"),
    Field("isArchived", "flag"),
    Field("dateOfBirth", "date"),
    Field("patientMedications", "texts"),
    Field("onSchedulingBlacklist", "flag"),
    Field("surchargeDisabled", "flag"),
    Field("tags", "list", of=_TAG),
    Field("creditBalance", "integer"),
)
_ITEM = (
    Field("quantity", "number", required=True, nullable=False),
    Field("price", "integer", required=True, nullable=False),
    *texts("chargeId", "id", "itemId", "name", "description", "discountReason"),
    *texts("soldPackageId", "bankedItemId", "issuedDiscountId", "soldByProviderId", "pricingId"),
    Field("discountAmount", "integer"),
    Field("discountPercentage", "number"),
    Field("bankedQuantity", "number"),
    Field("taxAmount", "integer"),
    Field("shipmentIds", "texts"),
)
_TIP = (
    Field("chargeId", "text", required=True, nullable=False),
    Field("amount", "integer", required=True, nullable=False),
    Field("providerId", "text", required=True, nullable=False),
    Field("id", "text"),
)
CHARGE_SUMMARY = (
    Field("patientId", "text", required=True, nullable=False),
    Field("totalOutstanding", "integer", required=True, nullable=False),
    *texts("id", "description", "externalId", "ruleSetId", "creatorId", "locationId"),
    *texts("eventId", "memberId", "comment", "merchantAccountId"),
    Field("patient", "object", of=_PATIENT),
    Field("total", "integer", nullable=False),
    Field("status", "choice", nullable=False, choices=CHARGE_STATUSES),
    Field("discountAmount", "integer"),
    Field("discountPercentage", "number"),
    Field("externalCreatedDate", "moment"),
    Field("createdDate", "moment"),
    Field("items", "list", nullable=False, of=_ITEM),
    Field("tips", "list", nullable=False, of=_TIP),
    Field("meta", "object"),
)
CHARGE_DETAIL = (
    *CHARGE_SUMMARY,
    Field("payments", "list", nullable=False),
    Field("adjustments", "list", nullable=False),
)
PLAN = (
    Field("initialAmount", "integer", required=True, nullable=False),
    Field("chargeIds", "texts", required=True, nullable=False),
    Field("frequency", "choice", required=True, nullable=False, choices=FREQUENCIES),
    Field("installments", "integer", required=True, nullable=False),
    Field("installmentAmount", "integer", required=True, nullable=False),
    Field("locationId", "text"),
    Field("startDate", "date"),
)
PAYIN_CONFIG = (
    Field("paymentMedium", "choice", required=True, nullable=False, choices=MEDIUMS),
    Field("charges", "list", required=True, nullable=False, of=CHARGE_SUMMARY),
    Field("paymentAmount", "integer"),
    Field("savePaymentMethod", "flag", nullable=False),
    Field("textReceipt", "flag", nullable=False),
    Field("isSurcharged", "flag", nullable=False),
    Field("paymentPlan", "object", of=PLAN),
    *texts("locationId", "creatorId", "membershipId", "soldByProviderId", "merchantAccountId"),
    Field("membershipStartDate", "moment"),
)
REFUND = (
    Field("paymentId", "text", required=True, nullable=False),
    Field("providerId", "text", required=True, nullable=False),
    Field("amount", "integer", required=True, nullable=False),
    Field("reason", "choice", required=True, nullable=False, choices=REFUND_REASONS),
    *texts("description", "locationId"),
    Field("restoreInventory", "flag", nullable=False),
)
