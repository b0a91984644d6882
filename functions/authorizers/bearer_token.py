"""The authorizer of the Authorization header"""

from payhub.entrypoints.authorizer import bearer_authorizer

handler = bearer_authorizer()
