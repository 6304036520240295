"""Settings of this service."""

from pydantic import Field

import shared.settings


class Settings(shared.settings.Settings):
    """What all services share, with this service's port."""

    http_port: int = Field(8083, ge=0, le=65535, description="Port that HTTP listens on; 8081 to 8084 by service")
