"""GET /v1/{practiceid}/patients/{patientid}/receipts/{epaymentid}"""

from payhub.entrypoints.athena import document_answer, in_dialect
from payhub.entrypoints.http import endpoint
from payhub.operations.get_receipt import GetReceipt, get_receipt

handler = endpoint(get_receipt, GetReceipt, document_answer, dialect=in_dialect)
