"""Examples of every type of event, good ones and bad ones: `<type>/valid-*.json` and `<type>/invalid-*.json`.

Each file is the whole value of a record. `refused.json` tells for every bad one what its dead letter would say. All
people in them are invented.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

_FOLDER = files(__name__)


def of(event_type: str) -> Mapping[str, bytes]:
    """The examples of a type by file name, such as `valid-full.json`."""
    folder = _FOLDER / event_type
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir(), key=lambda file: file.name)}


def data(event_type: str, name: str) -> dict[str, Any]:
    """`data` of one example."""
    return json.loads(of(event_type)[name])["data"]


def refused() -> Mapping[str, str]:
    """What is wrong with each bad example, by `<type>/<file name>`."""
    details: dict[str, Any] = json.loads((_FOLDER / "refused.json").read_text(encoding="utf-8"))
    return details
