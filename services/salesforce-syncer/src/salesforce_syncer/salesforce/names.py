"""Names on the wire: our own objects and fields carry the package's namespace, where it has one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUFFIXES = ("__c", "__r")


@dataclass(frozen=True, slots=True)
class Names:
    """Adds a namespace to what is ours, and takes it away again."""

    namespace: str

    def out(self, name: str) -> str:
        return f"{self.namespace}__{name}" if self.namespace and name.endswith(SUFFIXES) else name

    def back(self, name: str) -> str:
        return name.removeprefix(f"{self.namespace}__") if self.namespace else name

    def record(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row's fields as they are sent, nested ones too."""
        return {
            self.out(name): self.record(value) if isinstance(value, Mapping) else value  # pyright: ignore[reportUnknownArgumentType]  a parent's key
            for name, value in fields.items()
        }

    def fields(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row as it was received, without its attributes."""
        return {
            self.back(name): self.fields(value) if isinstance(value, Mapping) else value  # pyright: ignore[reportUnknownArgumentType]  as above
            for name, value in record.items()
            if name != "attributes"
        }
