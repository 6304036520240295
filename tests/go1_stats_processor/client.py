"""What journeys ask the service, from outside: events in by Kafka, answers out by HTTP."""

from typing import Any

import httpx

from contracts import catalog
from contracts.attempts import AttemptChanged
from contracts.wire import UnknownType, decode
from tests.world import WAIT_SECONDS, Process, World, eventually

NAME = "go1-stats-processor"


class Statistics:
    """The service under test and what can be asked of it."""

    def __init__(self, world: World, process: Process) -> None:
        self.world = world
        self.process = process
        self.publish = world.publish

    async def ask(self, path: str, *, role: str = "analyst", portals: object = "*", **parameters: str) -> Any:
        answer = await self.answer(path, role=role, portals=portals, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def answer(
        self, path: str, *, role: str = "analyst", portals: object = "*", **parameters: str
    ) -> httpx.Response:
        token = self.world.token(NAME, role, portals=portals)
        return await self.world.get(self.process, f"/v1/{path}", token=token, **parameters)

    async def what_if(self, body: dict[str, object], *, role: str = "operator", **parameters: str) -> httpx.Response:
        token = self.world.token(NAME, role)
        async with httpx.AsyncClient(base_url=self.process.url, timeout=WAIT_SECONDS) as client:
            headers = {"Authorization": f"Bearer {token}"}
            return await client.post("/v1/what-if", params=parameters, json=body, headers=headers)

    async def metrics(self) -> str:
        return (await self.world.get(self.process, "/metrics", token="none")).text

    async def parked(self) -> dict[str, Any]:
        found = await self.ask("parked")
        return {each["go1_enrollment_id"]: each for each in found["items"]}

    async def attempts(self, **parameters: str) -> dict[str, Any]:
        found = await self.ask("attempts", **parameters)
        return {each["attempt_id"]: each for each in found["items"]}

    async def until(self, attempt_id: str, **shown: Any) -> dict[str, Any]:
        """Wait until an attempt shows this, and return it."""

        async def look() -> dict[str, Any]:
            return (await self.attempts(limit="200")).get(attempt_id, {})

        return await eventually(
            look, f"{attempt_id} to show {shown}", until=lambda found: bool(found) and shown.items() <= found.items()
        )

    async def changes(self, count: int) -> list[AttemptChanged]:
        """What was published, so many at least: an attempt is shown a moment before others are told of it."""
        return await eventually(self._told, f"{count} changes", until=lambda found: len(found) >= count)

    async def _told(self) -> list[AttemptChanged]:
        found: list[AttemptChanged] = []
        for record in await self.world.records(catalog.ATTEMPTS):
            event = decode(record.value, list(record.headers), reads={AttemptChanged.TYPE: AttemptChanged})
            assert not isinstance(event, UnknownType)
            assert isinstance(event.data, AttemptChanged)
            found.append(event.data)
        return found
