"""GET /payments"""

from payhub.entrypoints.http import endpoint
from payhub.entrypoints.representations import page_answer
from payhub.operations.list_payments import ListPayments, list_payments

handler = endpoint(list_payments, ListPayments, page_answer)
