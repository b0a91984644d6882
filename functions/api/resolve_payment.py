"""POST /payments/{paymentId}/resolve"""

from payhub.entrypoints.http import OPERATOR, endpoint
from payhub.entrypoints.representations import payment_answer
from payhub.operations.resolve_payment import ResolvePayment, resolve_payment

handler = endpoint(resolve_payment, ResolvePayment, payment_answer, role=OPERATOR)
