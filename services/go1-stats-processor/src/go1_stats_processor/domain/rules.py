"""The rules that have a number in them, and what each rule id that an attempt's `why` names means."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple


class Rules(NamedTuple):
    """The numbers of 360Learning's Go1 integration; each is a setting."""

    default_progress: int = 50
    web_updated_at: datetime = datetime(2024, 12, 18, 23, tzinfo=UTC)
    """The web app's update: the start of 19 December 2024 in Central European Time."""
    mobile_updated_at: datetime = datetime(2024, 12, 25, 23, tzinfo=UTC)
    """The mobile app's update: the start of 26 December 2024 in Central European Time."""
    time_cutover: datetime = datetime(2024, 12, 19, 11, tzinfo=UTC)
    """Noon of 19 December 2024 in Central European Time (UTC+1): from here on time spent is worked out."""

    def updated_at(self, channel: str) -> datetime:
        return self.web_updated_at if channel == "web" else self.mobile_updated_at


class Explanation(NamedTuple):
    """A rule in words. `source`: where it comes from."""

    meaning: str
    source: str


_START = "Track statistics for Go1 courses, “Statistics behavior upon course start”"
_DONE = "Track statistics for Go1 courses, “Statistics behavior upon course completion”"
_TIME = "Track statistics for Go1 courses, “Time spent calculations”"
_OURS = "Learnwire's decision where the article is silent"

EXPLANATIONS: Mapping[str, Explanation] = {
    "attempt.launched": Explanation("A launch on the platform opens an attempt of its own.", _START),
    "attempt.new": Explanation(
        "No open or legacy attempt was there to take the completion, so it has one of its own.", _START
    ),
    "attempt.oldest_in_progress": Explanation("The completion closes the oldest attempt in progress.", _TIME),
    "attempt.oldest_legacy": Explanation(
        "No attempt was in progress: the completion goes to the oldest legacy attempt that Go1 has not completed.",
        _TIME,
    ),
    "attempt.voided": Explanation("Go1 deleted the enrollment behind this attempt.", _OURS),
    "attempt.gone": Explanation(
        "No fact asks for this attempt any more: its completion turned out to be another attempt's or learner's.", _OURS
    ),
    "attempt.reopened": Explanation(
        "Go1 deleted the enrollment that had completed this attempt; it is open again.", _OURS
    ),
    "progress.launched": Explanation("A launched course shows the default progress until Go1 says more.", _START),
    "progress.before_update": Explanation(
        "Launched before its app's update and not gone on with since: shows Completed with 0 %.", _START
    ),
    "progress.resumed_after_update": Explanation(
        "Launched before its app's update, gone on with after it: in progress at the default progress.", _START
    ),
    "progress.completed": Explanation("A course completed at Go1 is at 100 %, passed or not.", _DONE),
    "result.success": Explanation("Go1 says that the learner passed.", _DONE),
    "result.failed": Explanation("Go1 says that the learner completed the course without passing.", _DONE),
    "activity.launched": Explanation("The last activity is the launch.", _OURS),
    "activity.resumed": Explanation("The last activity is the newest resume.", _OURS),
    "activity.completed": Explanation("The last activity is the completion.", _DONE),
    "time.legacy_zero": Explanation(
        "Started before the cut-over (completed, where the start is unknown): time spent is 0.", _TIME
    ),
    "time.unknown": Explanation("Nobody knows when it was started, so no time is shown.", _OURS),
    "time.no_duration": Explanation("The catalogue names no duration: the time from start to completion.", _OURS),
    "time.elapsed": Explanation(
        "The time from start to completion, which is not longer than the course's duration.", _TIME
    ),
    "time.capped": Explanation(
        "The course's duration, which is shorter than the time from start to completion.", _TIME
    ),
    "time.voided": Explanation("A voided attempt has no time.", _OURS),
}
