"""POST /v1/oauth2/token"""

from payhub.entrypoints.oauth import portal_token_endpoint

handler = portal_token_endpoint()
