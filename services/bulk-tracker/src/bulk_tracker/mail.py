"""SMTP out: one mail an ending, made of five facts and a link, sent by a job that delays nobody."""

import asyncio
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

import aiosmtplib
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from bulk_tracker.domain.mails import Ending
from shared.settings import read_secret

SEND_SECONDS = 60.0
STEP_SECONDS = 30.0
QUIT_SECONDS = 2.0
_PORTS = {"smtp": 25, "smtps": 465}
_PERMANENT = range(500, 600)

Sent = Literal["sent", "refused", "later"]


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails go, and from whom."""

    url: str
    sender: str
    public_url: str
    starttls: bool = False
    username: str | None = None
    password_file: Path | None = None


class BadAddress(Exception):  # noqa: N818  it reads as what it says
    """No mail can be sent to such an address."""


def compose(server: Server, ending: Ending, *, to: str, name: str, date: datetime) -> EmailMessage:
    """Return the mail; the same `name` gives the same `Message-ID`. Raises `BadAddress`."""
    link = server.public_url.rstrip("/") + "/"
    if ending.reference_id is not None:
        link += f"?q={quote(ending.reference_id, safe='')}"
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = _address(to)
    message["Subject"] = _one_line(ending.subject)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{hashlib.sha256(name.encode()).hexdigest()[:40]}@{_domain(server)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_as_text(ending, link))
    message.add_alternative(_html().render(ending=ending, link=link), subtype="html")
    return message


def _one_line(text: str) -> str:
    """Return a header's text that stays a text.

    U+2028 and its like are no control characters, but line ends to the email package; and it decodes encoded words
    (`=?utf-8?q?…=0A…?=`) in what it is given, line ends and all, which Pythons before 3.11.10 then send as they are
    (CVE-2024-6923).
    """
    return " ".join(text.splitlines()).replace("=?", "= ?")


def _address(text: str) -> Address:
    name, _, domain = text.strip().rpartition("@")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode()
        if not _DOMAIN.fullmatch(domain) or not _NAME.fullmatch(name) or "=?" in name:
            raise BadAddress
        return Address(username=name, domain=domain)
    except ValueError as error:  # a line end, or no such international domain
        raise BadAddress from error


_NAME = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f]+")
_DOMAIN = re.compile(r"[A-Za-z0-9._-]+|\[[A-Za-z0-9.:]+\]")


def _domain(server: Server) -> str:
    return server.sender.rpartition("@")[2].strip("<> ") or "localhost"


def _as_text(ending: Ending, link: str) -> str:
    width = max(len(label) for label, _ in ending.facts) + 1
    lines = [f"{label + ':':<{width}} {value}" for label, value in ending.facts]
    return "\n".join(
        [*lines, "", "Details, and the error report if there is one, are in the action tracker:", link, ""]
    )


@cache
def _html() -> Template:
    environment = Environment(
        loader=PackageLoader("bulk_tracker", "mail_templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("ending.html")


async def send(server: Server, message: EmailMessage) -> tuple[Sent, str]:
    """Hand a mail over to the server; what became of it, and why (a code or an error's name, no address)."""
    client = _client(server)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await client.connect()
            await client.send_message(message)
        await _take_leave(client)
    except aiosmtplib.SMTPRecipientsRefused as error:
        codes = [each.code for each in error.recipients]
        return _by_code(codes[0] if codes else 0)
    except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
        return _by_code(error.code)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        # The greeting, TLS, login: a matter of the server, not of this mail.
        return "later", type(error).__name__
    finally:
        # At once, whatever the server does: whoever stops the service does not wait for it.
        client.close()
    return "sent", ""


def _client(server: Server) -> aiosmtplib.SMTP:
    parts = urlsplit(server.url)
    tls = parts.scheme == "smtps"
    return aiosmtplib.SMTP(
        hostname=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        use_tls=tls,
        start_tls=server.starttls and not tls,
        username=server.username,
        password=read_secret(server.password_file) if server.password_file else None,
        timeout=STEP_SECONDS,
    )


async def _take_leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye; the mail is accepted, whatever the server answers now."""
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(QUIT_SECONDS):
            await client.quit()


def _by_code(code: int) -> tuple[Sent, str]:
    return ("refused" if code in _PERMANENT else "later"), str(code)
