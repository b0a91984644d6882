"""POST /webhooks/decoda/{tenant}"""

from payhub.entrypoints.webhook import webhook

handler = webhook("decoda")
