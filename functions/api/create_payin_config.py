"""POST /billing/payment-plan/payin-config"""

from payhub.entrypoints.decoda import in_dialect, payin_answer
from payhub.entrypoints.http import endpoint
from payhub.operations.create_payin_config import CreatePayinConfig, create_payin_config

handler = endpoint(create_payin_config, CreatePayinConfig, payin_answer, dialect=in_dialect)
