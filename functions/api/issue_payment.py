"""POST /payments"""

from payhub.entrypoints.http import endpoint
from payhub.operations.issue_payment import IssuePayment, issue_payment

handler = endpoint(issue_payment, IssuePayment)
