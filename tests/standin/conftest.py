"""One stand-in for all tests here; every test finds it empty."""

from collections.abc import Generator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.standin.running import Api, standin


@pytest.fixture(scope="session")
def signing_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


@pytest.fixture(scope="session")
def public_key_file(signing_key: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = serialization.load_pem_private_key(signing_key.encode(), None).public_key()
    path = tmp_path_factory.mktemp("keys") / "public.pem"
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(key.public_bytes(serialization.Encoding.PEM, kind))
    return path


@pytest.fixture(scope="session")
def url(public_key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with standin(tmp_path_factory.mktemp("standin"), "--public-key-file", str(public_key_file)) as address:
        yield address


@pytest.fixture
def salesforce(url: str) -> Generator[Api]:
    """Logged in, nothing in it, nothing counted."""
    with Api(url) as client:
        client.post("/standin/reset")
        client.post("/standin/settings", json={"page_size": 500, "daily": 100_000})
        client.log_in()
        client.delete("/standin/calls")
        yield client
