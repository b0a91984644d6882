"""What athenahealth's bodies must hold beyond what their models say: the operations check it."""

from typing import Any

Json = dict[str, Any]

FIELDS: dict[str, Json] = {
    "accountnumber": {"pattern": "^[0-9]{12,19}$"},
    "nameoncard": {"maxLength": 30},
    "expirationmonthmm": {"pattern": "^(0?[1-9]|1[0-2])$"},
    "expirationyearyyyy": {"pattern": "^20[0-9]{2}$"},
    "billingaddress": {"maxLength": 20},
    "billingzip": {"maxLength": 10},
    "cardsecuritycode": {"pattern": "^[0-9]{3,4}$"},
    "percentage": {"minimum": 1, "maximum": 100},
    "fullrefund": {"enum": [True]},
}
"""Field -> what its values must look like, the same in every body."""

_KEYED = ["accountnumber", "nameoncard", "expirationmonthmm", "expirationyearyyyy"]
_BILLING = ["billingaddress", "billingzip"]

_CARD: Json = {"anyOf": [{"required": [*_KEYED, *_BILLING]}, {"required": ["trackdata"]}]}
_STORED_CARD: Json = {
    "anyOf": [{"required": [*_KEYED, "cardsecuritycode"]}, {"required": ["trackdata"]}]
}


def _amounts(*others: str) -> Json:
    """At least one amount; a copay names its appointment."""
    choices = ["copayamount", "claimpayment", "otheramount", *others]
    return {"anyOf": [{"required": [it]} for it in choices]}


_COPAY = {"copayamount": ["appointmentid"]}

RULES: dict[str, Json] = {
    "CollectBody": {
        "required": ["departmentid"],
        "allOf": [_CARD, _amounts("amount")],
        "dependentRequired": _COPAY,
    },
    "StoreCardBody": {"required": ["departmentid", *_BILLING], "allOf": [_STORED_CARD]},
    "PlanBody": {"required": ["departmentid", "claimids", "cycleamount"]},
    "RecordBody": {
        "required": ["departmentid", "paymentmethod"],
        "allOf": [_amounts()],
        "dependentRequired": _COPAY,
    },
    "VendorPaymentBody": {
        "required": ["departmentid", "patientid", "paymentmethod"],
        "allOf": [_amounts()],
        "dependentRequired": _COPAY,
    },
    "RefundBody": {"required": ["departmentid", "patientid", "paymentmethod"]},
    "AdjustBody": {"required": ["patientid", "charges"]},
}
"""Body -> which fields must come, alone or together."""
