from collections.abc import Mapping
from enum import IntEnum
from typing import Any

class ConfigResourceType(IntEnum):
    BROKER = 4
    TOPIC = 2

class ConfigResource:
    def __init__(
        self, resource_type: ConfigResourceType | str, name: str, configs: Mapping[str, Any] | None = ...
    ) -> None: ...
