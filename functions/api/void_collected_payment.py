"""POST /v1/{practiceid}/patients/{patientid}/voidpayment/{epaymentid}"""

from payhub.entrypoints.athena import in_dialect, void_answer
from payhub.entrypoints.http import endpoint
from payhub.operations.void_collected_payment import VoidCollectedPayment, void_collected_payment

handler = endpoint(void_collected_payment, VoidCollectedPayment, void_answer, dialect=in_dialect)
