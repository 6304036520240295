"""`learnwire topics`: the catalogue's topics on a cluster."""

from typing import Annotated, Any

import typer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from contracts.catalog import DEAD_LETTERS, TOPICS, Topic
from shared.cli.output import complain, out, run, show
from shared.kafka import client_options
from shared.settings import KafkaSettings, read_settings

app = typer.Typer(no_args_is_help=True, help="The topics that Learnwire needs.")

AsJson = Annotated[bool, typer.Option("--json", help="JSON for machines")]
MILLISECONDS_A_DAY = 86_400_000
TWO_COPIES_NEED = 3
"""Brokers from which on a record is kept on three and acknowledged by two."""


@app.command()
def apply(*, as_json: AsJson = False) -> None:
    """Create what is missing and set what differs; existing records stay. Safe to run again."""
    settings = read_settings(KafkaSettings)
    rows = run(_apply(settings))
    show(rows, columns=["topic", "partitions", "what"], title="Topics", as_json=as_json)


@app.command()
def check(*, as_json: AsJson = False) -> None:
    """Compare the cluster with the catalogue; exit 1 where it differs."""
    settings = read_settings(KafkaSettings)
    rows = run(differences(settings))
    if rows:
        show(rows, columns=["topic", "setting", "is", "should_be"], title="What differs", as_json=as_json)
        complain("run: learnwire topics apply", code=1)
    if as_json:
        show([], columns=[], title="", as_json=True)
    else:
        out.print("All topics are as the catalogue says.")


def wanted(topic: Topic, *, brokers: int) -> dict[str, str]:
    """Return the settings of a topic on a cluster of so many brokers."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_days * MILLISECONDS_A_DAY),
        "max.message.bytes": str(topic.max_bytes),
        "min.insync.replicas": "2" if brokers >= TWO_COPIES_NEED else "1",
    }


async def _apply(settings: KafkaSettings) -> list[dict[str, Any]]:
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        brokers = len((await admin.describe_cluster())["brokers"])
        existing = set(await admin.list_topics())
        rows: list[dict[str, Any]] = []
        for topic in (*TOPICS, *DEAD_LETTERS):
            name = settings.kafka_topic_prefix + topic.name
            what = "exists"
            if name not in existing:
                what = await _create(admin, topic, name, brokers=brokers)
            await admin.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, name, configs=wanted(topic, brokers=brokers))]
            )
            rows.append({"topic": name, "partitions": topic.partitions, "what": what})
        return rows
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topic: Topic, name: str, *, brokers: int) -> str:
    new = NewTopic(
        name=name,
        num_partitions=topic.partitions,
        replication_factor=min(brokers, TWO_COPIES_NEED),
        topic_configs=wanted(topic, brokers=brokers),
    )
    answer = await admin.create_topics([new])
    for error in answer.topic_errors:
        kind = for_code(error[1])
        if error[1] and kind is not TopicAlreadyExistsError:
            complain(f"{name}: Kafka refused to create it: {kind.__name__}", code=1)
    return "created"


async def differences(settings: KafkaSettings) -> list[dict[str, Any]]:
    """Return where the cluster differs from the catalogue."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        brokers = len((await admin.describe_cluster())["brokers"])
        existing = set(await admin.list_topics())
        rows: list[dict[str, Any]] = []
        for topic in (*TOPICS, *DEAD_LETTERS):
            name = settings.kafka_topic_prefix + topic.name
            if name not in existing:
                rows.append({"topic": name, "setting": "topic", "is": "missing", "should_be": "there"})
                continue
            found = await _configs(admin, name)
            rows += [
                {"topic": name, "setting": key, "is": found.get(key), "should_be": value}
                for key, value in wanted(topic, brokers=brokers).items()
                if found.get(key) != value
            ]
        return rows
    finally:
        await admin.close()


async def _configs(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}


async def offsets_kept_minutes(settings: KafkaSettings) -> int | None:
    """Return for how long the cluster remembers where a group was that has gone."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        broker = (await admin.describe_cluster())["brokers"][0]["node_id"]
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, str(broker))])
        found = {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}
        kept = found.get("offsets.retention.minutes")
        return None if kept is None else int(kept)
    finally:
        await admin.close()
