"""Go1, the library of courses outside: its catalogue, launches on our side, completions on theirs."""

from typing import ClassVar, Literal

from contracts.event import Event, Part
from contracts.topics import GO1
from contracts.types import EmailAddress, Id, Instant, LaunchId, PortalId, Text, Version, Whole, normal_email

Channel = Literal["web", "mobile"]


class EntryPoint(Part):
    """Where on the platform a course was started from."""

    kind: Literal["catalog", "path_session", "other"]
    id: Id | None = None


class Go1CourseChanged(Event):
    """An entry of Go1's catalogue. Without `changed_at` the envelope's `time` stands for it."""

    TYPE: ClassVar[str] = "learnwire.go1.course-changed.v1"
    TOPIC: ClassVar[str] = GO1

    course_id: Id
    title: Text
    duration_minutes: Whole | None = None
    available: bool = True
    changed_at: Instant | None = None
    version: Version

    def key(self) -> str:
        """`course_id`."""
        return self.course_id


class _OfPerson(Event):
    TOPIC: ClassVar[str] = GO1

    portal_id: PortalId
    email: EmailAddress
    course_id: Id

    def key(self) -> str:
        """The normal form of `email`."""
        return normal_email(self.email)


class Go1CourseLaunched(_OfPerson):
    """A learner clicked START."""

    TYPE: ClassVar[str] = "learnwire.go1.course-launched.v1"

    learner_id: Id
    launch_id: LaunchId
    channel: Channel
    entry_point: EntryPoint
    launched_at: Instant


class Go1CourseResumed(_OfPerson):
    """A learner went on with a course that he had started."""

    TYPE: ClassVar[str] = "learnwire.go1.course-resumed.v1"

    learner_id: Id
    launch_id: LaunchId | None = None
    channel: Channel
    resumed_at: Instant


class Go1CourseCompleted(_OfPerson):
    """Go1 says that somebody has completed a course."""

    TYPE: ClassVar[str] = "learnwire.go1.course-completed.v1"

    go1_enrollment_id: Id
    started_at: Instant | None = None
    completed_at: Instant
    passed: bool
    version: Version


class Go1EnrollmentDeleted(_OfPerson):
    """Go1 withdraws an enrollment, and a completion with it."""

    TYPE: ClassVar[str] = "learnwire.go1.enrollment-deleted.v1"

    go1_enrollment_id: Id
    deleted_at: Instant


class Go1MatchDecided(Event):
    """A person says whose completion it is."""

    TYPE: ClassVar[str] = "learnwire.go1.match-decided.v1"
    TOPIC: ClassVar[str] = GO1

    portal_id: PortalId
    go1_enrollment_id: Id
    learner_id: Id
    decided_by: Text
    decided_at: Instant
    version: Version

    def key(self) -> str:
        """`go1_enrollment_id`."""
        return self.go1_enrollment_id
