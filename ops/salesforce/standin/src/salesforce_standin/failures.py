"""The two ways to fail: one row of a request, or the request."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RowFailed(Exception):  # noqa: N818  reads as what happened to the row
    """This row was not written; others of the same request may be."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def in_collection(self) -> dict[str, Any]:
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


@dataclass(frozen=True, slots=True)
class RequestFailed(Exception):  # noqa: N818  as above
    """The whole request was refused."""

    status: int
    code: str
    message: str
    fields: tuple[str, ...] = ()

    def body(self) -> list[dict[str, Any]]:
        entry: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return [{**entry, "fields": list(self.fields)} if self.fields else entry]


def not_found() -> RequestFailed:
    return RequestFailed(404, "NOT_FOUND", "The requested resource does not exist")
