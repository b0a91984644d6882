"""GET /payments/{paymentId}"""

from payhub.entrypoints.http import endpoint
from payhub.entrypoints.representations import payment_answer
from payhub.operations.get_payment import GetPayment, get_payment

handler = endpoint(get_payment, GetPayment, payment_answer)
