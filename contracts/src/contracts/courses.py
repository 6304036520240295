"""The portal's own courses."""

from typing import ClassVar

from contracts.event import Event
from contracts.topics import CATALOG
from contracts.types import Id, Instant, PortalId, Text, Version


class _OfCourse(Event):
    TOPIC: ClassVar[str] = CATALOG

    portal_id: PortalId
    course_id: Id

    def key(self) -> str:
        """`{portal_id}/{course_id}`."""
        return f"{self.portal_id}/{self.course_id}"


class CourseRenamed(_OfCourse):
    """A course has a new name. Without `renamed_at` the envelope's `time` stands for it."""

    TYPE: ClassVar[str] = "learnwire.course.renamed.v1"

    course_name: Text
    renamed_at: Instant | None = None
    version: Version


class CourseDeleted(_OfCourse):
    """A course is gone: counts as an unenrollment of every learner on it."""

    TYPE: ClassVar[str] = "learnwire.course.deleted.v1"

    deleted_at: Instant
