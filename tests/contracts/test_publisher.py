"""The publisher against a real Kafka: what it sends, splits and refuses."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from contracts import (
    BulkActionRowsReported,
    Envelope,
    Event,
    LearnerChanged,
    LearnerErased,
    Publisher,
    ReportedRow,
    catalog,
    decode,
)
from contracts.publisher import BadEvent, NotPublished
from contracts.wire import MAX_BYTES

AT = datetime(2026, 11, 22, 3, 4, 5, 678000, tzinfo=UTC)


def a_learner(version: int = 1) -> LearnerChanged:
    return LearnerChanged(portal_id="acme", learner_id="l-17", email="Ann@Example.org", version=version)


def many_rows(count: int) -> BulkActionRowsReported:
    rows = tuple(
        ReportedRow(row=n, status="error", identifier=f"l-{n}", issue="é" * 900, resolution="Look it up")
        for n in range(count)
    )
    return BulkActionRowsReported(action_id="b-1", reported_at=AT, file_name="people.csv", rows=rows)


@pytest.fixture
async def topics(kafka: str, topic_prefix: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(topic_prefix + name, 2, 1) for name in (catalog.LEARNERS, catalog.BULK_ACTIONS)]
        )
    finally:
        await admin.close()
    return topic_prefix


async def records(kafka: str, topic: str) -> Sequence["ConsumerRecord[bytes | None, bytes | None]"]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in (0, 1)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        found: list[ConsumerRecord[bytes | None, bytes | None]] = []
        while len(found) < sum(ends.values()):
            batches: dict[TopicPartition, list[ConsumerRecord[bytes | None, bytes | None]]] = await consumer.getmany(
                timeout_ms=1000
            )
            found += [record for batch in batches.values() for record in batch]
        return found
    finally:
        await consumer.stop()


def read(record: "ConsumerRecord[bytes | None, bytes | None]") -> Envelope[Event]:
    envelope = decode(record.value, record.headers, reads=catalog.EVENTS)
    assert isinstance(envelope, Envelope)
    return envelope


async def test_an_event_arrives_with_id_time_key_and_trace(kafka: str, topics: str):
    async with Publisher(kafka, source="/lms/acme", topic_prefix=topics) as publisher:
        (sent,) = await publisher.send(a_learner(), correlationid="order-9", time=AT)
    (record,) = await records(kafka, topics + catalog.LEARNERS)
    assert read(record) == sent
    assert record.key == b"acme/l-17"
    assert sent.traceparent is not None
    assert dict(record.headers) == {
        "content-type": b"application/cloudevents+json; charset=utf-8",
        "ce_specversion": b"1.0",
        "ce_id": sent.id.encode(),
        "ce_source": b"/lms/acme",
        "ce_type": b"learnwire.learner.changed.v1",
        "ce_time": b"2026-11-22T03:04:05.678Z",
        "ce_partitionkey": b"acme/l-17",
        "ce_traceparent": sent.traceparent.encode(),
        "ce_correlationid": b"order-9",
    }


async def test_the_example_of_the_readme_publishes(kafka: str, topics: str):
    readme = Path(__file__).parents[2] / "contracts" / "README.md"
    code = re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), flags=re.DOTALL)[0]
    code = code.replace('"localhost:9092"', f'"{kafka}", topic_prefix="{topics}"')
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], check=True, timeout=120)
    (record,) = await records(kafka, topics + catalog.LEARNERS)
    assert isinstance(read(record).data, LearnerChanged)


def test_a_secured_publisher_needs_certificates_that_are_there(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        Publisher("kafka:9093", source="/lms/acme", security="sasl_ssl", ca_file=tmp_path / "missing.pem")
    Publisher("kafka:9093", source="/lms/acme", security="sasl_ssl", username="acme", password="-")


async def test_many_events_of_one_key_keep_their_order(kafka: str, topics: str):
    async with Publisher(kafka, source="/lms/acme", topic_prefix=topics) as publisher:
        sent = await publisher.send_all(a_learner(version) for version in range(1, 501))
    assert tuple(map(read, await records(kafka, topics + catalog.LEARNERS))) == sent


async def test_envelopes_made_elsewhere_are_sent_as_they_are(kafka: str, topics: str):
    envelope = Envelope.of(a_learner(), source="/other", id="e-1", time=AT)
    async with Publisher(kafka, source="/lms/acme", topic_prefix=topics) as publisher:
        assert await publisher.publish([envelope]) == (envelope,)
    assert [read(each) for each in await records(kafka, topics + catalog.LEARNERS)] == [envelope]


async def test_a_report_of_too_many_rows_is_split_the_same_way_each_time(kafka: str, topics: str):
    async with Publisher(kafka, source="/lms/acme", topic_prefix=topics) as publisher:
        sent = await publisher.send(many_rows(600), id="report-1", time=AT)
        again = await publisher.send(many_rows(600), id="report-1", time=AT)
    arrived = await records(kafka, topics + catalog.BULK_ACTIONS)
    assert len(sent) > 1
    assert [each.id for each in again] == [each.id for each in sent]
    assert len({each.id for each in sent}) == len(sent)
    assert tuple(row for each in sent for row in each.data.rows) == many_rows(600).rows
    assert len(arrived) == 2 * len(sent)
    assert max(len(each.value or b"") for each in arrived) <= MAX_BYTES


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        (a_learner().model_copy(update={"version": 0}), "data.version: greater_than_equal"),
        (a_learner().model_copy(update={"email": "ann"}), "data.email: string_pattern_mismatch"),
        (LearnerErased.model_construct(portal_id="acme"), "data.learner_id: missing; data.erased_at: missing"),
        (a_learner().model_copy(update={"email": object()}), "data: not_serializable"),
    ],
)
async def test_bad_data_are_refused_before_the_socket(kafka: str, topics: str, bad: Event, detail: str):
    async with Publisher(kafka, source="/lms/acme", topic_prefix=topics) as publisher:
        with pytest.raises(BadEvent) as refused:
            await publisher.send_all([a_learner(), bad])
    assert refused.value.detail == detail
    assert await records(kafka, topics + catalog.LEARNERS) == []


async def test_a_bad_source_is_refused(kafka: str):
    async with Publisher(kafka, source="not a source") as publisher:
        with pytest.raises(BadEvent) as refused:
            await publisher.send(a_learner())
    assert refused.value.detail == "source: string_pattern_mismatch"


async def test_a_topic_that_is_not_there_is_named_not_published(kafka: str, topic_prefix: str):
    async with Publisher(kafka, source="/lms/acme", topic_prefix=topic_prefix, timeout_seconds=5) as publisher:
        with pytest.raises(NotPublished) as missing:
            await publisher.send_all([a_learner(1), a_learner(2)])
    assert [json.loads(each.data.model_dump_json())["version"] for each in missing.value.envelopes] == [1, 2]


async def test_a_kafka_that_is_not_there_says_so(unused_tcp_port: int):
    with pytest.raises(NotPublished):
        async with Publisher(f"127.0.0.1:{unused_tcp_port}", source="/lms/acme", timeout_seconds=2):
            pass
