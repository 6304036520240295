"""Settings in: what this service adds to the common ones."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

import shared.settings
from contracts.types import instant


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an offset is needed, such as 2024-12-19T11:00:00Z")
    return instant(value)


RuleInstant = Annotated[datetime, AfterValidator(_aware)]


class Settings(shared.settings.Settings):
    """The rules that have a number in them."""

    http_port: int = Field(8082, ge=0, le=65535, description="Port that HTTP listens on; 8081 to 8084 by service")
    go1_default_progress: int = Field(
        50, ge=0, le=100, description="Percent that a launched course shows until Go1 says more"
    )
    go1_web_updated_at: RuleInstant = Field(
        datetime.fromisoformat("2024-12-18T23:00:00Z"),
        description="Web app's update: who launched before and did not go on shows Completed with 0 %",
    )
    go1_mobile_updated_at: RuleInstant = Field(
        datetime.fromisoformat("2024-12-25T23:00:00Z"), description="Mobile app's update: the same for the mobile app"
    )
    go1_time_cutover: RuleInstant = Field(
        datetime.fromisoformat("2024-12-19T11:00:00Z"), description="Attempts started before this have time spent 0"
    )
