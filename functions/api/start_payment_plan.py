"""POST /v1/{practiceid}/patients/{patientid}/collectpayment/paymentplan"""

from payhub.entrypoints.athena import in_dialect, plan_answer
from payhub.entrypoints.http import endpoint
from payhub.operations.start_payment_plan import StartPaymentPlan, start_payment_plan

handler = endpoint(start_payment_plan, StartPaymentPlan, plan_answer, dialect=in_dialect)
