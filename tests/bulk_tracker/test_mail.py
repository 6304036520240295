"""Mails: five facts and a link, once an ending, through a real SMTP server; and no server delays anything."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bulk_tracker.domain.mails import Ending
from bulk_tracker.jobs.mailing import Mailing
from bulk_tracker.mail import BadAddress, Server, compose
from bulk_tracker.settings import Settings
from contracts.learners import LearnerErased
from shared.mongo import Database
from tests.bulk_tracker.conftest import Tracker, a_tracker, stores_of
from tests.bulk_tracker.facts import ada, at, finished, rows_reported, submitted
from tests.bulk_tracker.mailbox import Mailbox, a_mailbox, text_of
from tests.world import WAIT_SECONDS

SERVER = Server(url="smtp://localhost", sender="Learnwire <learnwire@lms.example>", public_url="https://t.example/")
ENDING = Ending("Upload users", "Completed with Errors", "BA-7F3K9-2QDX4", "Ada Example", at(0))


def composed(ending: Ending = ENDING, to: str = "ada@acme.example") -> Any:
    return compose(SERVER, ending, to=to, name="a-1/x", date=at(5))


def test_a_mail_holds_the_five_facts_and_the_link_and_nothing_else() -> None:
    mail = composed()
    assert text_of(mail) == (
        "Action type:  Upload users\n"
        "Status:       Completed with Errors\n"
        "Reference ID: BA-7F3K9-2QDX4\n"
        "Requester:    Ada Example\n"
        "Completed:    2036-11-20 09:00 UTC\n"
        "\n"
        "Details, and the error report if there is one, are in the action tracker:\n"
        "https://t.example/?q=BA-7F3K9-2QDX4\n"
    )
    html = text_of(mail, "html")
    for fact in (*(value for _, value in ENDING.facts), "https://t.example/?q=BA-7F3K9-2QDX4"):
        assert fact in html
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )


def test_without_a_reference_id_there_is_a_dash_and_a_plain_link() -> None:
    mail = composed(replace(ENDING, reference_id=None))
    assert "Reference ID: —\n" in text_of(mail)
    assert text_of(mail).endswith("\nhttps://t.example/\n")


def test_the_message_id_is_made_of_the_ending() -> None:
    other = compose(SERVER, ENDING, to="ada@acme.example", name="a-1/y", date=at(5))
    assert composed()["Message-ID"] == composed()["Message-ID"] != other["Message-ID"]
    assert composed()["Message-ID"].endswith("@lms.example>")


@settings(max_examples=50, deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
    st.sampled_from(["\r\n", "\n", "\r", "\u2028", "\x85"]),
)
def test_no_text_can_put_a_header_or_a_recipient_into_a_mail(text: str, line_end: str) -> None:
    hostile = f"{text}{line_end}Bcc: eve@evil.example{line_end}{line_end}<b>{text}"
    mail = composed(Ending(hostile, "Failed", hostile, hostile, at(0)))
    assert mail["Bcc"] is None
    parsed = mail.as_bytes().split(b"\n\n", 1)[0].decode("ascii", "replace").splitlines()
    assert not any(line.lower().startswith("bcc:") for line in parsed)
    assert "<b>" not in text_of(mail, "html")


@pytest.mark.parametrize(
    "address", ["a@b.example,eve", "a b@x y", "a@b\r\nBcc: eve@x", "a@", "a@b;c", "a@exa\u2028mple"]
)
def test_an_address_that_is_more_than_one_is_refused(address: str) -> None:
    try:
        mail = composed(to=address)
    except BadAddress:
        return
    assert len(mail["To"].addresses) == 1
    assert mail["Bcc"] is None


def mailing_of(tracker: Tracker, mailbox: Mailbox) -> Mailing:
    return Mailing(stores_of(tracker), replace(SERVER, url=mailbox.url))


def settings_with(mailbox: Mailbox, base: Settings) -> Settings:
    return base.model_copy(update={"smtp_url": mailbox.url, "mail_from": "learnwire@lms.example"})


async def sent_all(mailing: Mailing) -> None:
    while await mailing.send_one():
        pass


async def test_each_ending_is_mailed_once_and_rows_that_come_later_are_not(
    database: Database, tracker_settings: Settings
) -> None:
    async with a_mailbox() as mailbox, a_tracker(database, settings_with(mailbox, tracker_settings)) as tracker:
        mailing = mailing_of(tracker, mailbox)
        await tracker.told(submitted(), finished(4), finished(4))
        await sent_all(mailing)
        await tracker.told(rows_reported(6), finished(4))
        await sent_all(mailing)
        assert [mail["Subject"] for mail in mailbox.mails] == ["Upload users: Completed"]
        await tracker.told(finished(9, "failed"))
        await sent_all(mailing)
        assert [mail["Subject"] for mail in mailbox.mails] == ["Upload users: Completed", "Upload users: Failed"]


async def test_a_mail_refused_for_now_is_sent_later_and_one_refused_for_good_is_given_up(
    database: Database, tracker_settings: Settings
) -> None:
    async with (
        a_mailbox(Mailbox(answers=["451 try later", "", "550 no such mailbox"])) as mailbox,
        a_tracker(database, settings_with(mailbox, tracker_settings)) as tracker,
    ):
        mailing = mailing_of(tracker, mailbox)
        await tracker.told(submitted(), finished(4))
        with capture_logs() as logs:
            await sent_all(mailing)
            tracker.now += timedelta(seconds=6)
            await sent_all(mailing)
            await tracker.told(submitted(action_id="b"), finished(4, action_id="b"))
            await sent_all(mailing)
        assert len(mailbox.mails) == 1
        assert [(each["event"], each.get("reason")) for each in logs] == [
            ("mail.delayed", "451"),
            ("mail.sent", None),
            ("mail.abandoned", "550"),
        ]


async def test_a_server_that_stays_away_is_asked_for_a_day_and_delays_no_event(
    database: Database, tracker_settings: Settings
) -> None:
    nobody = Mailbox()
    async with a_tracker(database, settings_with(nobody, tracker_settings)) as tracker:
        mailing = mailing_of(tracker, nobody)
        await tracker.told(submitted(), finished(4))
        with capture_logs() as logs:
            for _ in range(40):
                await sent_all(mailing)
                tracker.now += timedelta(hours=1)
        assert (await tracker.get("/v1/actions/a-1")).json()["status"] == "completed"
        assert [each["event"] for each in logs] == ["mail.delayed"] * 24 + ["mail.abandoned"]
        assert logs[-1]["log_level"] == "error"


async def test_a_mail_whose_sender_was_killed_is_sent_again_with_the_same_message_id(
    database: Database, tracker_settings: Settings
) -> None:
    async with (
        a_mailbox(Mailbox(hang=asyncio.Event())) as mailbox,
        a_tracker(database, settings_with(mailbox, tracker_settings)) as tracker,
    ):
        mailing = mailing_of(tracker, mailbox)
        await tracker.told(submitted(), finished(4))
        killed = asyncio.ensure_future(mailing.send_one())  # noqa: TID251  cancelled below
        claimed = tracker.database["mails"]
        async with asyncio.timeout(WAIT_SECONDS):
            while not await claimed.count_documents({"attempts": 1}):  # noqa: ASYNC110  the database tells nobody
                await asyncio.sleep(0.01)
        while not killed.done():
            killed.cancel()  # one may be lost as a step of the exchange ends (`wait_for` of Python 3.11)
            await asyncio.wait([killed], timeout=0.1)
        assert killed.cancelled()
        assert mailbox.hang is not None
        mailbox.hang.set()
        assert not await mailing.send_one()
        tracker.now += timedelta(minutes=6)
        assert not await mailing.send_one(), "a clock that is ahead must not take what another is sending"
        # MongoDB's clock says when the claim is over; nobody can turn that one, but what is held against it.
        await claimed.update_many({}, [{"$set": {"claimed_until": {"$subtract": ["$claimed_until", 360_000]}}}])
        assert await mailing.send_one()
        assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


async def test_an_erased_requester_gets_no_mail(database: Database, tracker_settings: Settings) -> None:
    async with a_mailbox() as mailbox, a_tracker(database, settings_with(mailbox, tracker_settings)) as tracker:
        mailing = mailing_of(tracker, mailbox)
        await tracker.told(submitted(), finished(4))
        await tracker.told(LearnerErased(portal_id="acme", learner_id="u-ada", erased_at=at(9)))
        await sent_all(mailing)
        assert mailbox.mails == []


async def test_without_a_server_no_mails_are_kept_and_that_is_said_once(tracker: Tracker) -> None:
    await tracker.told(submitted(), finished(4))
    assert await tracker.database["mails"].count_documents({}) == 0
    with capture_logs() as logs:
        running = asyncio.ensure_future(Mailing(stores_of(tracker), None).run())  # noqa: TID251  cancelled below
        await asyncio.sleep(0)
        running.cancel()
    assert [each["event"] for each in logs] == ["mail.disabled"]


async def test_no_mail_goes_to_whom_does_not_want_one(database: Database, tracker_settings: Settings) -> None:
    async with a_mailbox() as mailbox, a_tracker(database, settings_with(mailbox, tracker_settings)) as tracker:
        mailing = mailing_of(tracker, mailbox)
        await tracker.told(submitted(notify=False), finished(4))
        await tracker.told(submitted(action_id="b", requester=ada(email=None)), finished(4, action_id="b"))
        await sent_all(mailing)
        assert mailbox.mails == []


def test_mail_settings_are_whole_or_refused(tracker_settings: Settings, tmp_path: Path) -> None:
    base = tracker_settings.model_dump()
    del tmp_path
    for bad in ({"smtp_url": "localhost:25"}, {"smtp_url": "smtp://h", "mail_from": None}, {"smtp_username": "u"}):
        with pytest.raises(ValueError, match=r"smtp|SMTP|MAIL_FROM"):
            Settings.model_validate(base | bad)
