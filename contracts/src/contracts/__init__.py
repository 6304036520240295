"""Learnwire's events: models, envelope, wire format, topics, vocabulary.

Names are loaded when first used, so that importing the package costs a publisher next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contracts.attempts import AttemptChanged as AttemptChanged
    from contracts.attempts import Why as Why
    from contracts.bulk_actions import BulkActionFinished as BulkActionFinished
    from contracts.bulk_actions import BulkActionProgressed as BulkActionProgressed
    from contracts.bulk_actions import BulkActionRowsReported as BulkActionRowsReported
    from contracts.bulk_actions import BulkActionStarted as BulkActionStarted
    from contracts.bulk_actions import BulkActionStatusChanged as BulkActionStatusChanged
    from contracts.bulk_actions import BulkActionSubmitted as BulkActionSubmitted
    from contracts.bulk_actions import ReportedRow as ReportedRow
    from contracts.bulk_actions import Requester as Requester
    from contracts.bulk_actions import Task as Task
    from contracts.commands import SalesforceResyncRequested as SalesforceResyncRequested
    from contracts.content_actions import ContentActionRecorded as ContentActionRecorded
    from contracts.courses import CourseDeleted as CourseDeleted
    from contracts.courses import CourseRenamed as CourseRenamed
    from contracts.enrollments import EnrollmentChanged as EnrollmentChanged
    from contracts.enrollments import EnrollmentRemoved as EnrollmentRemoved
    from contracts.enrollments import PathEnrollmentChanged as PathEnrollmentChanged
    from contracts.enrollments import PathEnrollmentRemoved as PathEnrollmentRemoved
    from contracts.envelope import Envelope as Envelope
    from contracts.event import Event as Event
    from contracts.event import EventRef as EventRef
    from contracts.event import canonical as canonical
    from contracts.go1 import EntryPoint as EntryPoint
    from contracts.go1 import Go1CourseChanged as Go1CourseChanged
    from contracts.go1 import Go1CourseCompleted as Go1CourseCompleted
    from contracts.go1 import Go1CourseLaunched as Go1CourseLaunched
    from contracts.go1 import Go1CourseResumed as Go1CourseResumed
    from contracts.go1 import Go1EnrollmentDeleted as Go1EnrollmentDeleted
    from contracts.go1 import Go1MatchDecided as Go1MatchDecided
    from contracts.learners import LearnerAccessed as LearnerAccessed
    from contracts.learners import LearnerChanged as LearnerChanged
    from contracts.learners import LearnerErased as LearnerErased
    from contracts.learners import LearnerLinked as LearnerLinked
    from contracts.learners import LearnerUnlinked as LearnerUnlinked
    from contracts.portals import PortalConnected as PortalConnected
    from contracts.publisher import Publisher as Publisher
    from contracts.wire import Invalid as Invalid
    from contracts.wire import Malformed as Malformed
    from contracts.wire import Record as Record
    from contracts.wire import UnknownType as UnknownType
    from contracts.wire import decode as decode
    from contracts.wire import encode as encode

_MODULES = {
    "attempts": "AttemptChanged Why",
    "bulk_actions": (
        "BulkActionFinished BulkActionProgressed BulkActionRowsReported BulkActionStarted BulkActionStatusChanged "
        "BulkActionSubmitted ReportedRow Requester Task"
    ),
    "commands": "SalesforceResyncRequested",
    "content_actions": "ContentActionRecorded",
    "courses": "CourseDeleted CourseRenamed",
    "enrollments": "EnrollmentChanged EnrollmentRemoved PathEnrollmentChanged PathEnrollmentRemoved",
    "envelope": "Envelope",
    "event": "Event EventRef canonical",
    "go1": (
        "EntryPoint Go1CourseChanged Go1CourseCompleted Go1CourseLaunched Go1CourseResumed Go1EnrollmentDeleted "
        "Go1MatchDecided"
    ),
    "learners": "LearnerAccessed LearnerChanged LearnerErased LearnerLinked LearnerUnlinked",
    "portals": "PortalConnected",
    "publisher": "Publisher",
    "wire": "Invalid Malformed Record UnknownType decode encode",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'contracts' has no attribute {name!r}")
    value = getattr(import_module(f"contracts.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
