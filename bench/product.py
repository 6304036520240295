"""The product: action-logger whole, as its console script runs it (HTTP, jobs, logs, metrics, persons), in this process.

Rows are sealed in the same minute as they are taken in. So that a run of seconds holds that work too, the sealing job
looks twice a second, and takes rows of the second before (in service: every 10 s, rows of 10 s before).
"""

import os
import secrets
import signal
from collections.abc import Collection, Sequence

from aiokafka import TopicPartition

from action_logger import app, metrics
from action_logger.jobs import sealing
from action_logger.settings import Settings
from action_logger.store.seals import Seals
from bench.race import Clock, Heat
from learnwire_local import free_port
from shared import running, service
from shared.consumer import Consumer
from shared.dead_letters import Raw
from shared.keys import Keys
from shared.mongo import Database
from shared.settings import read_settings


class EagerSeals(Seals):
    """Seals the rows of the second before."""

    def __init__(self, database: Database, keys: Keys) -> None:
        super().__init__(database, keys, grace_seconds=0)


async def serve(heat: Heat, clock: Clock) -> None:
    """Until all is written and committed."""

    class Timed(Consumer):
        async def _intake(self, records: Sequence[Raw]) -> None:
            clock.first()
            await super()._intake(records)

        async def _commit(self, only: Collection[TopicPartition] | None = None) -> bool:
            done = await super()._commit(only)
            if done and sum(each.written or 0 for each in self.progress.values()) == heat.events:
                clock.done(sealed=_sealed())
                os.kill(os.getpid(), signal.SIGTERM)
            return done

    running.Consumer = Timed  # pyright: ignore[reportPrivateImportUsage]  the one place where a stopwatch can be put
    sealing.EVERY_SECONDS = 0.5
    app.Seals = EagerSeals  # pyright: ignore[reportPrivateImportUsage]  as above
    os.environ.update(environment(heat))
    await service.serve(app.NAME, read_settings(Settings), app.build)


def _sealed() -> float:
    return sum(
        each.value for family in metrics.rows_sealed.collect() for each in family.samples if "total" in each.name
    )


def environment(heat: Heat) -> dict[str, str]:
    """What a service is started with in a heat."""
    secret, key = heat.folder / "jwt", heat.folder / "pii"
    secret.write_text(secrets.token_hex(32))
    key.write_bytes(secrets.token_bytes(32))
    return {
        "LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS": heat.kafka,
        "LEARNWIRE_KAFKA_TOPIC_PREFIX": heat.topic_prefix,
        "LEARNWIRE_KAFKA_GROUP_ID": heat.group,
        "LEARNWIRE_MONGO_URI": heat.mongo_uri,
        "LEARNWIRE_MONGO_DATABASE": heat.database,
        "LEARNWIRE_JWT_ISSUER": "https://issuer.example",
        "LEARNWIRE_JWT_SECRET_FILE": str(secret),
        "LEARNWIRE_PII_KEY_FILE": str(key),
        "LEARNWIRE_HTTP_PORT": str(free_port()),
        "LEARNWIRE_LOG_FORMAT": "json",
    }
