"""The document that bare loops and peers store: as the product's rows, as far as it costs nothing."""

from collections.abc import Mapping
from typing import Any

from bson import Timestamp


def document(event: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Every index finds a value of its own in it."""
    return {
        "_id": f"{event['source']}\n{event['id']}",
        "inserted": Timestamp(0, 0),
        "time": event["time"],
        "person": data["email"],
        "content_kind": data["content_type"],
        **data,
    }
