"""GET /v1/oauth2/oauthapplication/{appToken}"""

from payhub.entrypoints.oauth import application_endpoint

handler = application_endpoint()
