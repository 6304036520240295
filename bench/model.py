"""The event as somebody would model it who only wants it typed: what B and FastStream validate with."""

from datetime import datetime

from pydantic import BaseModel


class Action(BaseModel):
    email: str
    panorama_name: str | None = None
    content_type: str
    content_title: str
    type: str
    source: str
    timestamp: datetime
    portal_id: str | None = None
    learner_id: str | None = None
    content_id: str | None = None
    actor_id: str | None = None
    reference_id: str | None = None


class Recorded(BaseModel):
    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    data: Action
