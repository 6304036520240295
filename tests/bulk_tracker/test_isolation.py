"""Nobody sees what is not his: every route that there is, for three users on two portals, made from the route table."""

import asyncio
import json
from collections.abc import Iterator

from fastapi.routing import APIRoute

from tests.bulk_tracker.conftest import Tracker, token_of
from tests.bulk_tracker.facts import a_row, ada, finished, progressed, rows_reported, submitted
from tests.bulk_tracker.streams import bearer, listen
from tests.world import WAIT_SECONDS

PEOPLE = {(person, portal): f"{person}-{portal}-" for person in ("ann", "bob", "eve") for portal in ("p1", "p2")}
NOT_ABOUT_ACTIONS = {"/static/{version}/{name}", "/launch", "/launch/confirm", "/logout", "/{path:path}"}


def routes_of(tracker: Tracker) -> Iterator[str]:
    for router in tracker.parts.routers:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            if "GET" in (route.methods or ()) and route.path not in NOT_ABOUT_ACTIONS:
                yield route.path


async def filled(tracker: Tracker) -> None:
    for (person, portal), prefix in PEOPLE.items():
        name = f"{prefix}1"
        await tracker.told(
            submitted(
                action_id=name,
                portal_id=portal,
                reference_id=f"REF-{name}",
                requester=ada(id=person, name=f"Name of {person} {portal}", email=f"{person}@{portal}.example"),
                file_names=(f"file-of-{name}.csv",),
            ),
            rows_reported(1, a_row(2, identifier=f"row-of-{name}"), action_id=name),
            finished(4, action_id=name, message=f"message-of-{name}"),
        )


async def test_no_route_shows_anything_of_anybody_else(tracker: Tracker) -> None:
    await filled(tracker)
    paths = list(routes_of(tracker))
    assert {"/v1/actions", "/v1/actions/{name:path}", "/v1/stream", "/", "/actions/{name:path}"} <= set(paths)
    for (person, portal), prefix in PEOPLE.items():
        others = [other for other in PEOPLE.values() if other != prefix]
        # All ids, some reference ids: one principal may ask 60 times a second.
        names = [*(f"{other}1" for other in others), f"REF-{others[0]}1", f"ref{others[-1]}1".replace("-", "")]
        answer = await tracker.sign_in(subject=person, portal_id=portal, name=f"Name of {person} {portal}")
        assert answer.status_code == 303
        for path in paths:
            if path == "/v1/stream":
                continue
            invented = await tracker.client.get(path.replace("{name:path}", "invented"))
            assert invented.status_code == (404 if "{name" in path else 200), path
            assert not any(each in invented.text for each in others)
            for name in names if "{name" in path else ():
                theirs = await tracker.client.get(path.replace("{name:path}", name))
                assert (theirs.status_code, theirs.content) == (404, invented.content), (path, name)
        for query in ("q=REF-", "q=file", "status=completed_with_errors", "type=users_upload"):
            found = (await tracker.client.get(f"/v1/actions?{query}")).json()["items"]
            assert [each["action_id"] for each in found] == [f"{prefix}1"]
        tracker.client.headers.pop("cookie")


async def test_every_route_about_actions_asks_who_it_is(tracker: Tracker) -> None:
    await filled(tracker)
    for path in routes_of(tracker):
        for name in ("ann-p1-1", "ann%0Ap1"):
            answer = await tracker.client.get(path.replace("{name:path}", name))
            assert answer.status_code == 401, (path, name)
            assert "ann" not in answer.text


async def test_a_live_stream_tells_ids_and_versions_of_ones_own_actions_and_resumes(tracker: Tracker) -> None:
    running = asyncio.ensure_future(tracker.parts.jobs["live"]())  # noqa: TID251  cancelled below
    await filled(tracker)
    told: list[dict[str, object]] = []
    lines = asyncio.Queue[str]()
    reading = asyncio.ensure_future(listen(tracker.web, [bearer(token_of(subject="ann", portal_id="p1"))], lines))  # noqa: TID251  as above
    async with asyncio.timeout(WAIT_SECONDS):
        assert await lines.get() == "retry: 3000"
        await tracker.told(
            *(progressed(9, each, action_id=f"{prefix}1") for each in (5, 6) for prefix in PEOPLE.values())
        )
        while not any(each.get("version") == 5 for each in told):
            line = await lines.get()
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: ")))
    for each in (reading, running):
        each.cancel()
    await asyncio.gather(reading, running, return_exceptions=True)
    assert {each["action_id"] for each in told} == {"ann-p1-1"}
    assert all(set(each) == {"action_id", "version"} for each in told)
