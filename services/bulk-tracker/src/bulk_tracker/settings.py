"""The tracker's settings."""

import re
from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, field_validator

import shared.settings
from shared.settings import SecretFile

_SCHEMES = {"smtp", "smtps"}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]+")
_YES, _NO = {"1", "true", "yes"}, {"0", "false", "no"}


class Settings(shared.settings.Settings):
    """What the tracker reads beside what all services share."""

    http_port: int = Field(8084, ge=0, le=65535, description="Port that HTTP listens on; 8081 to 8084 by service")
    tracker_stalls_after_seconds: str = Field(
        "3600",
        description="Silence after which a running action is a Timeout; others by type: 3600,content_upload=7200",
    )
    tracker_report_hours: int = Field(
        168, ge=1, le=87_600, description="How long an error report is kept after the end"
    )
    tracker_mail_on_timeout: bool = Field(default=False, description="Mail the requester on Timeout too")
    tracker_retention_days: int | None = Field(
        None, ge=30, description="Days after their end that actions are kept; for ever where empty"
    )
    smtp_url: str | None = Field(
        None, description="Mail server: smtp://host:port, smtps://host:port, ?starttls=1; no mails where empty"
    )
    smtp_username: str | None = Field(None, description="Mail server's login")
    smtp_password_file: SecretFile | None = Field(None, description="File with the mail server's password")
    mail_from: str | None = Field(None, description="Sender of mails, e.g. learnwire@lms.example")

    @field_validator("tracker_stalls_after_seconds")
    @classmethod
    def _stalls_are_seconds(cls, text: str) -> str:
        stalls_of(text)
        return text

    @field_validator("smtp_url")
    @classmethod
    def _smtp_is_a_url(cls, text: str | None) -> str | None:
        if text is not None and not _is_mail_server(text):
            raise ValueError("smtp://host:port or smtps://host:port is needed, with ?starttls=1 for STARTTLS")
        return text

    @field_validator("mail_from")
    @classmethod
    def _mail_from_is_one_address(cls, text: str | None) -> str | None:
        if text is not None and not _is_one_address(text):
            raise ValueError(
                "one address is needed, such as learnwire@lms.example or Learnwire <learnwire@lms.example>"
            )
        return text

    @field_validator("public_url")
    @classmethod
    def _public_url_is_a_page(cls, text: str | None) -> str | None:
        if text is not None and not _is_page(text):
            raise ValueError("https://host or https://host:port is needed, such as https://tracker.example")
        return text

    @classmethod
    def between_fields(cls, given: Mapping[str, Any]) -> list[str]:
        problems = super().between_fields(given)
        if "smtp_url" in given and not {"mail_from", "public_url"} <= given.keys():
            problems.append("LEARNWIRE_SMTP_URL needs LEARNWIRE_MAIL_FROM and LEARNWIRE_PUBLIC_URL")
        if len(given.keys() & {"smtp_username", "smtp_password_file"}) == 1:
            problems.append("LEARNWIRE_SMTP_USERNAME and LEARNWIRE_SMTP_PASSWORD_FILE belong together")
        return problems


def _is_mail_server(text: str) -> bool:
    try:
        parts = urlsplit(text)
        asked = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        port_is_right = parts.port != 0
    except ValueError:  # no such port, or no query
        return False
    whole = parts.scheme in _SCHEMES and _HOST.fullmatch(parts.hostname or "") and parts.path in {"", "/"}
    known = asked.keys() <= {"starttls"} and all(each in _YES | _NO for each in asked.get("starttls", []))
    return bool(whole) and port_is_right and parts.username is None and not parts.fragment and known


def _is_one_address(text: str) -> bool:
    message = EmailMessage()
    try:
        message["From"] = text
        header = message["From"]
        (address,) = header.addresses
    except (ValueError, IndexError):  # a line end, or none or several of them
        return False
    return not header.defects and bool(address.username) and bool(_HOST.fullmatch(address.domain)) and text.isascii()


def _is_page(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port_is_right = parts.port != 0
    except ValueError:
        return False
    bare = not (parts.query or parts.fragment or parts.username) and not re.search(r"\s", text)
    return parts.scheme in {"https", "http"} and port_is_right and bare and bool(_HOST.fullmatch(parts.hostname or ""))


def stalls_of(text: str) -> tuple[timedelta, dict[str, timedelta]]:
    """Read `3600,content_upload=7200`. Raises `ValueError`."""
    default, *others = (each.strip() for each in text.split(","))
    pairs = [each.partition("=") for each in others if each]
    return _seconds(default), {name.strip(): _seconds(value) for name, _, value in pairs}


def _seconds(text: str) -> timedelta:
    if not text.strip().isdecimal() or not 0 < int(text) < 2**31:
        raise ValueError("seconds are needed, or seconds and others by type, such as 3600,content_upload=7200")
    return timedelta(seconds=int(text))


def starttls(url: str) -> bool:
    """Tell whether the mail server's URL asks for STARTTLS."""
    return parse_qs(urlsplit(url).query).get("starttls", ["0"])[-1] in _YES
