"""POST /v1/{practiceid}/patientpayvendors/{vendorcode}/adjustingcharges"""

from payhub.entrypoints.athena import adjust_answer, in_dialect
from payhub.entrypoints.http import endpoint
from payhub.operations.adjust_charges import AdjustCharges, adjust_charges

handler = endpoint(adjust_charges, AdjustCharges, adjust_answer, dialect=in_dialect)
