"""What the org has: objects, fields and rights, asked with `describe`; and what of it we miss."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salesforce_syncer.domain.objects import FIELDS, KEY_FIELDS, PROFILES
from salesforce_syncer.salesforce.client import Client, Request
from salesforce_syncer.salesforce.errors import Action, Refused


@dataclass(frozen=True, slots=True)
class Schema:
    """One object of the org: lengths of its texts, and what stands in our way."""

    object: str
    lengths: Mapping[str, int]
    missing: tuple[str, ...]


async def describe(client: Client, object_name: str) -> Schema:
    """Return what the org has of an object that we write."""
    try:
        answer = await client.call(Request("describe", "GET", f"/sobjects/{client.names.out(object_name)}/describe"))
    except Refused as error:
        if error.action is not Action.STOP_OBJECT:
            raise
        return Schema(object_name, {}, (f"{object_name}: the object is missing, or its rights",))
    return read(object_name, answer.body, client)


def read(object_name: str, body: Mapping[str, Any], client: Client) -> Schema:
    """Compare a `describe` with what we write."""
    fields: dict[str, Mapping[str, Any]] = {client.names.back(each["name"]): each for each in body["fields"]}
    missing: list[str] = []
    if not body.get("updateable", True):
        missing.append(f"{object_name}: no right to edit")
    if object_name not in PROFILES:
        missing += [f"{object_name}: no right to {what}" for name, what in _RIGHTS.items() if not body.get(name, True)]
        key = KEY_FIELDS[object_name]
        if key in fields and not fields[key].get("externalId", True):
            missing.append(f"{object_name}.{key}: not an external id")
    wanted = (*FIELDS[object_name], *((KEY_FIELDS[object_name],) if object_name in KEY_FIELDS else ()))
    for name in wanted:
        if name not in fields:
            missing.append(f"{object_name}.{name}: the field is missing, or its rights")
        elif not fields[name].get("updateable", True):
            missing.append(f"{object_name}.{name}: no right to edit")
    lengths = {name: int(each.get("length") or 0) for name, each in fields.items() if each.get("length")}
    return Schema(object_name, lengths, tuple(missing))


_RIGHTS = {"createable": "create", "deletable": "delete"}


def cut(text: str, length: int) -> str:
    """Return a text cut to a field's length, counted as Salesforce counts (UTF-16 units), between code points."""
    while len(text.encode("utf-16-le")) // 2 > length:
        over = len(text.encode("utf-16-le")) // 2 - length
        text = text[: -max(1, over // 2)]
    return text
