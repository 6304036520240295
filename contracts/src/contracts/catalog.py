"""Every topic and every type of event, and which service reads and writes what. Provisioned and checked from here."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from contracts import attempts, bulk_actions, commands, content_actions, courses, enrollments, go1, learners, portals
from contracts.event import Event
from contracts.topics import (
    ATTEMPTS,
    BULK_ACTIONS,
    BULK_STATUSES,
    CATALOG,
    COMMANDS,
    CONTENT_ACTIONS,
    ENROLLMENTS,
    GO1,
    LEARNERS,
    PORTALS,
)

__all__ = [
    "ATTEMPTS",
    "BULK_ACTIONS",
    "BULK_STATUSES",
    "CATALOG",
    "COMMANDS",
    "CONTENT_ACTIONS",
    "DEAD_LETTERS",
    "ENROLLMENTS",
    "EVENTS",
    "GO1",
    "LEARNERS",
    "PORTALS",
    "SERVICES",
    "TOPICS",
    "Service",
    "Topic",
    "dead_letters",
    "reads",
]


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is provisioned."""

    name: str
    key: str
    """What the record's key is made of, for people."""
    partitions: int = 6
    retention_days: int = 14
    max_bytes: int = 1_048_588
    """Of one record; Kafka's own default unless said."""


TOPICS: tuple[Topic, ...] = (
    Topic(PORTALS, key="portal_id"),
    Topic(LEARNERS, key="{portal_id}/{learner_id}"),
    Topic(ENROLLMENTS, key="{portal_id}/{learner_id}"),
    Topic(CATALOG, key="{portal_id}/{course_id}"),
    Topic(GO1, key="normal form of email; course_id for course-changed; go1_enrollment_id for match-decided"),
    Topic(ATTEMPTS, key="{portal_id}/{learner_id}"),
    Topic(CONTENT_ACTIONS, key="normal form of email"),
    Topic(BULK_ACTIONS, key="action_id"),
    Topic(BULK_STATUSES, key="action_id"),
    Topic(COMMANDS, key="portal_id"),
)
"""The topics of events."""

_CLASSES: tuple[type[Event], ...] = (
    portals.PortalConnected,
    learners.LearnerChanged,
    learners.LearnerLinked,
    learners.LearnerUnlinked,
    learners.LearnerAccessed,
    learners.LearnerErased,
    enrollments.EnrollmentChanged,
    enrollments.EnrollmentRemoved,
    enrollments.PathEnrollmentChanged,
    enrollments.PathEnrollmentRemoved,
    courses.CourseRenamed,
    courses.CourseDeleted,
    go1.Go1CourseChanged,
    go1.Go1CourseLaunched,
    go1.Go1CourseResumed,
    go1.Go1CourseCompleted,
    go1.Go1EnrollmentDeleted,
    go1.Go1MatchDecided,
    attempts.AttemptChanged,
    content_actions.ContentActionRecorded,
    bulk_actions.BulkActionSubmitted,
    bulk_actions.BulkActionStarted,
    bulk_actions.BulkActionProgressed,
    bulk_actions.BulkActionRowsReported,
    bulk_actions.BulkActionFinished,
    bulk_actions.BulkActionStatusChanged,
    commands.SalesforceResyncRequested,
)

EVENTS: Mapping[str, type[Event]] = MappingProxyType({event.TYPE: event for event in _CLASSES})
"""Every type of event."""


@dataclass(frozen=True, slots=True)
class Service:
    """What one service reads and writes."""

    reads: Mapping[str, type[Event]]
    """The types that it knows; every other is skipped."""
    writes: tuple[str, ...]
    """Topics, dead letters aside."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that it reads."""
        return tuple(dict.fromkeys(event.TOPIC for event in self.reads.values()))


def _of(*topics: str) -> dict[str, type[Event]]:
    return {name: event for name, event in EVENTS.items() if event.TOPIC in topics}


_ERASURE: dict[str, type[Event]] = {learners.LearnerErased.TYPE: learners.LearnerErased}

SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        "salesforce-syncer": Service(
            reads=MappingProxyType(_of(PORTALS, LEARNERS, ENROLLMENTS, CATALOG, ATTEMPTS, COMMANDS)),
            writes=(BULK_ACTIONS,),
        ),
        "go1-stats-processor": Service(reads=MappingProxyType(_of(GO1, LEARNERS)), writes=(ATTEMPTS,)),
        "action-logger": Service(reads=MappingProxyType(_of(CONTENT_ACTIONS, ATTEMPTS) | _ERASURE), writes=()),
        "bulk-tracker": Service(reads=MappingProxyType(_of(BULK_ACTIONS) | _ERASURE), writes=(BULK_STATUSES,)),
    }
)
"""The services. action-logger and bulk-tracker know the erasure alone of all that is said of learners."""


def reads(service: str) -> Mapping[str, type[Event]]:
    """The types that a service knows, with their classes; the same mapping at every call."""
    return SERVICES[service].reads


def dead_letters(service: str) -> str:
    """The topic where a service sets aside what it cannot take."""
    return f"learnwire.dead-letters.{service}.v1"


DEAD_LETTERS: tuple[Topic, ...] = tuple(
    Topic(dead_letters(service), key="as on the topic it came from", retention_days=30, max_bytes=2 * 1024 * 1024)
    for service in SERVICES
)
"""Kept longer, and taking larger records than the others: an over-size record must still find room."""
