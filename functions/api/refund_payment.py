"""POST /payments/{paymentId}/refund"""

from payhub.entrypoints.http import endpoint
from payhub.entrypoints.representations import refund_answer
from payhub.operations.refund_payment import RefundPayment, refund_payment

handler = endpoint(refund_payment, RefundPayment, refund_answer)
