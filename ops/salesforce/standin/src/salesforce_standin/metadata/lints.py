"""What Salesforce refuses when a project is deployed, found without it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from salesforce_standin.metadata.parts import Part
from salesforce_standin.metadata.xml import all_of, flag, value
from salesforce_standin.schema.model import Schema, SObject

_LONGEST_LABEL = 40
_OBJECT_NEEDS = ("label", "pluralLabel", "nameField", "sharingModel", "deploymentStatus")
_MOST_JOINED = 4


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding, about one component."""

    part: Part
    text: str


def check(parts: Sequence[Part], schema: Schema) -> list[Problem]:
    """All problems of these parts in an org that would look like `schema` with them."""
    found = [Problem(part, text) for part in parts if part.kind in _CHECKS for text in _CHECKS[part.kind](part, schema)]
    return found + [Problem(part, text) for part, text in _unique_children(parts)]


def _object(part: Part, _schema: Schema) -> Iterator[str]:
    if not part.name.endswith("__c"):
        return
    yield from (f"Required field is missing: {name}" for name in _OBJECT_NEEDS if not all_of(part.element, name))
    yield from _label(part)
    name_field = all_of(part.element, "nameField")
    if (
        name_field
        and value(name_field[0], "type") == "AutoNumber"
        and "{0" not in value(name_field[0], "displayFormat")
    ):
        yield "The auto number needs a display format with {0}"
    together = {flag(part.element, name) for name in ("enableBulkApi", "enableSharing", "enableStreamingApi")}
    if len(together) > 1:
        yield "enableBulkApi, enableSharing and enableStreamingApi must be equal"


def _label(part: Part) -> Iterator[str]:
    if len(value(part.element, "label")) > _LONGEST_LABEL:
        yield f"Value too long for field: label maximum length is: {_LONGEST_LABEL}"


def _field(part: Part, schema: Schema) -> Iterator[str]:
    name, kind = value(part.element, "fullName"), value(part.element, "type")
    if name != part.name.partition(".")[2]:
        yield f"The file says it holds {name}"
    if part.parent not in schema.objects:
        yield f"Entity {part.parent} not found"
    yield from _label(part)
    yield from _FIELDS.get(kind, lambda _part: iter(()))(part)
    if flag(part.element, "unique") and kind not in {"Text", "Number", "Email"}:
        yield f"A {kind} cannot be unique"
    if kind != "Text" and all_of(part.element, "caseSensitive"):
        yield f"Can not specify 'caseSensitive' for a CustomField of type {kind}"


def _text(part: Part) -> Iterator[str]:
    if not 1 <= _whole(part, "length") <= 255:  # noqa: PLR2004  Salesforce's longest text
        yield "Text needs a length of 1 to 255"


def _number(part: Part) -> Iterator[str]:
    if not _whole(part, "scale") <= _whole(part, "precision") <= 18:  # noqa: PLR2004  digits that Salesforce keeps
        yield "A number needs a precision of at most 18 and a scale within it"


def _lookup(part: Part) -> Iterator[str]:
    yield from (
        f"A Lookup needs {name}" for name in ("referenceTo", "relationshipName") if not value(part.element, name)
    )
    if flag(part.element, "required") and value(part.element, "deleteConstraint") == "SetNull":
        yield "A required Lookup cannot be set to null"


def _no_length(part: Part) -> Iterator[str]:
    if all_of(part.element, "length"):
        yield f"Can not specify 'length' for a CustomField of type {value(part.element, 'type')}"


def _whole(part: Part, name: str) -> int:
    text = value(part.element, name)
    return int(text) if re.fullmatch(r"\d{1,9}", text) else -1


_FIELDS: dict[str, Callable[[Part], Iterator[str]]] = {
    "Text": _text, "Number": _number, "Lookup": _lookup, "TextArea": _no_length, "DateTime": _no_length, "Url": _no_length,
    "Picklist": _no_length,
}  # fmt: skip


def _permissions(part: Part, schema: Schema) -> Iterator[str]:
    for one in all_of(part.element, "fieldPermissions"):
        yield from _field_permission(value(one, "field"), schema)
        if flag(one, "editable") and not flag(one, "readable"):
            yield f"{value(one, 'field')} is editable, so it must be readable"
    for one in all_of(part.element, "objectPermissions"):
        if value(one, "object") not in schema.objects:
            yield f"In field: object - no CustomObject named {value(one, 'object')} found"
    for one in all_of(part.element, "tabSettings"):
        if value(one, "tab") not in schema.objects:
            yield f"In field: tab - no CustomTab named {value(one, 'tab')} found"


