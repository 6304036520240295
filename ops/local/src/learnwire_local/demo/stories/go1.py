"""Courses taken on Go1: what each learner did, and the attempt that must come of it. All on the portal `acme`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from learnwire_local.demo.stories import courses, people
from learnwire_local.demo.stories.ledger import Ledger, Person, ago

FILE = "5-go1"
SUNDAY = courses.SUNDAY
MIDNIGHT = ago(hours=12)
TITLES = {
    "G-1": "Negotiation Essentials",
    "G-2": "Inclusive Hiring",
    "G-3": "Cyber Hygiene",
    "G-4": "Ladders and Heights",
}
MINUTES = {"G-1": 300, "G-2": 45, "G-3": None, "G-4": 60}
PORTAL = {"portal_id": "acme"}


def monday(hour: float, *, day: int = 0) -> datetime:
    return MIDNIGHT - timedelta(days=6 - day) + timedelta(hours=hour)


def december(day: int, hour: float) -> datetime:
    return datetime(2024, 12, day, tzinfo=UTC) + timedelta(hours=hour)


def tell(ledger: Ledger) -> None:
    for course_id, title in TITLES.items():
        data = {"course_id": course_id, "title": title, "duration_minutes": MINUTES[course_id], "version": 1}
        changed = december(1, 8)
        ledger.event(FILE, "go1.course-changed", data | {"changed_at": changed}, changed, source="/go1")
    _time_spent(ledger)
    _several_attempts(ledger)
    _before_the_update(ledger)
    _begun_on_go1(ledger)
    _deletions(ledger)
    _matching(ledger)
    ledger.repeat(FILE, 0.1)


def _time_spent(ledger: Ledger) -> None:
    _launch(ledger, people.MIRA, "G-1", "S-01", monday(9))
    _complete(ledger, people.MIRA, "G-1", "GE-01", monday(13.5))
    _attempt(ledger, people.MIRA, "G-1", "S-01", result="success", time=(16_200, "elapsed"))
    _launch(ledger, people.TOMAS, "G-1", "S-02", monday(9))
    _complete(ledger, people.TOMAS, "G-1", "GE-02", monday(14.5))
    _attempt(ledger, people.TOMAS, "G-1", "S-02", result="success", time=(18_000, "capped"))
    _launch(ledger, people.AIKO, "G-3", "S-03", monday(10, day=1))
    _complete(ledger, people.AIKO, "G-3", "GE-03", monday(12, day=2))
    _attempt(ledger, people.AIKO, "G-3", "S-03", result="success", time=(93_600, "elapsed"))
    # The completion is heard of before the launch.
    _complete(ledger, people.JUNE, "G-2", "GE-04", monday(11.5, day=3), passed=False)
    _launch(ledger, people.JUNE, "G-2", "S-04", monday(11, day=3), channel="mobile")
    _attempt(ledger, people.JUNE, "G-2", "S-04", result="failed", time=(1_800, "elapsed"))


def _several_attempts(ledger: Ledger) -> None:
    _launch(ledger, people.NADIA, "G-2", "S-05", monday(9, day=1))
    _launch(ledger, people.NADIA, "G-2", "S-06", monday(15, day=1))
    _resume(ledger, people.NADIA, "G-2", monday(10, day=2), launch_id="S-06")
    for _ in range(2):  # told twice by Go1, as two events
        _complete(ledger, people.NADIA, "G-2", "GE-05", monday(9.5, day=2))
    _attempt(ledger, people.NADIA, "G-2", "S-05", result="success", time=(2_700, "capped"))
    _attempt(ledger, people.NADIA, "G-2", "S-06", progress=50)


def _before_the_update(ledger: Ledger) -> None:
    _launch(ledger, people.TOMAS, "G-4", "S-07", december(10, 8))
    _launch(ledger, people.TOMAS, "G-4", "S-08", december(12, 8))
    _complete(ledger, people.TOMAS, "G-4", "GE-06", december(10, 11))
    _attempt(ledger, people.TOMAS, "G-4", "S-07", result="success", time=(0, "legacy_zero"))
    _attempt(ledger, people.TOMAS, "G-4", "S-08", progress=0, legacy=True)
    _launch(ledger, people.AIKO, "G-4", "S-09", december(24, 8), channel="mobile")
    _attempt(ledger, people.AIKO, "G-4", "S-09", progress=0, legacy=True)
    _launch(ledger, people.LENA, "G-4", "S-10", december(17, 8))
    _resume(ledger, people.LENA, "G-4", monday(16, day=4))
    _attempt(ledger, people.LENA, "G-4", "S-10", progress=50)


def _begun_on_go1(ledger: Ledger) -> None:
    _complete(ledger, people.QUINN, "G-2", "GE-07", monday(12, day=3), started=monday(11.25, day=3))
    _attempt(ledger, people.QUINN, "G-2", "go1:GE-07", result="success", time=(2_700, "elapsed"))
    _complete(ledger, people.MIRA, "G-3", "GE-08", monday(17, day=3))
    _attempt(ledger, people.MIRA, "G-3", "go1:GE-08", result="success", time=(None, "unknown"))


def _deletions(ledger: Ledger) -> None:
    _complete(ledger, people.JUNE, "G-3", "GE-09", monday(12, day=2), started=monday(11, day=2))
    _delete(ledger, people.JUNE, "G-3", "GE-09")
    _attempt(ledger, people.JUNE, "G-3", "go1:GE-09", result="success", status="voided")
    _launch(ledger, people.QUINN, "G-4", "S-11", monday(9, day=1))
    _complete(ledger, people.QUINN, "G-4", "GE-10", monday(10, day=1))
    _delete(ledger, people.QUINN, "G-4", "GE-10")
    _attempt(ledger, people.QUINN, "G-4", "S-11", progress=50, was_completed=True)


def _matching(ledger: Ledger) -> None:
    """Two learners share one mailbox, so a person has to say; one address is nobody's; one course is unknown."""
    for enrollment, course_id in (("GE-11", "G-2"), ("GE-12", "G-3")):
        _complete(ledger, people.DESK_A, course_id, enrollment, monday(14, day=4), started=monday(13, day=4))
    decided = {
        **PORTAL,
        "go1_enrollment_id": "GE-11",
        "learner_id": people.DESK_B.learner_id,
        "decided_by": "dana",
        "decided_at": ago(hours=20),
        "version": 1,
    }
    ledger.event(FILE, "go1.match-decided", decided, ago(hours=20))
    _attempt(ledger, people.DESK_B, "G-2", "go1:GE-11", result="success", time=(2_700, "capped"))
    ledger.parked["GE-12"] = "learner_ambiguous"
    stranger = Person("L-0", "acme", "Someone", "Else")
    _complete(ledger, stranger, "G-1", "GE-13", monday(9, day=5))
    ledger.parked["GE-13"] = "learner_unknown"
    _complete(ledger, people.AIKO, "G-99", "GE-14", monday(10, day=5))
    ledger.parked["GE-14"] = "course_unknown"


