"""Vendor credentials in Secrets Manager, one secret per tenant and vendor, kept for minutes."""

import json
import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from payhub.domain.errors import SecretUnavailable
from payhub.ports import token_secret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

FRESH_SECONDS = 300.0
"""How long the known fields are used without asking."""

ASK_AGAIN_SECONDS = 5.0
"""Fields this young are the latest there are: a flood of wrong signatures asks for nothing."""


_log = logging.getLogger(__name__)


class VendorSecrets:
    """The Secrets port on Secrets Manager."""

    def __init__(self, client: "SecretsManagerClient", prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._known: dict[tuple[str, str], tuple[float, Mapping[str, str]]] = {}

    def prepare(self) -> None:
        """Have the client made, if it is one that is made when it is used."""
        _ = self._client.get_secret_value

    def get(self, tenant: str, vendor: str, *, fresh: bool = False) -> Mapping[str, str]:
        """One request, none while the known fields are fresh enough. Raises SecretUnavailable."""
        try:
            return self._fields(tenant, vendor, fresh=fresh)
        except (BotoCoreError, ClientError) as error:
            _log.warning("secret not read: %s", type(error).__name__)
            raise SecretUnavailable from error

    def _fields(self, tenant: str, vendor: str, *, fresh: bool) -> Mapping[str, str]:
        known = self._known.get((tenant, vendor))
        age_max_seconds = ASK_AGAIN_SECONDS if fresh else FRESH_SECONDS
        if known is not None and time.monotonic() - known[0] < age_max_seconds:
            return known[1]
        answer = self._client.get_secret_value(SecretId=self._name(tenant, vendor))
        fields: dict[str, str] = json.loads(answer["SecretString"])
        self._known[tenant, vendor] = (time.monotonic(), fields)
        return fields

    def find(self, tenant: str, vendor: str) -> Mapping[str, str] | None:
        """One request."""
        try:
            return self._fields(tenant, vendor, fresh=True)
        except self._client.exceptions.ResourceNotFoundException:
            return None

    def put(self, tenant: str, vendor: str, fields: Mapping[str, str]) -> None:
        """Create the secret, or give an existing one a new version."""
        name, text = self._name(tenant, vendor), json.dumps(dict(fields))
        try:
            self._client.create_secret(Name=name, SecretString=text)
        except self._client.exceptions.ResourceExistsException:
            self._client.put_secret_value(SecretId=name, SecretString=text)
        self._known.pop((tenant, vendor), None)

    def shared_token(self, tenant: str, vendor: str) -> Mapping[str, str]:
        """One request."""
        try:
            answer = self._client.get_secret_value(SecretId=self._token_name(tenant, vendor))
        except (BotoCoreError, ClientError) as error:
            _log.warning("shared token not read: %s", type(error).__name__)
            return {}
        fields: dict[str, str] = json.loads(answer["SecretString"])
        return fields

    def share_token(self, tenant: str, vendor: str, fields: Mapping[str, str]) -> None:
        """A new version of a secret that was made with the tenant."""
        name = self._token_name(tenant, vendor)
        try:
            self._client.put_secret_value(SecretId=name, SecretString=json.dumps(dict(fields)))
        except (BotoCoreError, ClientError) as error:
            _log.warning("token not shared: %s", type(error).__name__)

    def _token_name(self, tenant: str, vendor: str) -> str:
        return self._name(tenant, token_secret(vendor))

    def _name(self, tenant: str, vendor: str) -> str:
        return f"{self._prefix}/{tenant}/{vendor}"