def _field_permission(named: str, schema: Schema) -> Iterator[str]:
    owner, _, name = named.partition(".")
    found = schema.objects[owner].fields.get(name) if owner in schema.objects else None
    if found is None:
        yield f"In field: field - no CustomField named {named} found"
    elif found.required:
        yield f"You cannot deploy to a required field: {named}"


def _tab(part: Part, schema: Schema) -> Iterator[str]:
    if part.name not in schema.objects:
        yield f"In field: customObject - no CustomObject named {part.name} found"
    yield from (
        f"{name} does not belong in an object's tab" for name in ("label", "fullName") if all_of(part.element, name)
    )
    if not value(part.element, "motif"):
        yield "Required field is missing: motif"


def _application(part: Part, schema: Schema) -> Iterator[str]:
    for one in all_of(part.element, "tabs"):
        if (one.text or "") not in schema.objects and not (one.text or "").startswith("standard-"):
            yield f"In field: tab - no CustomTab named {one.text} found"


def _layout(part: Part, schema: Schema) -> Iterator[str]:
    one = schema.objects.get(part.name.partition("-")[0])
    if one is None:
        yield f"Parent entity failed to deploy: {part.name}"
        return
    used = [value(item, "field") for item in all_of(part.element, "layoutSections/layoutColumns/layoutItems")]
    yield from (
        f"In field: field - no CustomField named {one.name}.{name} found" for name in used if name not in one.fields
    )
    required = {name for name, field in one.fields.items() if field.required}
    yield from (f"Layout must contain an item for required field: {name}" for name in sorted(required - set(used)))


def _list_view(part: Part, schema: Schema) -> Iterator[str]:
    one = schema.objects.get(part.parent)
    for column in all_of(part.element, "columns"):
        if one is not None and column.text != "NAME" and column.text not in one.fields:
            yield f"Could not resolve list view column: {column.text}"


def _report_type(part: Part, schema: Schema) -> Iterator[str]:
    base = schema.objects.get(value(part.element, "baseObject"))
    if base is None:
        yield f"Invalid base object {value(part.element, 'baseObject')}"
        return
    tables: dict[str, SObject] = {base.name: base}
    current, path, joins = base, base.name, all_of(part.element, "join")
    while joins:
        relationship = value(joins[0], "relationship")
        child = next((one for one, field in schema.children(current.name) if field.children == relationship), None)
        if child is None:
            yield f"{current.name} has no children called {relationship}"
            return
        current, path = child, f"{path}.{relationship}"
        tables[path] = child
        joins = all_of(joins[0], "join")
    if len(tables) > _MOST_JOINED:
        yield f"A report type joins at most {_MOST_JOINED} objects"
    for column in all_of(part.element, "sections/columns"):
        yield from _column(tables.get(value(column, "table")), value(column, "field"), value(column, "table"), schema)


def _column(table: SObject | None, path: str, shown: str, schema: Schema) -> Iterator[str]:
    if table is None:
        yield f"The table {shown} is not joined"
        return
    first, _, rest = path.partition(".")
    field = table.fields.get(first)
    target = schema.objects.get(field.refers_to) if rest and field is not None and field.refers_to else None
    if field is None or (rest and (target is None or rest not in target.fields)):
        yield f"Invalid field {path} in {shown}"


_CHECKS: dict[str, Callable[[Part, Schema], Iterator[str]]] = {
    "CustomObject": _object, "CustomField": _field, "PermissionSet": _permissions, "CustomTab": _tab,
    "CustomApplication": _application, "Layout": _layout, "ListView": _list_view, "ReportType": _report_type,
}  # fmt: skip


def _unique_children(parts: Sequence[Part]) -> Iterator[tuple[Part, str]]:
    """Two look-ups to one object need different names for the way back."""
    seen: set[tuple[str, str]] = set()
    for part in parts:
        name = (value(part.element, "referenceTo"), value(part.element, "relationshipName"))
        if part.kind == "CustomField" and all(name):
            if name in seen:
                yield part, f"Duplicate relationship name on {name[0]}: {name[1]}"
            seen.add(name)
