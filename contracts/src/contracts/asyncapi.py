"""AsyncAPI 3 of all topics and events, or of what one service receives and sends."""

from collections.abc import Mapping
from typing import Any

from contracts import schemas
from contracts.catalog import DEAD_LETTERS, EVENTS, SERVICES, TOPICS, Topic, dead_letters
from contracts.event import Event
from contracts.wire.writing import STRUCTURED

Part = dict[str, Any]
Events = Mapping[str, type[Event]]

VERSION = "0.1.0"
"""Of this package, for the document must not change with the way the package was installed."""

_KAFKA = "0.5.0"
_DAY_MS = 24 * 60 * 60 * 1000
_DEAD_LETTER = "DeadLetter"


def asyncapi(service: str | None = None) -> Part:
    """The document as plain data.

    With the name of a service, what that one receives and sends; without, what Learnwire as a whole does.
    """
    received, sent = _received(service), _sent(service)
    events = {name: event for name, event in EVENTS.items() if name in received or name in sent}
    channels = {_short(topic.name): _channel(topic, events) for topic in TOPICS if _of(topic.name, events)}
    channels |= {_short(topic.name): _dead_letter_channel(topic) for topic in _dead_letter_topics(service)}
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:learnwire:{service or 'all'}",
        "info": _info(service),
        "defaultContentType": STRUCTURED.decode(),
        "channels": channels,
        "operations": _operations("receive", received) | _operations("send", sent) | _sets_aside(service),
        "components": {
            "messages": {event.__name__: _message(event) for event in events.values()} | {_DEAD_LETTER: _dead_letter()},
            "schemas": {"Envelope": _inline(schemas.envelope_schema())} | schemas.components(events),
        },
    }


def _received(service: str | None) -> Events:
    if service is not None:
        return SERVICES[service].reads
    return {name: event for each in SERVICES.values() for name, event in each.reads.items()}


def _sent(service: str | None) -> Events:
    services = SERVICES.values() if service is None else (SERVICES[service],)
    topics = {topic for each in services for topic in each.writes}
    return {name: event for name, event in EVENTS.items() if event.TOPIC in topics}


def _of(topic: str, events: Events) -> Events:
    return {name: event for name, event in events.items() if topic == event.TOPIC}


def _short(topic: str) -> str:
    """`learnwire.bulk-actions.v1` as `bulk-actions`."""
    return topic.removeprefix("learnwire.").removesuffix(".v1")


def _info(service: str | None) -> Part:
    return {
        "title": f"Learnwire: {service}" if service else "Learnwire",
        "version": VERSION,
        "description": (
            "CloudEvents 1.0 on Kafka, in structured JSON; binary mode is read too. Writers are strict, readers ignore "
            "what they do not know. Topic names may have a prefix of the installation."
        ),
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    }


def _channel(topic: Topic, events: Events) -> Part:
    names = [event.__name__ for event in _of(topic.name, events).values()]
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": _binding(topic),
    }


def _binding(topic: Topic) -> Part:
    return {
        "kafka": {
            "topic": topic.name,
            "partitions": topic.partitions,
            "topicConfiguration": {
                "cleanup.policy": ["delete"],
                "retention.ms": topic.retention_days * _DAY_MS,
                "max.message.bytes": topic.max_bytes,
            },
            "bindingVersion": _KAFKA,
        }
    }


def _dead_letter_topics(service: str | None) -> list[Topic]:
    return [topic for topic in DEAD_LETTERS if service is None or topic.name == dead_letters(service)]


def _dead_letter_channel(topic: Topic) -> Part:
    return {
        "address": topic.name,
        "description": "What the service could not take, byte for byte, with the reason in headers.",
        "messages": {_DEAD_LETTER: {"$ref": f"#/components/messages/{_DEAD_LETTER}"}},
        "bindings": _binding(topic),
    }


def _operations(action: str, events: Events) -> Part:
    """One operation for each topic: an operation has one channel."""
    return {
        f"{action}-{_short(topic)}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{_short(topic)}"},
            "messages": [
                {"$ref": f"#/channels/{_short(topic)}/messages/{event.__name__}"}
                for event in _of(topic, events).values()
            ],
        }
        for topic in dict.fromkeys(event.TOPIC for event in events.values())
    }


def _sets_aside(service: str | None) -> Part:
    return {
        f"send-{_short(topic.name)}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{_short(topic.name)}"},
            "messages": [{"$ref": f"#/channels/{_short(topic.name)}/messages/{_DEAD_LETTER}"}],
        }
        for topic in _dead_letter_topics(service)
    }


def _message(event: type[Event]) -> Part:
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": STRUCTURED.decode(),
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": event.TYPE},
                        "data": {"$ref": f"#/components/schemas/{event.__name__}"},
                    },
                },
            ]
        },
        "correlationId": {"location": "$message.payload#/correlationid"},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": _KAFKA}},
    }


def _dead_letter() -> Part:
    """The headers that are added; key and value are those of the record set aside."""
    texts = ("dlq-detail", "dlq-service", "dlq-version", "dlq-attempts", "dlq-topic", "dlq-partition", "dlq-offset")
    headers: Part = {
        "dlq-reason": {"type": "string", "enum": ["malformed", "invalid", "conflict", "refused", "unexpected"]},
        **{name: {"type": "string"} for name in texts},
        "dlq-at": {"type": "string", "format": "date-time"},
    }
    return {
        "name": "dead-letter",
        "title": "Dead letter",
        "summary": "A record that could not be taken.",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "properties": headers, "required": list(headers)},
        "payload": {"description": "The value of the record, untouched."},
    }


def _inline(schema: Part) -> Part:
    """A schema as a part of another document: it has no identity of its own there."""
    return {name: value for name, value in schema.items() if name not in ("$schema", "$id")}
