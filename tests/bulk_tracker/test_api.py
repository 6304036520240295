"""What requesters see over HTTP."""

import pytest

from bulk_tracker.domain.vocabulary import made_reference
from contracts.bulk_actions import Task
from tests.bulk_tracker.conftest import Tracker, token_of
from tests.bulk_tracker.facts import ada, at, finished, progressed, rows_reported, started, submitted

REFERENCE = made_reference(portal_id="acme", action_id="a-1")


async def test_an_action_is_shown_whole(tracker: Tracker) -> None:
    await tracker.told(
        submitted(total_rows=10), started(1), progressed(2, 9, errors=1), rows_reported(3), finished(4, message="Done")
    )
    item = {
        "action_id": "a-1",
        "reference_id": REFERENCE,
        "action_type": "users_upload",
        "label": "Upload users",
        "status": "completed_with_errors",
        "status_label": "Completed with errors",
        "requester": {"id": "u-ada", "name": "Ada Example"},
        "submitted_at": "2036-11-20T09:00:00.000Z",
        "scheduled_for": None,
        "started_at": "2036-11-20T09:01:00.000Z",
        "last_heartbeat_at": "2036-11-20T09:02:00.000Z",
        "finished_at": "2036-11-20T09:04:00.000Z",
        "file_names": ["users-march.csv"],
        "task": None,
        "counts": {"total": 10, "processed": 9, "succeeded": 9, "warnings": 0, "errors": 1},
        "report": {
            "state": "available",
            "expires_at": "2036-11-27T09:04:00.000Z",
            "file_name": f"users-march-errors-{REFERENCE}.csv",
        },
        "message": "Done",
        "version": 5,
    }
    assert (await tracker.get("/v1/actions")).json() == {"items": [item], "next_cursor": None}
    history = [
        {"at": "2036-11-20T09:00:00.000Z", "status": "not_started", "cause": "submitted"},
        {"at": "2036-11-20T09:01:00.000Z", "status": "in_progress", "cause": "started"},
        {
            "at": "2036-11-20T09:04:00.000Z",
            "status": "completed_with_errors",
            "cause": "finished, and rows with errors were reported",
        },
    ]
    assert (await tracker.get("/v1/actions/a-1")).json() == {**item, "history": history, "steps": []}


async def test_every_change_of_status_is_published_once(tracker: Tracker) -> None:
    await tracker.told(submitted(), started(1))
    await tracker.told(submitted(), started(1), finished(4, "failed"))
    assert [event.data.model_dump(exclude_none=True) for event in tracker.outgoing.sent] == [
        {"action_id": "a-1", "portal_id": "acme", "reference_id": REFERENCE, **change}
        for change in (
            {"status": "not_started", "changed_at": at(0), "version": 1},
            {"status": "in_progress", "previous_status": "not_started", "changed_at": at(1), "version": 2},
            {"status": "failed", "previous_status": "in_progress", "changed_at": at(4), "version": 3},
        )
    ]
    assert len({event.id for event in tracker.outgoing.sent}) == 3


async def test_what_a_crash_left_untold_is_told_with_the_same_ids(tracker: Tracker) -> None:
    await tracker.told(submitted(), started(1))
    told = list(tracker.outgoing.sent)
    await tracker.database["actions"].update_one(
        {"_id": "a-1"}, {"$set": {"owes": ["status:1", "status:2"], "owed_since": at(0)}}
    )
    await tracker.told(progressed(2))
    assert tracker.outgoing.sent == [*told, *told]


async def test_a_reference_id_finds_the_action_without_case_and_hyphens(tracker: Tracker) -> None:
    await tracker.told(submitted(), submitted(action_id="b", reference_id="X-1"))
    await tracker.told(submitted(3, action_id="c", reference_id="x1"))
    for name, action_id in ((REFERENCE.lower(), "a-1"), (REFERENCE.replace("-", ""), "a-1"), ("X-1", "c")):
        assert (await tracker.get(f"/v1/actions/{name}")).json()["action_id"] == action_id


async def test_a_foreign_and_an_invented_id_get_the_same_answer(tracker: Tracker) -> None:
    await tracker.told(submitted(), rows_reported(1), finished(2))
    strangers = (
        {"subject": "u-bob"},
        {"portal_id": "other"},
        {"portal_id": None},
        {"roles": ["admin"], "subject": "x"},
    )
    for path in ("", "/error-report", "/error-report/summary"):
        mine = await tracker.get(f"/v1/actions/a-1{path}")
        invented = await tracker.get(f"/v1/actions/nothing{path}")
        assert (mine.status_code, invented.status_code) == (200, 404)
        for name in ("a-1", REFERENCE):
            for who in strangers:
                foreign = await tracker.get(f"/v1/actions/{name}{path}", **who)  # pyright: ignore[reportArgumentType]  claims of all kinds
                assert (foreign.status_code, foreign.content, foreign.headers) == (
                    404,
                    invented.content,
                    invented.headers,
                )


async def test_lists_hold_only_what_one_has_started_on_this_portal(tracker: Tracker) -> None:
    await tracker.told(
        submitted(),
        submitted(action_id="b", requester=ada(id="u-bob")),
        submitted(action_id="c", portal_id="other"),
        started(1, action_id="nobody-knows-whose"),
    )
    assert [each["action_id"] for each in (await tracker.get("/v1/actions")).json()["items"]] == ["a-1"]
    assert (await tracker.get("/v1/actions", subject="nobody")).json() == {"items": [], "next_cursor": None}


