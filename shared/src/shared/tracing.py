"""Traces out, by OTLP, where an endpoint is set: `OTEL_EXPORTER_OTLP_ENDPOINT` and its standard fellows.

Else nothing happens, and not even the library is loaded. A span for each batch, linked with the traces of the events in
it, and one for each HTTP request. The trace of an event goes on in the events that it causes whether or not anything is
exported: it travels in the envelope.
"""

import os
import threading
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanContext

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
MOST_LINKS = 128
"""What OpenTelemetry's own limit is."""
CLOSE_SECONDS = 3.0
FAILED = 500


class Tracing:
    """Makes spans and has them exported in the background. Only made where an endpoint is set."""

    def __init__(self, *, service: str, version: str, instance: str, named: bool = False) -> None:
        # Loaded here: half a second and 20 MB that nobody pays who exports nothing.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        known: dict[str, str] = {"service.version": version, "service.instance.id": instance}
        if not named:
            known["service.name"] = service
        self._provider = TracerProvider(resource=Resource.create(known), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("learnwire", version)

    def batch(self, *, seconds: float, traceparents: Iterable[str], attributes: Mapping[str, Any]) -> None:
        """Tell of a batch that took so long and has just ended. With one trace in it the span is part of that one."""
        from opentelemetry.trace import Link, SpanKind  # noqa: PLC0415  loaded already

        distinct = list(dict.fromkeys(traceparents))[:MOST_LINKS]
        contexts = [found for each in distinct if (found := _remote(each)) is not None]
        parent = _within(contexts[0]) if len(contexts) == 1 else None
        now = time.time_ns()
        span = self._tracer.start_span(
            "process batch",
            context=parent,
            kind=SpanKind.CONSUMER,
            links=[Link(each) for each in contexts],
            start_time=now - int(seconds * 1e9),
            attributes={"messaging.system": "kafka", "messaging.operation.type": "process", **attributes},
        )
        span.end(now)

    def request(self, *, method: str, route: str, status: int, seconds: float, traceparent: str | None) -> None:
        """Tell of an HTTP request that has just been answered."""
        from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415  loaded already

        parent = _remote(traceparent) if traceparent else None
        now = time.time_ns()
        span = self._tracer.start_span(
            f"{method} {route}",
            context=None if parent is None else _within(parent),
            kind=SpanKind.SERVER,
            start_time=now - int(seconds * 1e9),
            attributes={"http.request.method": method, "http.route": route, "http.response.status_code": status},
        )
        if status >= FAILED:
            span.set_status(Status(StatusCode.ERROR))
        span.end(now)

    def close(self) -> None:
        """Export what is left, for three seconds at the most: a collector that is away must not hold up the end."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(CLOSE_SECONDS)


class _State:
    on: Tracing | None = None


def current() -> Tracing | None:
    """Return where to tell of spans, None where nobody wants them."""
    return _State.on


def set_up(*, service: str, version: str, instance: str, environment: Mapping[str, str] = os.environ) -> None:
    """Begin, where the environment asks for it."""
    wanted = any(environment.get(each) for each in ENDPOINTS)
    refused = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if wanted and not refused and environment.get("OTEL_TRACES_EXPORTER", "otlp") != "none":
        named = bool(environment.get("OTEL_SERVICE_NAME"))
        _State.on = Tracing(service=service, version=version, instance=instance, named=named)


def close() -> None:
    """End."""
    if _State.on is not None:
        _State.on.close()
        _State.on = None


def trace_id(traceparent: str | None) -> str | None:
    """Return the trace that an event is part of, for log lines."""
    return None if traceparent is None else traceparent[3:35]


def _remote(traceparent: str) -> "SpanContext | None":
    from opentelemetry.trace import SpanContext, TraceFlags  # noqa: PLC0415  loaded already

    try:
        _, trace, span, flags = traceparent.split("-")[:4]
        found = SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    except ValueError:
        return None
    return found if found.is_valid else None


def _within(parent: "SpanContext") -> "Context":
    from opentelemetry.trace import NonRecordingSpan, set_span_in_context  # noqa: PLC0415  loaded already

    return set_span_in_context(NonRecordingSpan(parent))
