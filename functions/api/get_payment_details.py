"""GET /payments/{paymentId}/details"""

from payhub.entrypoints.http import endpoint
from payhub.entrypoints.representations import details_answer
from payhub.operations.get_payment_details import GetPaymentDetails, get_payment_details

handler = endpoint(get_payment_details, GetPaymentDetails, details_answer)
