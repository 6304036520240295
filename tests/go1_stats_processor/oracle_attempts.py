"""The oracle's half that turns launches, resumes, completions and deletions into attempts; see `oracle`."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.envelope import Envelope
from contracts.event import canonical
from contracts.go1 import Go1CourseLaunched, Go1CourseResumed

WEB = datetime(2024, 12, 18, 23, tzinfo=UTC)
MOBILE = datetime(2024, 12, 25, 23, tzinfo=UTC)
NOON = datetime(2024, 12, 19, 11, tzinfo=UTC)
UPDATE = {"web": WEB, "mobile": MOBILE}

State = dict[str, Any]


def some(envelopes: Sequence[Envelope[Any]], kind: type[Any]) -> list[Any]:
    return [each.data for each in envelopes if isinstance(each.data, kind)]


def winner(events: Sequence[Any], rank: Callable[[Any], Any]) -> Any:
    """The one of the highest rank; of several, the one whose canonical JSON compares greatest."""
    return max(events, key=lambda event: (rank(event), canonical(event)))


def attempts_of(
    envelopes: Sequence[Envelope[Any]], portal_id: str, learner_id: str, course_id: str, completions: Sequence[State]
) -> list[State]:
    mine = [
        each
        for each in some(envelopes, Go1CourseLaunched) + some(envelopes, Go1CourseResumed)
        if (each.portal_id, each.learner_id, each.course_id) == (portal_id, learner_id, course_id)
    ]
    attempts: list[State] = []
    for instant, kind, _, _, what in sorted(
        [*platform_steps(mine), *go1_steps(completions)], key=lambda step: step[:4]
    ):
        (launch, resume, complete, delete)[kind - 1](attempts, instant, what)
    for attempt in attempts:
        for name in ("resumes", "by"):
            attempt.pop(name)
    return attempts


Step = tuple[datetime, int, str, str, Any]


def platform_steps(mine: Sequence[Any]) -> list[Step]:
    clicks = [each for each in mine if isinstance(each, Go1CourseLaunched)]
    launches = {
        launch_id: winner([each for each in clicks if each.launch_id == launch_id], lambda each: each.launched_at)
        for launch_id in {each.launch_id for each in clicks}
    }
    steps: list[Step] = [(each.launched_at, 1, each.launch_id, "", each) for each in launches.values()]
    for each in mine:
        if isinstance(each, Go1CourseResumed) and (each.launch_id is None or each.launch_id in launches):
            begun = each.resumed_at if each.launch_id is None else launches[each.launch_id].launched_at
            steps.append((max(each.resumed_at, begun), 2, each.launch_id or "", each.channel, each))
    return steps


def go1_steps(completions: Sequence[State]) -> list[Step]:
    steps: list[Step] = []
    for each in completions:
        steps.append((each["lowest"].completed_at, 3, each["enrollment"], "", each))
        if each["deleted_at"] is not None:
            place = max(each["deleted_at"], each["lowest"].completed_at)
            steps.append((place, 4, each["enrollment"], "", each))
    return steps


def launch(attempts: list[State], instant: datetime, event: Go1CourseLaunched) -> None:
    attempt: State = {
        "attempt_id": event.launch_id,
        "origin": "platform",
        "email": event.email,
        "channel": event.channel,
        "entry_point": event.entry_point,
        "started_at": instant,
        "resumes": [],
    }
    attempts.append(attempt)
    begin_anew(attempt)


def begin_anew(attempt: State) -> None:
    legacy = attempt["started_at"] < UPDATE[attempt["channel"]]
    attempt |= {
        "status": "completed" if legacy else "in_progress",
        "progress_percent": 0 if legacy else 50,
        "legacy": legacy,
        "last_activity_at": attempt["started_at"],
        "by": None,
        **dict.fromkeys(("result", "completed_at", "time_spent_seconds", "time_spent_basis", "go1_enrollment_id")),
    }
    for instant in attempt["resumes"]:
        go_on(attempt, instant)


def go_on(attempt: State, instant: datetime) -> None:
    if attempt["by"] is not None:
        return
    attempt["last_activity_at"] = instant
    if attempt["legacy"] and instant >= UPDATE[attempt["channel"]]:
        attempt |= {"status": "in_progress", "progress_percent": 50, "legacy": False}


def resume(attempts: list[State], instant: datetime, event: Go1CourseResumed) -> None:
    platform = [each for each in attempts if each["origin"] == "platform"]
    if event.launch_id is not None:
        platform = [each for each in platform if each["attempt_id"] == event.launch_id]
    if platform:
        platform[-1]["resumes"].append(instant)
        go_on(platform[-1], instant)


def complete(attempts: list[State], _: datetime, done: State) -> None:
    highest = done["highest"]
    attempt: State
    in_progress = [each for each in attempts if each["status"] == "in_progress"]
    legacy = [each for each in attempts if each["legacy"]]
    if in_progress or legacy:
        attempt = (in_progress or legacy)[0]
    else:
        new: State = {
            "attempt_id": f"go1:{done['enrollment']}",
            "origin": "go1",
            "email": highest.email,
            "channel": None,
            "entry_point": None,
            "started_at": highest.started_at,
            "resumes": [],
        }
        attempts.append(new)
        attempt = new
    seconds, basis = time_spent(attempt["started_at"], highest.completed_at, duration(done))
    attempt |= {
        "status": "completed",
        "progress_percent": 100,
        "legacy": False,
        "completed_at": highest.completed_at,
        "last_activity_at": highest.completed_at,
        "result": "success" if highest.passed else "failed",
        "time_spent_seconds": seconds,
        "time_spent_basis": basis,
        "go1_enrollment_id": done["enrollment"],
        "by": done["enrollment"],
    }


def delete(attempts: list[State], _: datetime, done: State) -> None:
    for attempt in attempts:
        if attempt["by"] == done["enrollment"]:
            if attempt["origin"] == "go1":
                attempt |= {"status": "voided", "time_spent_seconds": None, "time_spent_basis": None}
            else:
                begin_anew(attempt)


def duration(done: State) -> int | None:
    """Minutes, by the catalogue at the completion's place."""
    versions: dict[int, list[Envelope[Any]]] = {}
    for each in done["catalogue"]:
        versions.setdefault(each.data.version, []).append(each)
    told = {version: max(same, key=lambda each: canonical(each.data)) for version, same in versions.items()}
    then = [
        version for version, each in told.items() if (each.data.changed_at or each.time) <= done["lowest"].completed_at
    ]
    return told[max(then) if then else min(told)].data.duration_minutes


def time_spent(started: datetime | None, completed: datetime, minutes: int | None) -> tuple[int | None, str]:
    if started is None:
        return (0, "legacy_zero") if completed < NOON else (None, "unknown")
    if started < NOON:
        return 0, "legacy_zero"
    passed = max((completed - started) / timedelta(seconds=1), 0)
    if minutes is not None and int(passed) > minutes * 60:
        return minutes * 60, "capped"
    return int(passed), "elapsed"
