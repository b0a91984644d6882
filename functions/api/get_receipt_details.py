"""GET /v1/{practiceid}/patients/{patientid}/receipts/{epaymentid}/details"""

from payhub.entrypoints.athena import document_answer, in_dialect
from payhub.entrypoints.http import endpoint
from payhub.operations.get_receipt_details import GetReceiptDetails, get_receipt_details

handler = endpoint(get_receipt_details, GetReceiptDetails, document_answer, dialect=in_dialect)