def _launch(ledger: Ledger, who: Person, course: str, launch: str, at: datetime, *, channel: str = "web") -> None:
    entry = {"kind": "catalog"} if channel == "web" else {"kind": "path_session", "id": "LP-1"}
    data: dict[str, Any] = {**PORTAL, "learner_id": who.learner_id, "email": who.email, "course_id": course}
    data |= {"launch_id": launch, "channel": channel, "entry_point": entry, "launched_at": at}
    ledger.event(FILE, "go1.course-launched", data, at)


def _resume(ledger: Ledger, who: Person, course: str, at: datetime, launch_id: str | None = None) -> None:
    data: dict[str, Any] = {**PORTAL, "learner_id": who.learner_id, "email": who.email, "course_id": course}
    data |= {"launch_id": launch_id, "channel": "web", "resumed_at": at}
    ledger.event(FILE, "go1.course-resumed", data, at)


def _complete(
    ledger: Ledger,
    who: Person,
    course: str,
    enrollment: str,
    at: datetime,
    *,
    started: datetime | None = None,
    passed: bool = True,
) -> None:
    data: dict[str, Any] = {**PORTAL, "email": who.email.upper() if enrollment == "GE-02" else who.email}
    data |= {"course_id": course, "go1_enrollment_id": enrollment, "started_at": started, "completed_at": at}
    ledger.event(FILE, "go1.course-completed", data | {"passed": passed, "version": 1}, at, source="/go1")


def _delete(ledger: Ledger, who: Person, course: str, enrollment: str) -> None:
    data = {
        **PORTAL,
        "email": who.email,
        "course_id": course,
        "go1_enrollment_id": enrollment,
        "deleted_at": ago(hours=1),
    }
    ledger.event(SUNDAY, "go1.enrollment-deleted", data, ago(hours=1), source="/go1")


def _attempt(
    ledger: Ledger,
    who: Person,
    course: str,
    attempt_id: str,
    *,
    result: str | None = None,
    time: tuple[int | None, str | None] = (None, None),
    progress: int = 100,
    legacy: bool = False,
    status: str = "",
    was_completed: bool = False,
) -> None:
    """What must be seen of it: the attempt, its rows in the log, and its row in Salesforce where the learner is linked."""
    ledger.attempts[attempt_id] = {
        "learner_id": who.learner_id,
        "course_id": course,
        "status": status or ("completed" if result or legacy else "in_progress"),
        "progress_percent": progress,
        "result": result,
        "time_spent_seconds": time[0],
        "time_spent_basis": time[1],
        "legacy": legacy,
    }
    if not attempt_id.startswith("go1:"):
        ledger.logged("status_change")
    if result or was_completed:
        ledger.logged("status_change")
    shown = {"success": "passed", "failed": "failed", None: "in_progress"}[result]
    if status != "voided":
        courses.show(ledger, who, f"acme:go1:{attempt_id}", name=TITLES[course], status=shown, score=None)
