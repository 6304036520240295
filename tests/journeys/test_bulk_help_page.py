"""The help page of the portal action tracker, statement by statement, through the running service."""

import re

import httpx
import pytest

from contracts.bulk_actions import BulkActionFinished, BulkActionProgressed, BulkActionStarted, Task
from tests.bulk_tracker.mailbox import text_of
from tests.journeys.bulk_portal import Portal, ago, an_upload, rows
from tests.world import WAIT_SECONDS

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_follow_the_progress_of_a_bulk_action_to_its_report_and_its_mail(portal: Portal) -> None:
    *running, finish = an_upload(portal, "up-1")
    await portal.world.publish(*running)
    await portal.has_status("up-1", "in_progress")
    await portal.world.publish(finish)
    item = await portal.has_status("up-1", "completed_with_errors")
    assert item["counts"] == {"total": 40, "processed": 40, "succeeded": 38, "warnings": 0, "errors": 2}
    assert item["reference_id"].startswith("BA-")

    report = await portal.see(f"/v1/actions/{item['reference_id']}/error-report")
    assert report.content.decode("utf-8-sig").splitlines() == [
        "Row,Status,Identifier,Issue,Resolution",
        "7,Error,user7@acme.example,Unknown group,Create it",
        "12,Error,user12@acme.example,Unknown group,Create it",
    ]
    assert item["report"]["file_name"] == f"users-march-errors-{item['reference_id']}.csv"

    (mail,) = await portal.mailed(1)
    assert mail["To"] == portal.address
    assert mail["Subject"] == "Upload users: Completed with Errors"
    assert text_of(mail).splitlines() == [
        "Action type:  Upload users",
        "Status:       Completed with Errors",
        f"Reference ID: {item['reference_id']}",
        "Requester:    Ada Example",
        f"Completed:    {ago(minutes=10):%Y-%m-%d %H:%M} UTC",
        "",
        "Details, and the error report if there is one, are in the action tracker:",
        f"https://tracker.example/?q={item['reference_id']}",
    ]


async def test_you_access_the_tracker_from_its_icon_in_your_navigation(portal: Portal) -> None:
    await portal.world.publish(*an_upload(portal, "up-1"))
    item = await portal.has_status("up-1", "completed_with_errors")
    token = portal.world.token(
        "bulk-tracker-launch", "manager", subject="u-ada", portal_id=portal.name, jti=portal.name, seconds=100
    )
    async with httpx.AsyncClient(base_url=portal.process.url, timeout=WAIT_SECONDS) as browser:
        launched = await browser.post("/launch", data={"token": token})
        assert (launched.status_code, launched.headers["location"]) == (303, "/")
        cookie = launched.headers["set-cookie"].partition(";")[0]
        page = await browser.get("/", headers={"Cookie": cookie})
    assert item["reference_id"] in page.text


async def test_the_tracker_displays_the_status_one_of_eight(portal: Portal) -> None:
    def ends(name: str, outcome: str) -> BulkActionFinished:
        return BulkActionFinished(action_id=portal.id(name), finished_at=ago(minutes=1), outcome=outcome)  # pyright: ignore[reportArgumentType]  one of the four

    await portal.world.publish(
        portal.of_ada("a"),
        portal.of_ada("b", scheduled_for=ago(days=-1)),
        *(portal.of_ada("c"), BulkActionStarted(action_id=portal.id("c"), started_at=ago(minutes=1))),
        *(portal.of_ada("d"), ends("d", "completed")),
        *(portal.of_ada("e"), ends("e", "completed_with_errors")),
        *(portal.of_ada("f"), ends("f", "cancelled")),
        *(portal.of_ada("g"), ends("g", "failed")),
        portal.of_ada("h", stalls_after_seconds=60),
        BulkActionProgressed(
            action_id=portal.id("h"), progressed_at=ago(minutes=9), processed=1, succeeded=1, warnings=0, errors=0
        ),
    )
    await portal.has_status("h", "timeout")
    await portal.has_status("g", "failed")
    items = (await portal.see("/v1/actions")).json()["items"]
    assert {each["action_id"].rpartition("-")[2]: each["status_label"] for each in items} == {
        "a": "Not started",
        "b": "Scheduled",
        "c": "In progress",
        "d": "Completed",
        "e": "Completed with errors",
        "f": "Cancelled",
        "g": "Failed",
        "h": "Timeout",
    }
    mails = await portal.mailed(4)
    assert sorted(str(each["Subject"]).partition(": ")[2] for each in mails) == [
        "Cancelled",
        "Completed",
        "Completed with Errors",
        "Failed",
    ]


async def test_the_tracker_is_view_only(portal: Portal) -> None:
    token = portal.world.token("bulk-tracker", "admin", subject="u-ada", portal_id=portal.name)
    known = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=portal.process.url, headers=known, timeout=WAIT_SECONDS) as client:
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            for path in ("/", "/actions/a", "/v1/actions", "/v1/actions/a", "/v1/actions/a/error-report", "/v1/stream"):
                assert (await client.request(method, path)).status_code == 405, (method, path)


