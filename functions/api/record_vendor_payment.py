"""POST /v1/{practiceid}/patientpayvendors/{vendorcode}/payments"""

from payhub.entrypoints.athena import in_dialect, vendor_payment_answer
from payhub.entrypoints.http import endpoint
from payhub.operations.record_vendor_payment import RecordVendorPayment, record_vendor_payment

handler = endpoint(
    record_vendor_payment, RecordVendorPayment, vendor_payment_answer, dialect=in_dialect
)
