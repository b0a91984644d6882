"""POST /payments/{paymentId}/release"""

from payhub.entrypoints.http import OPERATOR, endpoint
from payhub.operations.release_payment import ReleasePayment, release_payment

handler = endpoint(release_payment, ReleasePayment, role=OPERATOR)
