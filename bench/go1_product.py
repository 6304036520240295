"""The product: go1-stats-processor whole, as its console script runs it (HTTP, jobs, logs, metrics), in this process."""

import os
import signal
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from aiokafka import TopicPartition

from bench.go1_load import BEGIN, SOURCE, catalogue
from bench.product import environment
from bench.race import Clock, Heat
from contracts import Envelope
from contracts.wire import Record
from go1_stats_processor import handlers
from go1_stats_processor.app import NAME, build, flow_of
from go1_stats_processor.settings import Settings
from shared import running, service
from shared.consumer import Consumer, Fact
from shared.dead_letters import Raw
from shared.kafka import Sender
from shared.settings import read_settings


async def serve(heat: Heat, clock: Clock, *, publishes: bool = True) -> None:
    """Until all is written, told and committed. The catalogue is there before the first fact, as in the bare loops."""

    class Timed(Consumer):
        async def _intake(self, records: Sequence[Raw]) -> None:
            clock.first()
            await super()._intake(records)

        async def _commit(self, only: Collection[TopicPartition] | None = None) -> bool:
            done = await super()._commit(only)
            if done and sum(each.written or 0 for each in self.progress.values()) == heat.events:
                clock.done()
                os.kill(os.getpid(), signal.SIGTERM)
            return done

    running.Consumer = Timed  # pyright: ignore[reportPrivateImportUsage]  the one place where a stopwatch can be put
    if not publishes:
        Sender.send_encoded = _unsent  # to see what publishing costs
    os.environ.update(environment(heat))
    settings = read_settings(Settings)
    async with service.opened(NAME, settings) as shell:
        flow = flow_of(shell)
        await flow.prepare()
        entries: list[Fact[Any]] = [
            Fact(Envelope.of(each, source=SOURCE, id=each.course_id, time=BEGIN), None)  # pyright: ignore[reportArgumentType]  read from no topic
            for each in catalogue()
        ]
        await flow.take(handlers.intake_of(entries, handlers.address_of(shell.keys)))
    await service.serve(NAME, settings, build)


async def _unsent(self: Sender, records: Sequence[Record]) -> None:
    del self, records


serve_silently = partial(serve, publishes=False)
