"""Queue of payments that are due"""

from payhub.entrypoints.queue import worker
from payhub.operations.advance_payment import AdvancePayment, advance_payment

handler = worker(advance_payment, AdvancePayment)