async def test_pages_follow_each_other_newest_first(tracker: Tracker) -> None:
    await tracker.told(*(submitted(each // 2, action_id=f"a-{each}") for each in range(7)))
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await tracker.get(f"/v1/actions?limit=3&cursor={cursor}")).json()
        found += [each["action_id"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert found == ["a-6", "a-5", "a-4", "a-3", "a-2", "a-1", "a-0"]


async def test_a_cursor_holds_with_its_filters_and_its_requester_only(tracker: Tracker) -> None:
    await tracker.told(submitted(), submitted(action_id="b"), submitted(action_id="c", requester=ada(id="u-bob")))
    cursor = (await tracker.get("/v1/actions?limit=1")).json()["next_cursor"]
    assert (await tracker.get(f"/v1/actions?limit=1&cursor={cursor}")).status_code == 200
    assert (await tracker.get(f"/v1/actions?limit=1&cursor={cursor}&status=failed")).status_code == 422
    assert (await tracker.get(f"/v1/actions?limit=1&cursor={cursor}", subject="u-bob")).status_code == 422


NARROWED: list[tuple[str, list[str]]] = [
    ("status=completed", ["b"]),
    ("type=reminders", ["c"]),
    ("q=MARCH", ["a-1", "b"]),
    (f"q={REFERENCE[:7].lower()}", ["a-1"]),
    ("q=.*", []),
    ("from=2036-11-20T09:01:00Z", ["b", "c"]),
    ("to=2036-11-20T09:01:00Z", ["a-1"]),
    ("from=2036-11-20&to=2036-11-20", ["a-1", "b", "c"]),
    ("from=2036-11-21", []),
    ("status=&q=&type=", ["a-1", "b", "c"]),
]


async def test_lists_are_narrowed(tracker: Tracker) -> None:
    await tracker.told(submitted(), submitted(1, action_id="b"), finished(2, action_id="b"))
    await tracker.told(submitted(2, action_id="c", action_type="reminders", file_names=()))
    for query, found in NARROWED:
        answer = await tracker.get(f"/v1/actions?{query}")
        assert sorted(each["action_id"] for each in answer.json()["items"]) == found, query


async def test_what_no_list_knows_is_422(tracker: Tracker) -> None:
    for query in ("status=done", "limit=201", "limit=0", "page=2", "cursor=x", "from=yesterday", "to=1"):
        answer = await tracker.get(f"/v1/actions?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), query


async def test_it_is_view_only(tracker: Tracker) -> None:
    for path in ("/v1/actions", "/v1/actions/a-1", "/v1/actions/a-1/error-report", "/anything"):
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = await tracker.client.request(method, path, headers={"Authorization": f"Bearer {token_of()}"})
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_head_answers_like_get_without_a_body(tracker: Tracker) -> None:
    await tracker.told(submitted(), rows_reported(1), finished(2))
    for path in ("/v1/actions", "/v1/actions/a-1", "/v1/actions/a-1/error-report"):
        answer = await tracker.client.head(path, headers={"Authorization": f"Bearer {token_of()}"})
        assert answer.status_code == 200


async def test_only_admins_managers_and_instructors_come_in(tracker: Tracker) -> None:
    statuses = [
        (await tracker.get("/v1/actions", roles=[role])).status_code for role in ("admin", "manager", "instructor")
    ]
    others = [
        (await tracker.get("/v1/actions", roles=[role])).status_code for role in ("analyst", "operator", "learner")
    ]
    assert (statuses, others) == ([200] * 3, [403] * 3)
    assert (await tracker.client.get("/v1/actions")).status_code == 401


async def test_steps_of_a_task_are_rows_of_their_own_and_name_each_other(tracker: Tracker) -> None:
    def step(number: int) -> Task:
        return Task(task_id="t-1", step=number, steps=2, label="Replace three packages")

    await tracker.told(
        submitted(action_id="b", action_type="content_replace", task=step(2)),
        submitted(action_id="a-1", action_type="content_upload", task=step(1)),
        submitted(action_id="c", requester=ada(id="u-bob"), task=step(1)),
        finished(2),
    )
    answer = (await tracker.get("/v1/actions/b")).json()
    assert answer["task"] == {"task_id": "t-1", "step": 2, "steps": 2, "label": "Replace three packages"}
    assert [(each["action_id"], each["step"], each["status"]) for each in answer["steps"]] == [
        ("a-1", 1, "completed"),
        ("b", 2, "not_started"),
    ]


@pytest.mark.parametrize("path", ["/v1/actions", "/v1/actions/a-1", "/v1/actions/a-1/error-report", "/v1/stream"])
async def test_who_may_not_ask_is_told_so_before_what_is_wrong_with_his_question(tracker: Tracker, path: str) -> None:
    nobody = await tracker.client.get(f"{path}?nonsense=1")
    wrong_role = await tracker.get(f"{path}?nonsense=1", roles=["somebody"])
    manager = await tracker.get(f"{path}?nonsense=1")
    assert [each.status_code for each in (nobody, wrong_role, manager)] == [401, 403, 422]
