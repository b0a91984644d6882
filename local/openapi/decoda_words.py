"""What the fields of Decoda's documented bodies are, where their models do not say it."""

from collections.abc import Mapping

_CHARGE = {
    "patient": "The patient in detail; passed on, never looked up.",
    "total": "What the whole charge comes to, in cents.",
    "description": "What the charge is for.",
    "status": "Where the charge stands.",
    "discountAmount": "Taken off what is outstanding, in cents.",
    "discountPercentage": "Taken off the charge, in percent.",
    "externalCreatedDate": "When it was made in your own system.",
    "ruleSetId": "The rule set that applies to it.",
    "createdDate": "When it was made.",
    "creatorId": "The provider who made it.",
    "items": "What it consists of.",
    "tips": "Tips that belong to it.",
    "locationId": "Where it was made.",
    "eventId": "The event it belongs to.",
    "memberId": "The member it belongs to.",
    "comment": "More about it.",
    "merchantAccountId": "The merchant account it belongs to.",
}

FIELDS: Mapping[str, Mapping[str, str]] = {
    "ChargeSummary": _CHARGE,
    "ChargeDetail": {
        **_CHARGE,
        "payments": "Its payments; passed on as they come.",
        "adjustments": "Its adjustments; passed on as they come.",
    },
    "ChargeItem": {
        "quantity": "How many.",
        "price": "In cents.",
        "id": "Of this line.",
        "itemId": "Of what is sold.",
        "chargeId": "The charge it belongs to.",
        "discountAmount": "In cents.",
        "discountPercentage": "In percent.",
        "discountReason": "Why there is a discount.",
        "soldPackageId": "The sold package that is used.",
        "bankedQuantity": "How many are put aside for later.",
        "bankedItemId": "What was put aside and is used now.",
        "issuedDiscountId": "The discount that was used.",
        "soldByProviderId": "Who sold it.",
        "taxAmount": "In cents.",
        "pricingId": "The price it goes by.",
        "shipmentIds": "The shipments that its stock is taken from.",
    },
    "Tip": {
        "chargeId": "The charge it belongs to.",
        "amount": "In cents.",
        "providerId": "Who gets it.",
        "provider": "Who that is, passed on as it comes.",
    },
    "Patient": {
        "type": "Of a patient `PATIENT`.",
        "tags": "The patient's tags.",
        "creditBalance": "In cents; what counts is what Decoda has.",
        "onSchedulingBlacklist": "Whether appointments are refused.",
        "surchargeDisabled": "Whether the patient pays no surcharge.",
        "preferredProviderId": "Whom the patient prefers.",
        "meta": "Anything about the patient of your own.",
    },
    "PayinBody": {
        "paymentMedium": "How the payer will pay; one that is settled outside of Decoda's card"
        " processor is refused by Decoda.",
        "charges": "All of one patient.",
        "paymentPlan": "How the charges are paid.",
        "paymentAmount": "What is paid now, in cents.",
        "savePaymentMethod": "Whether Decoda keeps the payment method for later.",
        "textReceipt": "Whether the patient gets the receipt by text message.",
        "isSurcharged": "Whether the patient pays a surcharge.",
        "locationId": "Where it is paid.",
        "creatorId": "The provider who asks for it.",
        "membershipId": "The membership it is for.",
        "membershipStartDate": "When that begins.",
        "soldByProviderId": "Who sold it.",
        "merchantAccountId": "The merchant account that is paid.",
        "cartId": "The cart that is paid.",
    },
    "PlanTerms": {
        "installments": "How many there are after the initial amount.",
        "frequency": "How far they are apart.",
        "locationId": "Where the plan is made.",
    },
    "RefundPaymentBody": {
        "reason": "In Decoda's words.",
        "locationId": "Where it is asked for.",
    },
}
"""Schema -> field -> words."""
