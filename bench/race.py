"""What every variant is given and must report: so that all run under the same conditions."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from action_logger.store import indexes
from shared.mongo import Collection, Database

COLLECTION = "log"
BATCH_RECORDS = 2_000
"""The most records that a variant takes at once: the product's own figure, given to all."""


@dataclass(frozen=True, slots=True)
class Heat:
    """One run of one variant. `topic` holds `events` events; database and group are new."""

    kafka: str
    mongo_uri: str
    topic_prefix: str
    topic: str
    group: str
    database: str
    events: int
    result: Path
    folder: Path
    """For keys, logs and profiles."""
    profile: bool = False

    def as_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @staticmethod
    def read(text: str) -> "Heat":
        fields = json.loads(text)
        return Heat(**(fields | {"result": Path(fields["result"]), "folder": Path(fields["folder"])}))

    @property
    def topic_name(self) -> str:
        """The topic as Kafka knows it."""
        return self.topic_prefix + self.topic


class Clock:
    """From the first record delivered to the last write acknowledged (and committed, where that is ours to say)."""

    def __init__(self, heat: Heat) -> None:
        self._heat = heat
        self._begun: float | None = None
        self._cpu = 0.0

    def first(self) -> None:
        """Records have been delivered; only the first call counts."""
        if self._begun is None:
            self._begun, self._cpu = time.perf_counter(), time.process_time()

    def done(self) -> None:
        """All is written: leave the result for the parent."""
        if self._begun is None or self._heat.result.exists():
            return
        result = {"seconds": time.perf_counter() - self._begun, "cpu_seconds": time.process_time() - self._cpu}
        self._heat.result.write_text(json.dumps(result))


async def the_same_indexes(database: Database) -> Collection:
    """The collection that bare variants write into, with the indexes that the product has."""
    collection = database[COLLECTION]
    await collection.create_indexes([*indexes.LOG])
    return collection
