"""The two Lambda authorizers: a key or a bearer token in, tenant and role out."""

from collections.abc import Callable, Mapping
from typing import Any

from payhub import wiring
from payhub.domain.records import CredentialKind
from payhub.entrypoints.observability import log_unexpected
from payhub.operations.authenticate import Authenticate, authenticate

SECRET_MAX_CHARS = 512

UNAUTHORIZED = "Unauthorized"
"""API Gateway answers 401 to an exception with exactly this text."""


Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


def api_key_authorizer() -> Handler:
    """For the API-KEY header, which holds nothing but the key."""
    return _authorizer(CredentialKind.API_KEY, scheme="")


def bearer_authorizer() -> Handler:
    """For `Authorization: Bearer ...`."""
    return _authorizer(CredentialKind.BEARER, scheme="Bearer")


def _authorizer(kind: CredentialKind, scheme: str) -> Handler:
    """A TOKEN authorizer. It allows the whole stage, because its answer is cached per secret."""
    hub = wiring.hub()

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        presented = str(event.get("authorizationToken") or "")
        secret = _without_scheme(presented, scheme)
        if secret is None or not 0 < len(secret) <= SECRET_MAX_CHARS:
            raise Exception(UNAUTHORIZED)  # noqa: TRY002
        try:
            command = Authenticate.model_validate({"kind": kind, "secret": secret})
            credential = authenticate(hub, command)
        except Exception as error:
            log_unexpected(error)
            raise
        if credential is None:
            raise Exception(UNAUTHORIZED)  # noqa: TRY002
        return {
            "principalId": credential.actor,
            "policyDocument": _allow(_stage_of(event["methodArn"])),
            "context": {
                "tenant": credential.tenant,
                "role": credential.role.value,
                "actor": credential.actor,
            },
        }

    return handler


def _without_scheme(presented: str, scheme: str) -> str | None:
    """The secret behind the scheme's word, which compares without case."""
    if not scheme:
        return presented.strip()
    word, _, secret = presented.partition(" ")
    return secret.strip() if word.lower() == scheme.lower() else None


def _stage_of(method_arn: str) -> str:
    """arn:...:api/stage/METHOD/path -> arn:...:api/stage/*"""
    return "/".join(method_arn.split("/")[:2]) + "/*"


def _allow(resource: str) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}
