"""What every variant is given and must report. Standard library alone: the peers run in environments of their own."""

import json
import resource
import time
from dataclasses import asdict, dataclass
from pathlib import Path

COLLECTION = "log"
BATCH_RECORDS = 2_000
"""The most records that a variant takes at once: the product's own figure, given to all."""


@dataclass(frozen=True)
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

    def done(self, **more: float) -> None:
        """All is written: leave the result for the parent."""
        if self._begun is None or self._heat.result.exists():
            return
        result = {
            "seconds": time.perf_counter() - self._begun,
            "cpu_seconds": time.process_time() - self._cpu,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            **more,
        }
        self._heat.result.write_text(json.dumps(result))
