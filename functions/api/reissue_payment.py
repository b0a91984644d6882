"""POST /payments/{paymentId}/reissue"""

from payhub.entrypoints.http import endpoint
from payhub.operations.reissue_payment import ReissuePayment, reissue_payment

handler = endpoint(reissue_payment, ReissuePayment)
