"""GET /v1/{practiceid}/patients/{patientid}/receipts"""

from payhub.entrypoints.athena import document_answer, in_dialect
from payhub.entrypoints.http import endpoint
from payhub.operations.list_receipts import ListReceipts, list_receipts

handler = endpoint(list_receipts, ListReceipts, document_answer, dialect=in_dialect)
