"""Describe: the schema as the REST API tells it."""

from typing import Any

from salesforce_standin.schema.model import Field, Schema, SObject

_SOAP = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "double": "xsd:double", "int": "xsd:int",
    "date": "xsd:date", "datetime": "xsd:dateTime",
}  # fmt: skip


def _field(one: Field) -> dict[str, Any]:
    automatic = one.number_format is not None
    return {
        "name": one.name,
        "label": one.label,
        "type": one.kind,
        "soapType": _SOAP.get(one.kind, "xsd:string"),
        "length": one.length,
        "byteLength": one.length * 3,
        "precision": one.precision,
        "scale": one.scale,
        "digits": 0,
        "autoNumber": automatic,
        "calculated": False,
        "caseSensitive": one.case_sensitive,
        "createable": one.createable,
        "updateable": one.updateable,
        "custom": one.custom,
        "defaultedOnCreate": not one.createable
        or one.default is not None
        or one.kind == "boolean"
        or one.name == "OwnerId",
        "defaultValue": one.default,
        "deprecatedAndHidden": False,
        "externalId": one.external_id,
        "filterable": True,
        "groupable": one.kind not in {"textarea", "datetime", "double"},
        "sortable": one.kind != "textarea",
        "aggregatable": True,
        "idLookup": one.id_lookup or one.external_id,
        "nameField": one.name == "Name",
        "namePointing": False,
        "nillable": not (one.required or automatic or one.kind == "boolean" or not one.createable),
        "permissionable": one.custom and not one.required,
        "picklistValues": [
            {"active": True, "defaultValue": False, "label": label, "validFor": None, "value": value}
            for value, label in one.values
        ],
        "restrictedPicklist": one.restricted,
        "referenceTo": [one.refers_to] if one.refers_to else [],
        "relationshipName": one.relationship,
        "unique": one.unique,
    }


def summary(one: SObject, base: str) -> dict[str, Any]:
    """The entry of the global describe."""
    root = f"{base}/sobjects/{one.name}"
    return {
        "activateable": False,
        "createable": one.writable,
        "custom": one.custom,
        "customSetting": False,
        "deletable": one.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": one.prefix,
        "label": one.label,
        "labelPlural": one.plural,
        "layoutable": True,
        "mergeable": one.name in {"Contact", "Account"},
        "mruEnabled": True,
        "name": one.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": one.deletable,
        "updateable": one.writable,
        "urls": {"sobject": root, "describe": f"{root}/describe", "rowTemplate": f"{root}/{{ID}}"},
    }


def full(one: SObject, schema: Schema, base: str) -> dict[str, Any]:
    """The describe of one object."""
    return {
        **summary(one, base),
        "childRelationships": [
            {
                "cascadeDelete": field.delete_constraint == "Cascade",
                "childSObject": child.name,
                "deprecatedAndHidden": False,
                "field": field.name,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": field.children,
                "restrictedDelete": field.delete_constraint == "Restrict",
            }
            for child, field in schema.children(one.name)
        ],
        "fields": [_field(field) for field in one.fields.values()],
        "namedLayoutInfos": [],
        "recordTypeInfos": [],
        "supportedScopes": [{"label": "All", "name": "everything"}],
    }
