"""Two hundred texts that would add a header, a recipient or a part to a mail, through a real SMTP server: none does."""

import itertools
from dataclasses import replace

from bulk_tracker.domain.mails import Ending
from bulk_tracker.mail import BadAddress, Server, compose, send
from tests.bulk_tracker.facts import at
from tests.bulk_tracker.mailbox import Mailbox, a_mailbox, text_of

LINE_ENDS = (
    "\r\n",
    "\n",
    "\r",
    "\n\r",
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x0c",
    "\x1c",
    "\r\n ",
    "%0d%0a",
    "\\r\\n",
)
WISHES = (
    "Bcc: eve@evil.example",
    "Cc: eve@evil.example",
    "To: eve@evil.example",
    "From: boss@acme.example",
    "Reply-To: eve@evil.example",
    "Subject: You have won",
    "Sender: eve@evil.example",
    "Return-Path: <eve@evil.example>",
    "Content-Type: text/html; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "Message-ID: <1@evil.example>",
    "X-Anything: yes",
    "\r\n<html><script>alert(1)</script>",
    ".\r\nMAIL FROM:<eve@evil.example>\r\nRCPT TO:<eve@evil.example>\r\nDATA\r\nhello",
    "=?utf-8?q?x=0ABcc=3A_eve=40evil.example?=",
    "--boundary\r\nContent-Type: application/octet-stream",
)
INJECTIONS = [f"Upload users{end}{wish}{end}" for end, wish in itertools.product(LINE_ENDS, WISHES)]
NAMES = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"}


async def test_two_hundred_injections_add_no_header_no_recipient_and_no_part() -> None:
    assert len(set(INJECTIONS)) >= 200
    async with a_mailbox() as mailbox:
        server = Server(url=mailbox.url, sender="learnwire@lms.example", public_url="https://t.example")
        for each in INJECTIONS:
            ending = Ending(each, "Failed", each, each, at(0))
            mail = compose(server, ending, to="ada@acme.example", name=each, date=at(1))
            assert await send(server, mail) == ("sent", "")
        assert len(mailbox.mails) == len(INJECTIONS)
        assert {tuple(each) for each in mailbox.recipients} == {("ada@acme.example",)}
        for mail in mailbox.mails:
            assert set(mail.keys()) == NAMES
            assert len(mail.keys()) == len(NAMES)
            assert (str(mail["From"]), str(mail["To"])) == ("learnwire@lms.example", "ada@acme.example")
            kinds = [part.get_content_type() for part in mail.walk()]
            assert kinds == ["multipart/alternative", "text/plain", "text/html"]
            assert "<script>" not in text_of(mail, "html")


async def test_as_addresses_they_reach_nobody_else() -> None:
    sender = Server(url="", sender="learnwire@lms.example", public_url="https://t.example")
    ending = Ending("Upload users", "Failed", None, "Ada", at(0))
    async with a_mailbox(Mailbox()) as mailbox:
        server = replace(sender, url=mailbox.url)
        for each in INJECTIONS:
            for to in (f"ada@acme.example{each}", f"{each}@acme.example", f'"{each}"@acme.example'):
                try:
                    mail = compose(server, ending, to=to, name="x", date=at(1))
                except BadAddress:
                    continue
                (address,) = mail["To"].addresses
                assert address.domain == "acme.example"
                assert "Bcc" not in mail