async def test_the_mail_leaves_out_the_error_file_and_directs_to_the_tracker_by_reference_id(portal: Portal) -> None:
    await portal.world.publish(*an_upload(portal, "up-1"))
    (mail,) = await portal.mailed(1)
    assert list(mail.iter_attachments()) == []
    for kind in ("plain", "html"):
        text = text_of(mail, kind)
        assert not re.search(r"user7@|Unknown group|users-march|errors-BA", text)
    link = re.findall(r"https://tracker\.example/\?q=(\S+)", text_of(mail))[0]
    (item,) = (await portal.see(f"/v1/actions?q={link}")).json()["items"]
    assert item["action_id"] == portal.id("up-1")
    assert (await portal.see(f"/v1/actions/{link}/error-report")).status_code == 200


async def test_report_names_refer_to_the_names_of_the_files_you_uploaded(portal: Portal) -> None:
    files = ("learners émigrés.csv", "b.csv", "c.csv")
    await portal.world.publish(*an_upload(portal, "up-1"), *an_upload(portal, "up-3", file_names=files))
    names = {"up-1": "users-march-errors-{}.csv", "up-3": "learners émigrés-and-2-more-errors-{}.csv"}
    for action, name in names.items():
        item = await portal.has_status(action, "completed_with_errors")
        assert item["report"]["file_name"] == name.format(item["reference_id"])
        answer = await portal.see(f"/v1/actions/{portal.id(action)}/error-report")
        quoted = item["report"]["file_name"].replace(" ", "%20").replace("é", "%C3%A9")
        assert f"filename*=UTF-8''{quoted}" in answer.headers["content-disposition"]


@pytest.mark.parametrize("role", ["admin", "manager", "instructor"])
async def test_all_admins_managers_and_instructors_view_the_actions_they_started(portal: Portal, role: str) -> None:
    await portal.world.publish(portal.of_ada("up-1"))
    await portal.has_status("up-1", "not_started")
    items = (await portal.see("/v1/actions", role=role)).json()["items"]
    assert [each["action_id"] for each in items] == [portal.id("up-1")]
    assert (await portal.see("/v1/actions", role="learner")).status_code == 403


async def test_unenrolling_marking_complete_and_reminders_have_no_reference_id(portal: Portal) -> None:
    for kind in ("group_unenroll", "mark_complete", "reminders"):
        await portal.world.publish(
            portal.of_ada(kind, action_type=kind, file_names=(), reference_id="SENT-1"),
            BulkActionFinished(action_id=portal.id(kind), finished_at=ago(minutes=1), outcome="cancelled"),
        )
        assert (await portal.has_status(kind, "cancelled"))["reference_id"] is None
    await portal.mailed(3)
    assert all("Reference ID: —" in text_of(mail) for mail in portal.mails)


async def test_a_task_of_several_actions_appears_several_times(portal: Portal) -> None:
    def step(number: int) -> Task:
        return Task(task_id="replace-7", step=number, steps=2, label="Replace packages")

    await portal.world.publish(
        portal.of_ada("s1", action_type="content_upload", task=step(1)),
        portal.of_ada("s2", action_type="content_replace", task=step(2), submitted_at=ago(minutes=5)),
    )
    item = await portal.sees("s2", lambda found: len(found.get("steps", ())) == 2)
    assert [(each["action_id"], each["step"]) for each in item["steps"]] == [(portal.id("s1"), 1), (portal.id("s2"), 2)]
    assert [each["action_id"] for each in (await portal.see("/v1/actions")).json()["items"]] == [
        portal.id("s2"),
        portal.id("s1"),
    ]


async def test_each_error_report_is_available_for_one_week_only(portal: Portal) -> None:
    await portal.world.publish(
        portal.of_ada("old", submitted_at=ago(days=9)),
        rows(portal.id("old"), 2, minutes=9 * 24 * 60),
        BulkActionFinished(action_id=portal.id("old"), finished_at=ago(days=8), outcome="failed"),
    )
    await portal.has_status("old", "failed")
    gone = await portal.see(f"/v1/actions/{portal.id('old')}/error-report")
    assert gone.status_code == 410
    assert f"expired on {ago(days=1):%Y-%m-%d}" in gone.json()["detail"]


@pytest.mark.parametrize("role", ["admin", "manager", "instructor"])
async def test_they_cannot_view_actions_started_by_others_not_even_admins(portal: Portal, role: str) -> None:
    await portal.world.publish(*an_upload(portal, "up-1"))
    await portal.has_status("up-1", "completed_with_errors")
    for who in ({"subject": "u-bob"}, {"portal_id": "other"}):
        assert (await portal.see("/v1/actions", role=role, **who)).json() == {"items": [], "next_cursor": None}
        for path in ("", "/error-report", "/error-report/summary"):
            foreign = await portal.see(f"/v1/actions/{portal.id('up-1')}{path}", role=role, **who)
            invented = await portal.see(f"/v1/actions/up-9{path}", role=role, **who)
            assert (foreign.status_code, foreign.content) == (404, invented.content)
