"""Settings that cannot work are told at the start, all of them at once."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from bulk_tracker.settings import Settings
from tests.world import SCRIPTS

GOOD = {
    "smtp_url": ["smtp://mail.example:25", "smtps://mail.example", "smtp://127.0.0.1:1025?starttls=1", "smtp://[::1]"],
    "mail_from": ["learnwire@lms.example", "Learnwire <learnwire@lms.example>", '"Action tracker" <t@lms.example>'],
    "public_url": ["https://t.example", "https://t.example:8443/", "http://127.0.0.1:8084", "http://localhost:8084"],
}
BAD = {
    "smtp_url": [
        "mail.example:25",
        "smtp://",
        "http://mail.example",
        "smtp://mail.example:0",
        "smtp://mail.example:99999",
        "smtp://mail.example:smtp",
        "smtp://user:word@mail.example",
        "smtp://mail.example/?starttls=maybe",
        "smtp://mail.example/?tls=1",
        "smtp://mail example",
    ],
    "mail_from": [
        "learnwire",
        "learnwire@",
        "@lms.example",
        "a@lms.example, b@lms.example",
        "a@lms.example\r\nBcc: eve@evil.example",
        "Learnwire <learnwire@lms.example",
        "learnwire@lms example",
        "lärnwire@lms.example",
        "a@-lms.example",
    ],
    "public_url": [
        "tracker.example",
        "https://",
        "ftp://tracker.example",
        "https://tracker.example/ tracker",
        "https://tracker.example?x=1",
        "https://tracker.example#top",
        "https://ann@tracker.example",
        "https://tracker.example:99999",
        "https://tracker.example\r\nX: y",
        "javascript:alert(1)",
    ],
}


def the_others(settings: Settings, name: str) -> dict[str, Any]:
    given = {key: value for key, value in settings.model_dump().items() if value is not None}
    return (
        given | {"smtp_url": "smtp://h", "mail_from": "a@b.example", "public_url": "https://t.example"} | {name: None}
    )


@pytest.mark.parametrize("name", BAD)
def test_addresses_of_servers_people_and_pages_have_their_form(tracker_settings: Settings, name: str) -> None:
    others = the_others(tracker_settings, name)
    for text in GOOD[name]:
        assert getattr(Settings.model_validate(others | {name: text}), name) == text
    for text in BAD[name]:
        with pytest.raises(ValueError, match=name):
            Settings.model_validate(others | {name: text})


def test_all_faults_are_told_at_once_before_anything_is_asked_for_and_no_value_is_shown(tmp_path: Path) -> None:
    (tmp_path / "pii").write_bytes(b"k" * 32)
    environment = {
        "LEARNWIRE_PII_KEY_FILE": str(tmp_path / "pii"),
        "LEARNWIRE_SMTP_URL": "smtp://secret-host:port",
        "LEARNWIRE_MAIL_FROM": "secret-sender",
        "LEARNWIRE_PUBLIC_URL": "secret-page",
        "LEARNWIRE_TRACKER_STALLS_AFTER_SECONDS": "soon",
    }
    ended = subprocess.run([SCRIPTS / "bulk-tracker"], env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (78, "")
    for each in (
        "SMTP_URL",
        "MAIL_FROM",
        "PUBLIC_URL",
        "TRACKER_STALLS_AFTER_SECONDS",
        "JWT_ISSUER",
        "JWT_SECRET_FILE",
    ):
        assert f"LEARNWIRE_{each}" in ended.stderr
    assert "secret" not in ended.stderr
