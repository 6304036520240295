"""The org's own objects and fields, read from an SFDX project on disk."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import (
    Element,
    XMLParser,
)

from salesforce_standin import ids
from salesforce_standin.schema import standard
from salesforce_standin.schema.model import Field, Kind, Schema, SObject

NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
_KINDS: dict[str, Kind] = {
    "Text": "string", "TextArea": "textarea", "LongTextArea": "textarea", "Email": "email", "Phone": "phone", "Url": "url",
    "Picklist": "picklist", "Checkbox": "boolean", "Number": "double", "Percent": "double", "Currency": "double",
    "Date": "date", "DateTime": "datetime", "Lookup": "reference", "MasterDetail": "reference", "AutoNumber": "string",
}  # fmt: skip
_LENGTHS = {
    "TextArea": 255,
    "Email": 80,
    "Phone": 40,
    "Url": 255,
    "Picklist": 255,
    "Lookup": 18,
    "MasterDetail": 18,
    "AutoNumber": 30,
}


class BadMetadata(ValueError):
    """A file of the project cannot be understood; the message says which and why."""


@dataclass(frozen=True, slots=True)
class ObjectPart:
    """What one or more files say of one object; `definition` is None where only fields are added (User, Contact)."""

    name: str
    definition: Element | None
    fields: tuple[Field, ...]


def parse(text: bytes, origin: str) -> Element:
    """The root element; entity declarations are refused, the files come from strangers when they are deployed."""
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise BadMetadata(f"{origin}: document types are not allowed")
    parser = XMLParser()  # noqa: S314  no DOCTYPE, hence no entities, can reach it
    try:
        parser.feed(text)
        return parser.close()
    except SyntaxError as error:
        raise BadMetadata(f"{origin}: {error.msg}") from error


def value(element: Element, name: str, default: str = "") -> str:
    found = element.find(NAMESPACE + name)
    return default if found is None else (found.text or "").strip()


def _flag(element: Element, name: str) -> bool:
    return value(element, name) == "true"


def _number(element: Element, name: str, default: int = 0) -> int:
    text = value(element, name)
    if text and not re.fullmatch(r"\d+", text):
        raise BadMetadata(f"{name} is no number: {text}")
    return int(text) if text else default


def _picklist(element: Element) -> tuple[tuple[tuple[str, str], ...], bool]:
    definition = element.find(f"{NAMESPACE}valueSet")
    if definition is None:
        return (), False
    values = [
        (value(one, "fullName"), value(one, "label"))
        for one in definition.iterfind(f"{NAMESPACE}valueSetDefinition/{NAMESPACE}value")
    ]
    return tuple(values), _flag(definition, "restricted")


def _constraint(element: Element, kind: str) -> Literal["SetNull", "Restrict", "Cascade"]:
    if kind == "MasterDetail":
        return "Cascade"
    return "Restrict" if value(element, "deleteConstraint") == "Restrict" else "SetNull"


def field_of(element: Element) -> Field:
    """A CustomField element as a field."""
    name, kind = value(element, "fullName"), value(element, "type")
    if kind not in _KINDS:
        raise BadMetadata(f"{name}: fields of type {kind or '(none)'} are not known here")
    values, restricted = _picklist(element)
    refers_to = value(element, "referenceTo") or None
    if _KINDS[kind] == "reference" and refers_to is None:
        raise BadMetadata(f"{name}: a {kind} needs referenceTo")
    children = value(element, "relationshipName")
    automatic = kind == "AutoNumber"
    return Field(
        name,
        value(element, "label"),
        _KINDS[kind],
        length=_number(element, "length", _LENGTHS.get(kind, 0)),
        precision=_number(element, "precision"),
        scale=_number(element, "scale"),
        required=_flag(element, "required"),
        unique=_flag(element, "unique"),
        external_id=_flag(element, "externalId"),
        case_sensitive=_flag(element, "caseSensitive"),
        createable=not automatic,
        updateable=not automatic,
        default=value(element, "defaultValue") == "true" if kind == "Checkbox" else None,
        number_format=value(element, "displayFormat") if automatic else None,
        values=values,
        restricted=restricted,
        refers_to=refers_to,
        relationship=name.removesuffix("__c") + "__r" if refers_to else None,
        children=f"{children}__r" if children else None,
        delete_constraint=_constraint(element, kind),
    )


def _name_field(definition: Element) -> Field:
    element = definition.find(f"{NAMESPACE}nameField")
    if element is None:
        raise BadMetadata("nameField is missing")
    label, number_format = value(element, "label"), value(element, "displayFormat") or None
    if value(element, "type") == "AutoNumber":
        return Field(
            "Name", label, "string", 80, createable=False, updateable=False, number_format=number_format or "{0}"
        )
    return Field("Name", label, "string", 80)


def _custom(part: ObjectPart, prefix: str) -> SObject:
    if part.definition is None:
        raise BadMetadata(f"{part.name}: fields without an object")
    made = standard.make(
        part.name,
        value(part.definition, "label"),
        value(part.definition, "pluralLabel"),
        prefix,
        (_name_field(part.definition), standard.owner()),
    )
    return made.with_fields(part.fields)


def assemble(parts: Iterable[ObjectPart], base: Schema | None = None) -> Schema:
    """The standard objects (or `base`) with these parts added; prefixes of objects already there stay."""
    objects = dict(base.objects) if base else standard.standard_objects()
    for part in parts:
        known = objects.get(part.name)
        if known is None or part.definition is not None:
            prefix = known.prefix if known else ids.custom_prefix(sum(one.custom for one in objects.values()))
            made = _custom(part, prefix)
            objects[part.name] = (
                made.with_fields(known.fields.values()).with_fields(made.fields.values()) if known else made
            )
        else:
            objects[part.name] = known.with_fields(part.fields)
    _check_references(objects)
    return Schema(objects)


def _check_references(objects: dict[str, SObject]) -> None:
    for one in objects.values():
        for field in one.fields.values():
            if field.refers_to is not None and field.refers_to not in objects:
                raise BadMetadata(f"{one.name}.{field.name}: refers to {field.refers_to}, which is not there")


def read(project: Path) -> Schema:
    """The schema of a project directory, or of its force-app."""
    folders = sorted(project.rglob("objects/*/"))
    parts: list[ObjectPart] = []
    for folder in folders:
        definition = folder / f"{folder.name}.object-meta.xml"
        fields = [_read_field(path) for path in sorted(folder.glob("fields/*.field-meta.xml"))]
        root = parse(definition.read_bytes(), definition.name) if definition.exists() else None
        parts.append(ObjectPart(folder.name, root, tuple(fields)))
    if not parts:
        raise BadMetadata(f"{project}: no objects in this project")
    return assemble(parts)


def _read_field(path: Path) -> Field:
    try:
        made = field_of(parse(path.read_bytes(), path.name))
    except BadMetadata as error:
        raise BadMetadata(f"{path.parent.parent.name}/{path.name}: {error}") from error
    if f"{made.name}.field-meta.xml" != path.name:
        raise BadMetadata(f"{path.parent.parent.name}/{path.name}: holds {made.name}")
    return made
