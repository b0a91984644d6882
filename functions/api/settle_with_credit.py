"""POST /billing/payment-terminal/charge/create-patient-credit-settled"""

from payhub.entrypoints.decoda import in_dialect, payment_summary_answer
from payhub.entrypoints.http import endpoint
from payhub.operations.settle_with_credit import SettleWithCredit, settle_with_credit

handler = endpoint(settle_with_credit, SettleWithCredit, payment_summary_answer, dialect=in_dialect)
