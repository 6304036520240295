"""A real SMTP server on a port of its own that keeps what it is given, or misbehaves as told."""

import asyncio
import email
import email.policy
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from learnwire_local import free_port


@dataclass
class Mailbox:
    """`mails` in the order of their coming. `answers`: what the next mails are answered instead of 250."""

    port: int = field(default_factory=free_port)
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    recipients: list[list[str]] = field(default_factory=list[list[str]])
    answers: list[str] = field(default_factory=list[str])
    hang: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        del server, session
        if self.hang is not None:
            await self.hang.wait()
        content = envelope.content
        assert isinstance(content, bytes)
        if self.answers and (answer := self.answers.pop(0)):
            return answer
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append([str(each) for each in envelope.rcpt_tos])
        return "250 OK"


@asynccontextmanager
async def a_mailbox(mailbox: Mailbox | None = None) -> AsyncGenerator[Mailbox]:
    """Serve a mailbox as long as the block runs."""
    mailbox = mailbox or Mailbox()
    loop = asyncio.get_running_loop()

    def protocol() -> Any:
        return SMTP(mailbox, enable_SMTPUTF8=True, loop=loop)

    server = await loop.create_server(protocol, "127.0.0.1", mailbox.port)
    try:
        yield mailbox
    finally:
        server.close()
        if mailbox.hang is not None:
            mailbox.hang.set()
        await asyncio.sleep(0)


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return part.get_content()
