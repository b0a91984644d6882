"""POST /v1/{practiceid}/patients/{patientid}/collectpayment/singleappointment/{appointmentid}"""

from payhub.entrypoints.athena import card_answer, in_dialect
from payhub.entrypoints.http import endpoint
from payhub.operations.store_card import StoreCard, store_card

handler = endpoint(store_card, StoreCard, card_answer, dialect=in_dialect)
