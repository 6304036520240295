"""The names of a managed package: installed, its objects and fields carry its namespace before their own names."""

import re
from dataclasses import replace

from salesforce_standin.schema.model import Field, Schema, SObject, sobject

_NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")
_LONGEST = 15


def packaged(schema: Schema, namespace: str) -> Schema:
    """The schema as the org of a subscriber shows it. Raises ValueError for what cannot be a namespace."""
    if not _NAMESPACE.fullmatch(namespace) or len(namespace) > _LONGEST:
        raise ValueError(f"{namespace} is no namespace: up to {_LONGEST} letters, digits and single underscores")
    objects = [_object(one, namespace) for one in schema.objects.values()]
    return Schema({one.name: one for one in objects})


def _object(one: SObject, namespace: str) -> SObject:
    fields = [_field(each, namespace) for each in one.fields.values()]
    return sobject(replace(one, name=_own(one.name, namespace), fields={each.name: each for each in fields}))


def _field(one: Field, namespace: str) -> Field:
    return replace(
        one,
        name=_own(one.name, namespace),
        refers_to=one.refers_to and _own(one.refers_to, namespace),
        relationship=one.relationship and _own(one.relationship, namespace),
        children=one.children and _own(one.children, namespace),
    )


def _own(name: str, namespace: str) -> str:
    return f"{namespace}__{name}" if name.endswith(("__c", "__r")) else name
