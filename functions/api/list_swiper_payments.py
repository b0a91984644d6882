"""GET /v1/practice/{practiceId}/payments"""

from payhub.entrypoints.http import endpoint
from payhub.entrypoints.medfusion import in_xml, portal_payments_answer
from payhub.operations.list_portal_payments import ListSwiperPayments, list_portal_payments

handler = endpoint(list_portal_payments, ListSwiperPayments, portal_payments_answer, dialect=in_xml)
