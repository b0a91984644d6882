"""GET /payment-plans/{planId}"""

from payhub.entrypoints.http import endpoint
from payhub.entrypoints.plans import plan_answer
from payhub.operations.get_payment_plan import GetPaymentPlan, get_payment_plan

handler = endpoint(get_payment_plan, GetPaymentPlan, plan_answer)
