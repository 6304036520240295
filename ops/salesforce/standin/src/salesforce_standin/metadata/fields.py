"""Elements to objects and fields: what the files of a project mean to the database."""

import re
from collections.abc import Sequence
from typing import Literal
from xml.etree.ElementTree import Element

from salesforce_standin import ids
from salesforce_standin.metadata.parts import Part
from salesforce_standin.metadata.xml import NAMESPACE, MetadataError, flag, value
from salesforce_standin.schema import standard
from salesforce_standin.schema.model import Field, Kind, Schema, SObject

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


def _number(element: Element, name: str, default: int = 0) -> int:
    text = value(element, name)
    if text and not re.fullmatch(r"\d+", text):
        raise MetadataError(f"{name} is no number: {text}")
    return int(text) if text else default


def _picklist(element: Element) -> tuple[tuple[tuple[str, str], ...], bool]:
    definition = element.find(f"{NAMESPACE}valueSet")
    if definition is None:
        return (), False
    values = [
        (value(one, "fullName"), value(one, "label"))
        for one in definition.iterfind(f"{NAMESPACE}valueSetDefinition/{NAMESPACE}value")
    ]
    return tuple(values), flag(definition, "restricted")


def _constraint(element: Element, kind: str) -> Literal["SetNull", "Restrict", "Cascade"]:
    if kind == "MasterDetail":
        return "Cascade"
    return "Restrict" if value(element, "deleteConstraint") == "Restrict" else "SetNull"


def field_of(element: Element) -> Field:
    """A CustomField element as a field."""
    name, kind = value(element, "fullName"), value(element, "type")
    if kind not in _KINDS:
        raise MetadataError(f"{name}: fields of type {kind or '(none)'} are not known here")
    values, restricted = _picklist(element)
    refers_to = value(element, "referenceTo") or None
    if _KINDS[kind] == "reference" and refers_to is None:
        raise MetadataError(f"{name}: a {kind} needs referenceTo")
    children = value(element, "relationshipName")
    automatic = kind == "AutoNumber"
    return Field(
        name,
        value(element, "label"),
        _KINDS[kind],
        length=_number(element, "length", _LENGTHS.get(kind, 0)),
        precision=_number(element, "precision"),
        scale=_number(element, "scale"),
        required=flag(element, "required"),
        unique=flag(element, "unique"),
        external_id=flag(element, "externalId"),
        case_sensitive=flag(element, "caseSensitive"),
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
        raise MetadataError("nameField is missing")
    label, number_format = value(element, "label"), value(element, "displayFormat") or None
    if value(element, "type") == "AutoNumber":
        return Field(
            "Name", label, "string", 80, createable=False, updateable=False, number_format=number_format or "{0}"
        )
    return Field("Name", label, "string", 80)


def assemble(parts: Sequence[Part], base: Schema | None = None) -> Schema:
    """The standard objects (or `base`) with these parts added; what is there already keeps its prefix and its fields."""
    objects = dict(base.objects) if base else standard.standard_objects()
    for part in parts:
        if part.kind == "CustomObject" and part.name.endswith("__c"):
            known = objects.get(part.name)
            prefix = known.prefix if known else ids.custom_prefix(sum(one.custom for one in objects.values()))
            made = _custom(part, prefix)
            objects[part.name] = known.with_fields(made.fields.values()) if known else made
    for part in parts:
        if part.kind == "CustomField":
            objects[part.parent] = _parent(objects, part).with_fields([_named(part)])
    _check_references(objects)
    return Schema(objects)


def _custom(part: Part, prefix: str) -> SObject:
    label, plural = value(part.element, "label"), value(part.element, "pluralLabel")
    try:
        return standard.make(part.name, label, plural, prefix, (_name_field(part.element), standard.owner()))
    except MetadataError as error:
        raise MetadataError(f"{part.file}: {error}") from error


def _parent(objects: dict[str, SObject], part: Part) -> SObject:
    if part.parent not in objects:
        raise MetadataError(f"{part.file}: there is no object {part.parent}")
    return objects[part.parent]


def _named(part: Part) -> Field:
    try:
        return field_of(part.element)
    except MetadataError as error:
        raise MetadataError(f"{part.file}: {error}") from error


def _check_references(objects: dict[str, SObject]) -> None:
    for one in objects.values():
        for field in one.fields.values():
            if field.refers_to is not None and field.refers_to not in objects:
                raise MetadataError(f"{one.name}.{field.name}: refers to {field.refers_to}, which is not there")
