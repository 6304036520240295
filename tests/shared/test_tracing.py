"""Traces are exported where a collector is set, seen from the collector; else the library is not even loaded."""

import subprocess
import sys
import threading
from collections.abc import Generator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from contracts import BulkActionStarted
from contracts.envelope import Envelope
from tests.shared.test_shell import start
from tests.world import World, eventually

TRACES = [f"{number:032x}" for number in (10, 11)]


class Collector(ThreadingHTTPServer):
    """As much of OTLP over HTTP as an exporter asks for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    async def spans(self, name: str) -> list[Any]:
        return [
            (resource.resource, span)
            for request in self.taken
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if span.name == name
        ]


class Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as the base class calls it
        """Say nothing."""


@pytest.fixture
def collector() -> Generator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def attributes(found: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in found.attributes}


async def test_a_batch_is_a_span_linked_with_the_traces_of_its_events(
    collector: Collector, kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        events = [
            Envelope.of(
                BulkActionStarted(action_id=f"a{trace}", started_at=datetime.now(UTC)),
                source="/lms/acme",
                traceparent=f"00-{trace}-00000000000000aa-01",
            )
            for trace in TRACES
        ]
        await world.publish(*events)
        process = start(world, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="100")
        await world.ready(process, seconds=60)
        await world.get(process, "/v1/list", token=world.token("bulk-tracker", "admin"))

        async def linked() -> set[str]:
            return {link.trace_id.hex() for _, span in await collector.spans("process batch") for link in span.links}

        assert await eventually(linked, "both", until=lambda found: len(found) == 2) == set(TRACES)
        resource, span = (await collector.spans("process batch"))[0]
        assert attributes(resource).items() >= {"service.name": "bulk-tracker", "service.version": "0.1.0"}.items()
        assert attributes(span)["messaging.system"] == "kafka"
        if len(span.links) == 1:  # alone in its batch: part of the event's own trace
            assert span.trace_id.hex() == span.links[0].trace_id.hex()
        assert await eventually(lambda: collector.spans("GET /v1/list"), "the request")
        assert process.terminate() == 0


async def test_a_collector_that_is_away_holds_nothing_up(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        process = start(world, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_BSP_SCHEDULE_DELAY="100")
        await world.ready(process, seconds=60)
        await world.publish(BulkActionStarted(action_id="a", started_at=datetime.now(UTC)))
        assert process.terminate() == 0


def test_without_an_endpoint_the_library_is_not_loaded() -> None:
    code = (
        "import sys, shared.service, shared.consumer.batch\n"
        "from shared import tracing\n"
        "tracing.set_up(service='s', version='1', instance='i', environment={})\n"
        "assert tracing.current() is None\n"
        "print([each for each in sys.modules if each.startswith('opentelemetry.sdk')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
