"""Facts with sensible values; say what matters."""

from datetime import UTC, datetime, timedelta

from go1_stats_processor.domain.attempt import Attempt
from go1_stats_processor.domain.attempts import attempts
from go1_stats_processor.domain.facts import Completion, Fact, Facts, Launch, Resume, with_facts
from go1_stats_processor.domain.rules import Rules

RULES = Rules()
RECORDED = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    """Read `2024-12-22 09:00` (UTC) or a whole RFC 3339 instant."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def launch(instant: str, launch_id: str = "L1", *, channel: str = "web", email: str = "ada@example.com") -> Launch:
    return Launch(launch_id, at(instant), channel, email, "catalog", None, f"/lms {launch_id}", RECORDED)


def resume(instant: str, launch_id: str | None = None, *, channel: str = "web") -> Resume:
    return Resume(at(instant), launch_id, channel, f"/lms resume-{instant}", RECORDED)


def completion(
    instant: str,
    go1_enrollment_id: str = "E1",
    *,
    started: str | None = None,
    passed: bool = True,
    duration_minutes: int | None = 300,
    deleted: str | None = None,
    placed: str | None = None,
    sequence: int = 1,
) -> Completion:
    """A completion at `instant`; `placed` is where its lowest version had it."""
    return Completion(
        go1_enrollment_id=go1_enrollment_id,
        sequence=sequence,
        placed_at=at(placed or instant),
        completed_at=at(instant),
        started_at=None if started is None else at(started),
        passed=passed,
        email="Ada@Example.com",
        duration_minutes=duration_minutes,
        deleted_at=None if deleted is None else at(deleted),
        event=f"/go1 {go1_enrollment_id}",
        deletion=None if deleted is None else f"/go1 {go1_enrollment_id}-deleted",
        catalogue="/go1 course",
        recorded_at=RECORDED,
    )


def facts(*some: Fact) -> Facts:
    return with_facts(Facts(), some)


def shown(*some: Fact, rules: Rules = RULES) -> dict[str, Attempt]:
    return {each.attempt_id: each for each in attempts(facts(*some), rules)}


def state(attempt: Attempt) -> tuple[object, ...]:
    """Status, progress, result, time and its basis; enough for most cases."""
    status = "legacy" if attempt.legacy else attempt.status
    return status, attempt.progress_percent, attempt.result, attempt.time_spent_seconds, attempt.time_spent_basis


OPEN = ("in_progress", 50, None, None, None)
LEGACY = ("legacy", 0, None, None, None)
