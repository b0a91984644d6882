"""POST /v1/{practiceid}/patientpayvendors/{vendorcode}/payments/{patientpaymentid}/refund"""

from payhub.entrypoints.athena import in_dialect, refund_answer
from payhub.entrypoints.http import endpoint
from payhub.operations.refund_vendor_payment import RefundVendorPayment, refund_vendor_payment

handler = endpoint(refund_vendor_payment, RefundVendorPayment, refund_answer, dialect=in_dialect)
