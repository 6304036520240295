"""The fold: facts of one learner and one course become attempts. Pure, whole, and done anew for every new fact."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from go1_stats_processor.domain.attempt import Attempt
from go1_stats_processor.domain.draft import Draft
from go1_stats_processor.domain.facts import Completion, Facts, Launch, Resume
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.domain.showing import shown


def attempts(facts: Facts, rules: Rules) -> tuple[Attempt, ...]:
    """Work out all attempts, oldest first."""
    fold = _Fold(rules)
    for instant, fact in _in_order(facts):
        match fact:
            case Launch():
                fold.launch(fact)
            case Resume():
                fold.resume(fact, instant)
            case Completion():
                fold.complete(fact)
            case _Deletion():
                fold.delete(fact.completion)
    return tuple(shown(each, rules) for each in fold.drafts)


@dataclass(frozen=True, slots=True)
class _Deletion:
    completion: Completion


def _in_order(facts: Facts) -> Iterator[tuple[datetime, Launch | Resume | Completion | _Deletion]]:
    """By (instant, launch < resume < completion < deletion, id)."""
    launched_at = {each.launch_id: each.launched_at for each in facts.launches}
    steps: list[tuple[datetime, int, str, str, Launch | Resume | Completion | _Deletion]] = [
        (each.launched_at, 0, each.launch_id, "", each) for each in facts.launches
    ]
    for each in facts.resumes:
        instant = each.resumed_at
        if each.launch_id is not None:
            if each.launch_id not in launched_at:
                continue  # counts for nothing until its launch is known
            instant = max(instant, launched_at[each.launch_id])
        steps.append((instant, 1, each.launch_id or "", each.channel, each))
    for each in facts.completions:
        steps.append((each.placed_at, 2, each.go1_enrollment_id, "", each))
        if each.deleted_at is not None:
            steps.append((max(each.deleted_at, each.placed_at), 3, each.go1_enrollment_id, "", _Deletion(each)))
    steps.sort(key=lambda step: step[:4])
    return ((step[0], step[4]) for step in steps)


class _Fold:
    """The attempts as they stand after the facts so far."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.drafts: list[Draft] = []

    def launch(self, launch: Launch) -> None:
        self.drafts.append(Draft(launch))

    def resume(self, resume: Resume, instant: datetime) -> None:
        """Noted whatever the attempt shows: should its completion be withdrawn, all its resumes count."""
        draft = self._of_resume(resume)
        if draft is None or draft.launch is None:
            return
        draft.resumes.append((instant, resume))
        if draft.reopened_by is None and instant >= self._rules.updated_at(draft.launch.channel):
            draft.reopened_by, draft.reopened_at = resume, instant

    def _of_resume(self, resume: Resume) -> Draft | None:
        for draft in reversed(self.drafts):
            if draft.launch is not None and resume.launch_id in {None, draft.launch.launch_id}:
                return draft
        return None

    def complete(self, completion: Completion) -> None:
        open_ = [each for each in self.drafts if each.launch is not None and each.completion is None]
        in_progress = (each for each in open_ if not each.is_legacy(self._rules))
        oldest, rule = next(in_progress, None), "attempt.oldest_in_progress"
        if oldest is None:
            oldest, rule = next(iter(open_), None), "attempt.oldest_legacy"
        if oldest is None:
            oldest, rule = Draft(None), "attempt.new"
            self.drafts.append(oldest)
        oldest.completion, oldest.taken_as = completion, rule

    def delete(self, completion: Completion) -> None:
        draft = next(each for each in self.drafts if each.completion is completion)
        if draft.launch is None:
            draft.voided = True
        else:
            draft.completion = None
            draft.withdrawn.append(completion)
