"""An attempt while its facts are folded."""

from dataclasses import dataclass, field
from datetime import datetime

from go1_stats_processor.domain.facts import Completion, Launch, Resume
from go1_stats_processor.domain.rules import Rules


@dataclass(slots=True)
class Draft:
    """An attempt while it is folded."""

    launch: Launch | None
    resumes: list[tuple[datetime, Resume]] = field(default_factory=list[tuple[datetime, Resume]])
    completion: Completion | None = None
    taken_as: str = "attempt.new"
    reopened_by: Resume | None = None
    reopened_at: datetime | None = None
    withdrawn: list[Completion] = field(default_factory=list[Completion])
    voided: bool = False

    @property
    def recorded_at(self) -> datetime:
        """When the first of its facts was recorded."""
        facts = (self.launch, self.completion, *self.withdrawn, *(resume for _, resume in self.resumes))
        return min(each.recorded_at for each in facts if each is not None)

    def is_legacy(self, rules: Rules) -> bool:
        """Whether it shows Completed with 0 %: launched before its app's update, not gone on with since, not completed."""
        return (
            self.launch is not None
            and self.completion is None
            and self.reopened_by is None
            and self.launch.launched_at < rules.updated_at(self.launch.channel)
        )
