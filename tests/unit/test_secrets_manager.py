"""Vendor credentials and the token that processes share, in Secrets Manager (moto)."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from payhub.domain.errors import SecretUnavailable
from payhub.ports import token_secret
from payhub.secrets_manager import VendorSecrets

TOKEN = {"token": "t", "until": "1", "of": "x"}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorSecrets]:
    """Nothing stored yet."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield VendorSecrets(boto3.client("secretsmanager"), "payhub/test")


def test_what_one_process_shares_another_reads(secrets: VendorSecrets) -> None:
    secrets.put("t-1", token_secret("athena"), {})
    assert secrets.shared_token("t-1", "athena") == {}
    secrets.share_token("t-1", "athena", TOKEN)
    assert secrets.shared_token("t-1", "athena") == TOKEN


def test_without_a_place_to_share_each_goes_on_alone(secrets: VendorSecrets) -> None:
    secrets.share_token("t-1", "athena", TOKEN)
    assert secrets.shared_token("t-1", "athena") == {}


def test_what_cannot_be_read_is_said_to_be_so_whatever_the_reason(secrets: VendorSecrets) -> None:
    with pytest.raises(SecretUnavailable):
        secrets.get("t-1", "athena")
    assert secrets.find("t-1", "athena") is None


def test_credentials_are_kept_apart_from_tokens(secrets: VendorSecrets) -> None:
    secrets.put("t-1", "athena", {"client_id": "c"})
    secrets.put("t-1", token_secret("athena"), {})
    secrets.share_token("t-1", "athena", TOKEN)
    assert secrets.get("t-1", "athena") == {"client_id": "c"}
