"""Checks a metadata file against the JSON Schema of its type."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
FOLDER = Path(__file__).parent / "schemas"
Schema = dict[str, Any]


def problems(root: Element) -> list[str]:
    """What the type does not allow in this file."""
    kind = root.tag.removeprefix(NAMESPACE)
    whole: Schema = json.loads((FOLDER / f"{kind}.schema.json").read_text())
    return list(_check(root, whole, whole, kind))


def _resolved(schema: Schema, whole: Schema) -> Schema:
    while True:
        if "$ref" in schema:
            schema = whole["definitions"][unquote(schema["$ref"].rpartition("/")[2])]
        elif "anyOf" in schema:
            schema = next(one for one in schema["anyOf"] if _resolved(one, whole).get("type") != "null")
        else:
            return schema


def _properties(schema: Schema, whole: Schema) -> Schema:
    found: Schema = dict(_resolved(schema, whole).get("properties", {}))
    for base in _resolved(schema, whole).get("allOf", []):
        found |= _properties(base, whole)
    return found


def _check(element: Element, schema: Schema, whole: Schema, path: str) -> Iterator[str]:
    schema = _resolved(schema, whole)
    text = element.text or ""
    if "enum" in schema or "const" in schema:
        allowed = schema.get("enum", [schema.get("const")])
        if text not in allowed:
            yield f"{path}: {text!r} is none of {allowed[:8]}"
    elif schema.get("type") == "boolean":
        yield from () if text in {"true", "false"} else (f"{path}: {text!r} is no boolean",)
    elif schema.get("type") in {"number", "integer"}:
        yield from () if re.fullmatch(r"-?\d+(\.\d+)?", text) else (f"{path}: {text!r} is no number",)
    elif schema.get("type") == "string":
        yield from (f"{path}: has elements inside",) if len(element) else ()
    else:
        yield from _check_inside(element, schema, whole, path)


def _check_inside(element: Element, schema: Schema, whole: Schema, path: str) -> Iterator[str]:
    known, seen = _properties(schema, whole), list[str]()
    for child in element:
        name = child.tag.removeprefix(NAMESPACE)
        if name not in known:
            yield f"{path}/{name}: no such element"
            continue
        inner = _resolved(known[name], whole)
        many = inner.get("type") == "array"
        if name in seen and (not many or seen[-1] != name):
            yield f"{path}/{name}: repeated"
        seen.append(name)
        yield from _check(child, inner["items"] if many else known[name], whole, f"{path}/{name}")
