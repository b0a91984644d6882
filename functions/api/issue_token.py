"""POST /oauth2/v1/token and POST /oauth/token"""

from payhub.entrypoints.oauth import token_endpoint

handler = token_endpoint()
