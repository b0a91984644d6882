"""POST /payments/{paymentId}/void"""

from payhub.entrypoints.http import endpoint
from payhub.operations.void_payment import VoidPayment, void_payment

handler = endpoint(void_payment, VoidPayment)
