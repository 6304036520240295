"""Writes the schemas and asyncapi.yaml into the package: `python -m contracts.export`."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from contracts import schemas
from contracts.asyncapi import asyncapi
from contracts.catalog import EVENTS

FOLDER = Path(__file__).parent / "schemas"


def files() -> Mapping[str, str]:
    """Name and content of every generated file."""
    texts = {f"{name}.json": _json(schemas.data_schema(event)) for name, event in EVENTS.items()}
    texts["envelope.json"] = _json(schemas.envelope_schema())
    texts["asyncapi.yaml"] = "# Written by python -m contracts.export\n" + yaml(asyncapi())
    return texts


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def yaml(content: object) -> str:
    """Plain data as YAML 1.2; so little of it is needed that a dependency would cost more."""
    return "\n".join(_lines(content)) + "\n"


def _lines(content: Any) -> Iterator[str]:
    if isinstance(content, dict) and content:
        for key, value in cast("dict[str, Any]", content).items():
            yield from _entry(f"{_scalar(key)}:", value)
    elif isinstance(content, list) and content:
        for value in cast("list[Any]", content):
            first, *rest = _lines(value)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _scalar(content)


def _entry(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, (dict, list)) and value not in ({}, []):
        yield key
        yield from (f"  {line}" for line in _lines(value))
    else:
        yield f"{key} {_scalar(value)}"


_is_plain = re.compile(r"[A-Za-z$][A-Za-z0-9_$./-]*").fullmatch
_MEANT_OTHERWISE = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _is_plain(value) and value.lower() not in _MEANT_OTHERWISE:
        return value
    return json.dumps(value, ensure_ascii=False)


def main(folder: Path = FOLDER) -> int:
    """Write what has changed, remove what is generated no more."""
    texts = files()
    for path in (*folder.glob("*.json"), *folder.glob("*.yaml")):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written: {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
