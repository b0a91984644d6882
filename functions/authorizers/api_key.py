"""The authorizer of the API-KEY header"""

from payhub.entrypoints.authorizer import api_key_authorizer

handler = api_key_authorizer()
