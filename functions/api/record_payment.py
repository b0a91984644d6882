"""POST /v1/{practiceid}/patients/{patientid}/recordpayment"""

from payhub.entrypoints.athena import in_dialect, record_answer
from payhub.entrypoints.http import endpoint
from payhub.operations.record_payment import RecordPayment, record_payment

handler = endpoint(record_payment, RecordPayment, record_answer, dialect=in_dialect)
