"""Settings for tests of shared: real files, no environment."""

import secrets
from pathlib import Path

from shared.settings import Settings


def some_settings(folder: Path, **more: object) -> Settings:
    """Valid settings; a test changes what matters to it."""
    (folder / "jwt").write_text(secrets.token_hex(32))
    (folder / "pii").write_bytes(secrets.token_bytes(32))
    base: dict[str, object] = {
        "jwt_issuer": "https://issuer.example",
        "jwt_secret_file": folder / "jwt",
        "pii_key_file": folder / "pii",
    }
    return Settings.model_validate(base | more)
