"""POST /payment-plans/{planId}/cancel"""

from payhub.entrypoints.http import endpoint
from payhub.entrypoints.plans import plan_reply_answer
from payhub.operations.cancel_payment_plan import CancelPaymentPlan, cancel_payment_plan

handler = endpoint(cancel_payment_plan, CancelPaymentPlan, plan_reply_answer)
