"""GET /payment-plans"""

from payhub.entrypoints.http import endpoint
from payhub.entrypoints.plans import plan_page_answer
from payhub.operations.list_payment_plans import ListPaymentPlans, list_payment_plans

handler = endpoint(list_payment_plans, ListPaymentPlans, plan_page_answer)
