"""POST /webhooks/optum/{tenant}"""

from payhub.entrypoints.webhook import webhook

handler = webhook("optum")
