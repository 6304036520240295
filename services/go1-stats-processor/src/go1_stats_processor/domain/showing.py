"""What a folded attempt shows, and the rule behind each number."""

from datetime import datetime

from contracts.types import instant_text
from go1_stats_processor.domain.attempt import Attempt, Why
from go1_stats_processor.domain.draft import Draft
from go1_stats_processor.domain.facts import Completion, Launch, Ref
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.domain.timing import TimeSpent, time_spent

DONE = 100
LEGACY = 0


def shown(draft: Draft, rules: Rules) -> Attempt:
    if draft.completion is None:
        return _open(draft, rules)
    return _completed(draft, draft.completion, rules)


def _open(draft: Draft, rules: Rules) -> Attempt:
    launch = draft.launch
    if launch is None:
        raise AssertionError("an attempt without a launch has a completion")
    legacy = draft.is_legacy(rules)
    progress = LEGACY if legacy else rules.default_progress
    last_activity_at = draft.resumes[-1][0] if draft.resumes else launch.launched_at
    return Attempt(
        attempt_id=launch.launch_id,
        email=launch.email,
        origin="platform",
        channel=launch.channel,
        entry_kind=launch.entry_kind,
        entry_id=launch.entry_id,
        go1_enrollment_id=None,
        status="completed" if legacy else "in_progress",
        legacy=legacy,
        progress_percent=progress,
        result=None,
        started_at=launch.launched_at,
        last_activity_at=last_activity_at,
        completed_at=None,
        time_spent_seconds=None,
        time_spent_basis=None,
        why=(
            _why_launched(launch),
            *(_why_withdrawn(each, "attempt.reopened") for each in draft.withdrawn),
            _why_progress(draft, launch, rules, progress),
            _why_activity(draft, launch),
        ),
        recorded_at=draft.recorded_at,
    )


def _completed(draft: Draft, completion: Completion, rules: Rules) -> Attempt:
    launch = draft.launch
    started_at = launch.launched_at if launch is not None else completion.started_at
    spent = time_spent(
        started_at=started_at,
        completed_at=completion.completed_at,
        duration_minutes=completion.duration_minutes,
        rules=rules,
    )
    return Attempt(
        attempt_id=launch.launch_id if launch is not None else f"go1:{completion.go1_enrollment_id}",
        email=launch.email if launch is not None else completion.email,
        origin="go1" if launch is None else "platform",
        channel=launch.channel if launch is not None else None,
        entry_kind=launch.entry_kind if launch is not None else None,
        entry_id=launch.entry_id if launch is not None else None,
        go1_enrollment_id=completion.go1_enrollment_id,
        status="voided" if draft.voided else "completed",
        legacy=False,
        progress_percent=DONE,
        result="success" if completion.passed else "failed",
        started_at=started_at,
        last_activity_at=completion.completed_at,
        completed_at=completion.completed_at,
        time_spent_seconds=None if draft.voided else spent.seconds,
        time_spent_basis=None if draft.voided else spent.basis,
        why=tuple(_why_completed(draft, completion, rules, spent, started_at)),
        recorded_at=draft.recorded_at,
    )


def _why_launched(launch: Launch) -> Why:
    return Why(
        "attempt.launched",
        {"launched_at": instant_text(launch.launched_at), "channel": launch.channel},
        (launch.event,),
    )


def _why_withdrawn(completion: Completion, rule: str) -> Why:
    return Why(rule, {"go1_enrollment_id": completion.go1_enrollment_id}, _refs(completion.event, completion.deletion))


def _why_progress(draft: Draft, launch: Launch, rules: Rules, progress: int) -> Why:
    updated_at = rules.updated_at(launch.channel)
    if launch.launched_at >= updated_at:
        return Why("progress.launched", {"progress_percent": progress}, (launch.event,))
    inputs = {
        "progress_percent": progress,
        "launched_at": instant_text(launch.launched_at),
        "channel": launch.channel,
        "updated_at": instant_text(updated_at),
    }
    if draft.reopened_by is None or draft.reopened_at is None:
        return Why("progress.before_update", inputs, (launch.event,))
    inputs["resumed_at"] = instant_text(draft.reopened_at)
    return Why("progress.resumed_after_update", inputs, _refs(launch.event, draft.reopened_by.event))


def _why_activity(draft: Draft, launch: Launch) -> Why:
    if not draft.resumes:
        return Why("activity.launched", {"launched_at": instant_text(launch.launched_at)}, (launch.event,))
    instant, resume = draft.resumes[-1]
    return Why("activity.resumed", {"resumed_at": instant_text(instant)}, (resume.event,))


def _why_completed(
    draft: Draft, completion: Completion, rules: Rules, spent: TimeSpent, started_at: datetime | None
) -> list[Why]:
    event = (completion.event,)
    completed_at = instant_text(completion.completed_at)
    enrollment = completion.go1_enrollment_id
    why = [] if draft.launch is None else [_why_launched(draft.launch)]
    why += [_why_withdrawn(each, "attempt.reopened") for each in draft.withdrawn]
    why += [
        Why(draft.taken_as, {"go1_enrollment_id": enrollment, "placed_at": instant_text(completion.placed_at)}, event),
        Why("progress.completed", {"progress_percent": DONE}, event),
        Why("result.success" if completion.passed else "result.failed", {"passed": completion.passed}, event),
        Why("activity.completed", {"completed_at": completed_at}, event),
    ]
    if draft.voided:
        return [*why, _why_withdrawn(completion, "attempt.voided"), Why("time.voided", {}, _refs(completion.deletion))]
    inputs = {
        "time_spent_seconds": spent.seconds,
        "started_at": None if started_at is None else instant_text(started_at),
        "completed_at": completed_at,
        "duration_minutes": completion.duration_minutes,
        "time_cutover": instant_text(rules.time_cutover),
    }
    launched = None if draft.launch is None else draft.launch.event
    return [*why, Why(spent.rule, inputs, _refs(launched, completion.event, completion.catalogue))]


def _refs(*events: Ref | None) -> tuple[Ref, ...]:
    return tuple(each for each in events if each is not None)
