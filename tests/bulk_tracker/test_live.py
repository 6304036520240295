"""Who looks is counted while he looks, and not a moment longer."""

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymongo.errors import InvalidOperation
from starlette.types import Message

from bulk_tracker.domain.action import Rules
from bulk_tracker.routes import stream
from bulk_tracker.store.actions import Requester
from bulk_tracker.store.live import MOST_OF_ONE, TooManyViewers
from bulk_tracker.store.stores import Stores
from shared import mongo
from shared.keys import Keys
from tests.bulk_tracker.conftest import Tracker, settings_in, token_of
from tests.bulk_tracker.facts import at
from tests.bulk_tracker.streams import asked_with, bearer, listen
from tests.world import WAIT_SECONDS

ADA = Requester(portal_id="acme", subject="u-ada")


async def test_somebody_whom_the_database_could_tell_nothing_does_not_count_as_looking(
    mongo_uri: str, tmp_path: Path
) -> None:
    keys = Keys.read(settings_in(tmp_path).pii_key_file)
    async with mongo.connect(mongo_uri, f"live_{secrets.token_hex(4)}") as database:
        live = Stores.of(database, keys, Rules(), lambda: at(60)).live
    for _ in range(MOST_OF_ONE):
        with pytest.raises(InvalidOperation):
            await live.join(ADA, at(0))
    for _ in range(MOST_OF_ONE):
        await live.join(ADA, None)
    with pytest.raises(TooManyViewers):
        await live.join(ADA, None)


async def test_the_first_instant_of_all_can_be_asked_for(tracker: Tracker) -> None:
    """A reconnect names it in a header, which anybody may write."""
    assert (await tracker.get("/v1/stream?since=nonsense")).status_code == 422
    for _ in range(MOST_OF_ONE + 1):
        assert await _opened(tracker, since=datetime.min.replace(tzinfo=UTC).isoformat()) == 200


async def test_a_stream_that_is_cut_before_its_first_byte_leaves_nobody_behind(tracker: Tracker) -> None:
    for _ in range(MOST_OF_ONE + 1):
        assert await _opened(tracker) == 200


async def test_a_stream_goes_on_with_its_session_and_ends_with_it(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PING_SECONDS", 0.05)
    await tracker.sign_in()
    cookie = (b"cookie", tracker.client.headers["cookie"].encode())
    lines = asyncio.Queue[str]()
    async with asyncio.timeout(WAIT_SECONDS):
        listening = asyncio.create_task(listen(tracker.web, [cookie], lines))
        assert [await lines.get() for _ in range(3)] == ["retry: 3000", ": still here", ": still here"]
        assert (await tracker.client.post("/logout")).status_code == 303
        await listening


async def _opened(tracker: Tracker, *, since: str = "") -> int:
    """Open a stream whose client is gone as soon as it is told the status, which comes back."""
    statuses: list[int] = []
    headers = [bearer(token_of()), *([(b"last-event-id", since.encode())] if since else [])]

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        statuses.append(message["status"])
        raise OSError

    with pytest.raises(Exception):  # noqa: B017, PT011  whatever a server makes of a client that is gone
        await tracker.web(asked_with(headers), receive, send)
    return statuses[0]
