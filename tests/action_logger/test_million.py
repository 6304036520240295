"""A log of a million rows: exported in constant memory, and asked by any filter. Takes minutes: `-m long`.

Prints what it measures: `pytest -m long -s tests/action_logger/test_million.py`.
"""

import json
import random
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import DESCENDING, MongoClient

from contracts.vocabulary import PAIRS
from shared.keys import Keys
from tests.action_logger import million
from tests.action_logger.million import PANORAMAS, PEOPLE, ROWS, WORDS
from tests.world import Process, World, eventually

MOST_MIB = 256
FIRST_BYTE_SECONDS = 0.5
FIRST_PAGE_SECONDS = 0.15
TIMES = 40
"""Questions by each filter."""

rng = random.Random(7)
FILTERS: Mapping[str, Callable[[], dict[str, str]]] = {
    "none": dict,
    "email": lambda: {"email": million.email(rng.randrange(PEOPLE))},
    "panorama": lambda: {"panorama": rng.choice(PANORAMAS)},
    "content_type": lambda: {"content_type": rng.choice(["course", "VIDEO", "learning path"])},
    "content_title, a word": lambda: {"content_title": rng.choice(WORDS)},
    "content_title, few": lambda: {"content_title": f"part {rng.randrange(million.TITLES)}"},
    "content_title, none": lambda: {"content_title": secrets.token_hex(4)},
    "type": lambda: {"type": rng.choice(sorted({each for each, _ in PAIRS}))},
    "source": lambda: {"source": rng.choice(sorted({each for _, each in PAIRS}))},
    "reference_id": lambda: {"reference_id": f"BA-{rng.randrange(ROWS // 50_000)}"},
    "from, to": lambda: {"from": f"2026-0{rng.randint(1, 5)}-01", "to": "2026-06-01"},
    "type, source": lambda: dict(zip(("type", "source"), rng.choice(sorted(PAIRS)), strict=True)),
    "panorama, content_title": lambda: FILTERS["panorama"]() | FILTERS["content_title, a word"](),
    "email, content_title": lambda: FILTERS["email"]() | FILTERS["content_title, a word"](),
}


@dataclass(frozen=True)
class Million:
    """The service over a million rows."""

    world: World
    service: Process
    token: str

    @property
    def database(self) -> str:
        return self.world.database_of("action-logger")


@pytest.fixture
async def served(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> AsyncGenerator[Million]:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        keys = Keys.read(tmp_path / "pii")
        million.fill(mongo_uri, world.database_of("action-logger"), keys)
        service = world.service("action-logger")

        async def ready() -> bool:
            async with httpx.AsyncClient() as client:
                try:
                    return (await client.get(f"{service.url}/readyz", timeout=5)).status_code == 200
                except httpx.HTTPError:
                    return False

        await eventually(ready, "the indexes", seconds=900)
        yield Million(world, service, world.token("action-logger", "analyst", seconds=3_000))


def peak_mib(process: Process) -> float:
    assert process.popen is not None
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@pytest.mark.long
async def test_a_million_rows_are_exported_and_asked(
    served: Million, mongo_uri: str, record_property: Callable[[str, object], None]
) -> None:
    slowest = {name: await first_pages(served, ask) for name, ask in FILTERS.items()}
    raw = [read_raw(mongo_uri, served.database)]
    exports = {form: await exported(served, form) for form in ("csv", "jsonl")}
    raw.append(read_raw(mongo_uri, served.database))
    peak = peak_mib(served.service)
    measured = {
        "first page, p95 in ms": {name: round(seconds * 1000) for name, seconds in slowest.items()},
        "export, rows/s": {form: round(ROWS / seconds) for form, (_, seconds, _) in exports.items()},
        "first byte, ms": {form: round(first * 1000) for form, (first, _, _) in exports.items()},
        "raw cursor, rows/s": [round(ROWS / seconds) for seconds in raw],
        "export ÷ raw cursor": {
            form: round(sum(raw) / len(raw) / seconds, 2) for form, (_, seconds, _) in exports.items()
        },
        "peak MiB": round(peak),
    }
    print(json.dumps(measured, indent=1))  # noqa: T201  for who measures
    record_property("measured", json.dumps(measured))
    assert {form: rows for form, (_, _, rows) in exports.items()} == {"csv": ROWS, "jsonl": ROWS}
    assert peak <= MOST_MIB, measured
    assert max(first for first, _, _ in exports.values()) <= FIRST_BYTE_SECONDS, measured
    assert {name for name, seconds in slowest.items() if seconds > FIRST_PAGE_SECONDS} == set(), measured


async def first_pages(served: Million, ask: Callable[[], dict[str, str]]) -> float:
    """Seconds within which 95 of 100 first pages came."""
    seconds: list[float] = []
    async with _client(served) as client:
        for _ in range(TIMES):
            begun = time.perf_counter()
            answer = await client.get("/v1/content-actions", params=ask())
            seconds.append(time.perf_counter() - begun)
            assert answer.status_code == 200, answer.text
    return sorted(seconds)[int(len(seconds) * 0.95)]


async def exported(served: Million, form: str) -> tuple[float, float, int]:
    """Seconds to the first byte, to the last, and rows."""
    lines = 0
    begun = time.perf_counter()
    async with (
        _client(served) as client,
        client.stream("GET", "/v1/content-actions/export", params={"format": form}) as answer,
    ):
        assert answer.status_code == 200
        first = None
        async for chunk in answer.aiter_raw():
            first = first or time.perf_counter() - begun
            lines += chunk.count(b"\n")
    assert first is not None
    return first, time.perf_counter() - begun, lines - (form == "csv")


def read_raw(uri: str, database: str) -> float:
    """Seconds to read the same rows in the same order with the driver's cursor, and to do nothing with them."""
    begun = time.perf_counter()
    with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        found = client[database]["log"].find().sort([("timestamp", DESCENDING), ("_id", DESCENDING)]).batch_size(1_000)
        assert sum(1 for _ in found) == ROWS
    return time.perf_counter() - begun


def _client(served: Million) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {served.token}", "Accept-Encoding": "identity"}
    return httpx.AsyncClient(base_url=served.service.url, timeout=300, headers=headers)
