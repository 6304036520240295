"""The four administrative messages that aiokafka does not have: SCRAM credentials and access rights, many at once.

After Kafka's protocol guide: AlterUserScramCredentials 51 v0, DescribeUserScramCredentials 50 v0, CreateAcls 30 v1,
DeleteAcls 31 v1.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.protocol.admin import (
    CreateAclsRequest_v1,
    DeleteAclsRequest_v1,
    DescribeAclsRequest,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int8, Int16, Int32, Schema, TaggedFields
from rights import Right

SCRAM_SHA_512 = 2
ITERATIONS = 8192
ANY, LITERAL, ALLOW = 1, 3, 3
TEXT = CompactString("utf-8")
KINDS = {"topic": 2, "group": 3, "cluster": 4}
OPERATIONS = {
    "all": 2,
    "read": 3,
    "write": 4,
    "create": 5,
    "delete": 6,
    "alter": 7,
    "describe": 8,
    "cluster_action": 9,
    "describe_configs": 10,
    "alter_configs": 11,
    "idempotent_write": 12,
}


class _AlterScramAnswer(Response):
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("results", CompactArray(("user", TEXT), ("error", Int16), ("message", TEXT), ("tags", TaggedFields))),
        ("tags", TaggedFields),
    )


class _AlterScram(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = _AlterScramAnswer
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", TEXT), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", TEXT),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterScram(Request[_AlterScram]):
    """Gives these users these passwords, and takes those of the others away."""

    API_KEY = 51

    def __init__(self, passwords: Mapping[str, str], *, gone: Sequence[str]):
        self._gone = [(name, SCRAM_SHA_512, {}) for name in gone]
        self._upserted = [(name, SCRAM_SHA_512, ITERATIONS, *_salted(text), {}) for name, text in passwords.items()]

    def build(self, request_struct_class: type[_AlterScram]) -> _AlterScram:
        return request_struct_class(self._gone, self._upserted, {})


def _salted(password: str) -> tuple[bytes, bytes]:
    salt = secrets.token_bytes(32)
    return salt, hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)


class _DescribeScramAnswer(Response):
    API_KEY = 50
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error", Int16),
        ("message", TEXT),
        (
            "results",
            CompactArray(
                ("user", TEXT),
                ("error", Int16),
                ("message", TEXT),
                ("credentials", CompactArray(("mechanism", Int8), ("iterations", Int32), ("tags", TaggedFields))),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _DescribeScram(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 50
    API_VERSION = 0
    RESPONSE_TYPE = _DescribeScramAnswer
    SCHEMA = Schema(("users", CompactArray(("name", TEXT), ("tags", TaggedFields))), ("tags", TaggedFields))


class DescribeScram(Request[_DescribeScram]):
    """Of all users."""

    API_KEY = 50

    def build(self, request_struct_class: type[_DescribeScram]) -> _DescribeScram:
        return request_struct_class(None, {})


class CreateRights(Request[CreateAclsRequest_v1]):
    """Many at once."""

    API_KEY = 30

    def __init__(self, rights: Sequence[Right]):
        self._rights = [_acl(each) for each in rights]

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        return request_struct_class(self._rights)


class DeleteRights(Request[DeleteAclsRequest_v1]):
    """Many at once."""

    API_KEY = 31

    def __init__(self, rights: Sequence[Right]):
        self._rights = [_acl(each) for each in rights]

    def build(self, request_struct_class: type[DeleteAclsRequest_v1]) -> DeleteAclsRequest_v1:
        return request_struct_class(self._rights)


def describe_rights() -> Any:
    """Of everybody, about everything."""
    return DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY)


def rights_in(answer: Any) -> set[Right]:
    kinds = {code: name for name, code in KINDS.items()}
    operations = {code: name for name, code in OPERATIONS.items()}
    return {
        Right(principal.removeprefix("User:"), operations[operation], kinds[kind], name)
        for kind, name, _pattern, acls in answer.resources
        for principal, _host, operation, _permission in acls
    }


def _acl(right: Right) -> tuple[int, str, int, str, str, int, int]:
    kind, operation = KINDS[right.kind], OPERATIONS[right.operation]
    return (kind, right.name, LITERAL, f"User:{right.principal}", "*", operation, ALLOW)
