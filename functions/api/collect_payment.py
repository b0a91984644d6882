"""POST /v1/{practiceid}/patients/{patientid}/collectpayment"""

from payhub.entrypoints.athena import card_answer, in_dialect
from payhub.entrypoints.http import endpoint
from payhub.operations.collect_payment import CollectPayment, collect_payment

handler = endpoint(collect_payment, CollectPayment, card_answer, dialect=in_dialect)
