"""POST /v1/practice/{practiceId}/securePayments"""

from payhub.entrypoints.http import endpoint
from payhub.entrypoints.medfusion import accepted_answer, in_xml
from payhub.operations.update_portal_payments import UpdatePortalPayments, update_portal_payments

handler = endpoint(update_portal_payments, UpdatePortalPayments, accepted_answer, dialect=in_xml)
