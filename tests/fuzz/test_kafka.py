"""Records of every kind through running consumers: each is taken, skipped, or set aside byte by byte for its reason."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from hypothesis import HealthCheck, Phase, given, seed, settings

from contracts import BulkActionSubmitted, Invalid, Malformed, UnknownType, catalog, decode
from contracts.catalog import SERVICES
from tests.fuzz.machine import MIB, USUAL, cases, chosen_seed, resident
from tests.fuzz.records import Raw, records, verdict
from tests.world import Process, World, eventually

LONG, SHORT = cases(10_000), 150
MOST_GROWTH = 64 * MIB
QUIET_SECONDS = 150
LISTS = {
    "action-logger": ("content-actions", "content-actions/export", "content-actions/summary", "publishers"),
    "bulk-tracker": ("actions",),
    "go1-stats-processor": ("attempts", "attempts/export", "courses", "parked"),
    "salesforce-syncer": ("status", "rejected"),
}
"""What is asked when all is over: nothing that was taken may make an answer fail."""

FED_BY_OTHERS = ("salesforce-syncer", "action-logger", "bulk-tracker")
"""Services that read what others publish: attempts, resyncs as bulk actions."""

BUGS = {"event.failed", "batch.narrowed", "job.failed", "request.failed", "service.failed", "not json"}

Place = tuple[str, int, int]


def made(count: int, chosen: int) -> list[Raw]:
    found: list[Raw] = []

    @seed(chosen)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(records())
    def make(raw: Raw) -> None:
        found.append(raw)

    make()
    return found


async def sent(world: World, some: Sequence[Raw]) -> dict[Place, Raw]:
    """Send all; where each has landed."""
    null: Any = object()  # aiokafka sends no record with neither key nor value; other clients do

    def given(value: Any) -> bytes | None:
        return None if value is null else value

    producer = AIOKafkaProducer(
        bootstrap_servers=world.kafka,
        enable_idempotence=True,
        linger_ms=5,
        value_serializer=given,
    )
    async with producer:
        waiting = [
            await producer.send(
                world.prefix + raw.topic,
                null if raw.value is None else raw.value,
                key=raw.key,
                headers=list(raw.headers),
            )
            for raw in some
        ]
        landed = await asyncio.gather(*waiting)
    return {(raw.topic, each.partition, each.offset): raw for raw, each in zip(some, landed, strict=True)}


async def quiet(world: World, process: Process) -> None:
    """Wait until all is committed."""
    topics = [world.prefix + each for each in SERVICES[process.name].topics]
    group = process.environment["LEARNWIRE_KAFKA_GROUP_ID"]
    consumer = AIOKafkaConsumer(bootstrap_servers=world.kafka, group_id=group, enable_auto_commit=False)
    async with consumer:
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(6)]
        consumer.assign(partitions)

        async def left() -> int:
            assert process.popen is not None
            assert process.popen.poll() is None, f"{process.name} has ended: {process.log_file}"
            ends = await consumer.end_offsets(partitions)
            committed = [await consumer.committed(each) or 0 for each in partitions]
            return sum(ends.values()) - sum(committed)

        await eventually(left, f"{process.name} to commit all", until=lambda count: count <= 0, seconds=QUIET_SECONDS)


async def accounted(world: World, service: str, places: dict[Place, Raw]) -> Counter[str]:
    """Hold the dead letters against what each record must come to; the counts."""
    mine = {place: raw for place, raw in places.items() if raw.topic in SERVICES[service].topics}
    expected = {place: verdict(raw, service) for place, raw in mine.items()}
    letters: dict[Place, str] = {}
    for letter in await world.dead_letters(service):
        ours = {name: content.decode() for name, content in letter.headers if name.startswith("dlq-")}
        place = (ours["dlq-topic"].removeprefix(world.prefix), int(ours["dlq-partition"]), int(ours["dlq-offset"]))
        kept = tuple((name, content) for name, content in letter.headers if not name.startswith("dlq-"))
        raw = mine[place]
        assert (letter.key, letter.value, kept) == (raw.key, raw.value, raw.headers), place
        assert place not in letters, f"{place} is there twice"
        letters[place] = ours["dlq-reason"]
    wrong = {
        place: (letters.get(place), must)
        for place, must in expected.items()
        if must in {"malformed", "invalid"} and letters.get(place) != must
    }
    assert wrong == {}
    others = {place: reason for place, reason in letters.items() if expected[place] not in {"malformed", "invalid"}}
    strange = {
        place: (reason, mine[place]) for place, reason in others.items() if reason not in {"conflict", "refused"}
    }
    assert strange == {}, f"{service} set good records aside"
    return Counter(letters.get(place, must) for place, must in expected.items())


async def everything(world: World, processes: Sequence[Process], some: Sequence[Raw], places: dict[Place, Raw]) -> None:
    """Send these, and judge all that was sent so far (`places`)."""
    places |= await sent(world, some)
    for each in processes:
        await quiet(world, each)
        counts = await accounted(world, each.name, places)
        print(f"{each.name}: {dict(counts)}")  # noqa: T201  the figures of docs/promises.md
        lines = [line for line in each.log() if line["event"] == "batch.handled"]
        seen = (sum(line["records"] for line in lines), sum(line["handled"] for line in lines))
        must = (counts.total(), counts["good"] + counts["conflict"] + counts["refused"])
        # What services publish themselves (resyncs, attempts) comes on top.
        assert seen >= must if each.name in FED_BY_OTHERS else seen == must
        assert [line for line in each.log() if line["event"] in BUGS] == []
        await answers(world, each, places)


async def answers(world: World, process: Process, places: Mapping[Place, Raw]) -> None:
    """Ask for all that is there now, as everybody who has something there."""
    people = {("acme", "nobody")} | {who for raw in places.values() if (who := requester_of(raw)) is not None}
    role = "manager" if process.name == "bulk-tracker" else "operator"
    for portal, subject in sorted(people) if role == "manager" else [("acme", "nobody")]:
        token = world.token(process.name, role, subject=subject, portal_id=portal)
        for path in LISTS[process.name]:
            more = {"by": "day"} if path.endswith("summary") else {}
            answer = await world.get(process, f"/v1/{path}", token=token, **more)
            assert answer.status_code == 200, (path, answer.text)


def requester_of(raw: Raw) -> tuple[str, str] | None:
    """Who sees the bulk action that a record submits."""
    with suppress(Malformed, Invalid):
        event: Any = decode(raw.value, list(raw.headers), reads=catalog.reads("bulk-tracker"))
        if not isinstance(event, UnknownType) and isinstance(event.data, BulkActionSubmitted):
            return event.data.portal_id, event.data.requester.id
    return None


def all_services(world: World) -> list[Process]:
    nowhere = {
        "SALESFORCE_LOGIN_URL": "http://127.0.0.1:9",
        "SALESFORCE_CLIENT_ID": "x",
        "SALESFORCE_CLIENT_SECRET_FILE": str(world.folder / "jwt"),
    }
    # More than a fifth is invalid here, and must not stop a partition.
    return [
        world.service(name, BREAKER_PERCENT="100", **(nowhere if name == "salesforce-syncer" else {}))
        for name in SERVICES
    ]


async def test_every_record_of_any_kind_is_accounted_for(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    some = made(SHORT, chosen_seed(USUAL))
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        await everything(world, all_services(world), some, {})


@pytest.mark.long
async def test_each_of_10000_records_is_accounted_for_and_memory_stays_bounded(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    chosen = chosen_seed()
    some = made(LONG, chosen)
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        processes = all_services(world)
        places: dict[Place, Raw] = {}
        await everything(world, processes, some[: LONG // 10], places)
        before = {each.name: resident(each) for each in processes}
        await everything(world, processes, some[LONG // 10 :], places)
        grown = {each.name: resident(each) - before[each.name] for each in processes}
        print({name: f"{before[name] / MIB:.0f} MiB, {more / MIB:+.1f}" for name, more in grown.items()})  # noqa: T201  figures
        assert max(grown.values()) <= MOST_GROWTH, grown
