"""Error reports over HTTP."""

from datetime import timedelta

from bulk_tracker.domain.vocabulary import made_reference
from tests.bulk_tracker.conftest import Tracker
from tests.bulk_tracker.facts import a_row, at, finished, rows_reported, submitted

REFERENCE = made_reference(portal_id="acme", action_id="a-1")


async def test_a_report_is_a_table_in_the_spreadsheets_order(tracker: Tracker) -> None:
    await tracker.told(
        submitted(),
        rows_reported(
            1, a_row(12), a_row(0, "warning", identifier="=cmd()", issue='Say "hi", please', resolution="a\nb")
        ),
        rows_reported(2, a_row(3), a_row(12)),
        finished(4),
    )
    answer = await tracker.get(f"/v1/actions/{REFERENCE}/error-report")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"filename*=UTF-8''users-march-errors-{REFERENCE}.csv" in answer.headers["content-disposition"]
    assert answer.content.decode("utf-8-sig").split("\r\n") == [
        "Row,Status,Identifier,Issue,Resolution",
        ',Warning,\'=cmd(),"Say ""hi"", please","a\nb"',
        "3,Error,user3@acme.example,Unknown group,Create the group first",
        "12,Error,user12@acme.example,Unknown group,Create the group first",
        "",
    ]
    assert answer.content.startswith(b"\xef\xbb\xbf")


async def test_several_files_get_a_column_in_the_order_of_the_upload(tracker: Tracker) -> None:
    await tracker.told(
        submitted(file_names=("z.csv", "a.csv")),
        rows_reported(1, a_row(1), file_name="other.csv"),
        rows_reported(1, a_row(1), a_row(2), file_name="a.csv"),
        rows_reported(2, a_row(9), file_name="z.csv"),
        rows_reported(2, a_row(0)),
        finished(4),
    )
    answer = await tracker.get("/v1/actions/a-1/error-report")
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "File,Row,Status,Identifier,Issue,Resolution"
    assert [line.split(",")[:2] for line in lines[1:-1]] == [
        ["", ""],
        ["z.csv", "9"],
        ["a.csv", "1"],
        ["a.csv", "2"],
        ["other.csv", "1"],
    ]


async def test_the_summary_groups_issues_by_how_often_they_happen(tracker: Tracker) -> None:
    rows = [a_row(each) for each in range(2, 10)]
    await tracker.told(submitted(), rows_reported(1, *rows, a_row(1, "warning", issue="Old name")), finished(4))
    assert (await tracker.get("/v1/actions/a-1/error-report/summary")).json() == {
        "errors": 8,
        "warnings": 1,
        "expires_at": "2036-11-27T09:04:00.000Z",
        "issues": [
            {
                "status": "error",
                "issue": "Unknown group",
                "resolution": "Create the group first",
                "count": 8,
                "first_rows": [2, 3, 4, 5, 6],
            },
            {
                "status": "warning",
                "issue": "Old name",
                "resolution": "Create the group first",
                "count": 1,
                "first_rows": [1],
            },
        ],
    }


async def test_a_report_is_there_for_a_week_to_the_second_and_then_says_when_it_expired(tracker: Tracker) -> None:
    await tracker.told(submitted(), rows_reported(1), finished(4))
    path = "/v1/actions/a-1/error-report"
    tracker.now = at(4) + timedelta(days=7) - timedelta(seconds=1)
    assert (await tracker.get(path)).status_code == 200
    tracker.now = at(4) + timedelta(days=7)
    gone = await tracker.get(path)
    assert (gone.status_code, (await tracker.get(f"{path}/summary")).status_code) == (410, 410)
    described = tracker.web.openapi()["paths"]
    described_path = "/v1/actions/{name}/error-report"
    assert all("410" in described[each]["get"]["responses"] for each in (described_path, f"{described_path}/summary"))
    assert gone.json()["detail"] == (
        "This error report expired on 2036-11-27 at 09:04:00 UTC. Its rows are deleted, the action stays."
    )
    assert (await tracker.get("/v1/actions/a-1")).json()["report"]["state"] == "expired"


async def test_rows_that_come_after_the_end_join_the_report_and_after_the_week_are_not_stored(tracker: Tracker) -> None:
    await tracker.told(submitted(), rows_reported(1), finished(4))
    await tracker.told(rows_reported(6, a_row(7)))
    assert (await tracker.get("/v1/actions/a-1/error-report/summary")).json()["errors"] == 2
    tracker.now = at(4) + timedelta(days=7)
    await tracker.told(rows_reported(6, a_row(8)))
    assert await tracker.database["rows"].count_documents({}) == 2


async def test_there_is_no_report_while_it_runs_and_none_without_rows(tracker: Tracker) -> None:
    await tracker.told(submitted(), rows_reported(1), submitted(action_id="b"), finished(2, action_id="b"))
    assert [(await tracker.get(f"/v1/actions/{name}/error-report")).status_code for name in ("a-1", "b")] == [404, 404]
