"""What a request may ask of the log: filters as query parameters."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import PlainValidator, WithJsonSchema

from action_logger.domain.report import Filters, is_source
from contracts import vocabulary
from contracts.types import Instant, instant
from shared.http.problems import bad_parameter

ROLES = ("analyst", "operator")


def _moment(value: object) -> datetime:
    """Take an instant, or a day (its beginning in UTC), as forms send it."""
    if isinstance(value, str) and len(value) == len("2026-11-22"):
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            return instant(value)
    return instant(value)


Moment = Annotated[
    Instant,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "description": "RFC 3339 with an offset, or a day (UTC)"}),
]
Order = Annotated[Literal["desc", "asc"], Query(description="desc: newest first")]
_Text = Annotated[str | None, Query(max_length=1000)]


def _filters(
    *,
    email: Annotated[str | None, Query(max_length=320, description="In any spelling of its normal form")] = None,
    panorama: _Text = None,
    content_type: Annotated[str | None, Query(max_length=1000, description="Capitals do not matter")] = None,
    content_title: Annotated[
        str | None, Query(max_length=1000, description="Contained in the title; capitals do not matter")
    ] = None,
    type_: Annotated[str | None, Query(alias="type", max_length=40)] = None,
    source: Annotated[str | None, Query(max_length=40, description="An alias does too")] = None,
    reference_id: Annotated[str | None, Query(max_length=128, description="Of the bulk action behind the row")] = None,
    from_: Annotated[Moment | None, Query(alias="from", description="Timestamp from this instant on")] = None,
    to: Annotated[Moment | None, Query(description="Timestamp before this instant")] = None,
) -> Filters:
    if type_ is not None and type_ not in vocabulary.TYPES:
        raise bad_parameter("type", f"no such type; there are: {', '.join(vocabulary.TYPES)}")
    if source is not None and not is_source(source):
        raise bad_parameter("source", "no such source; GET /v1/vocabulary lists them")
    return Filters(
        email=email,
        panorama=panorama,
        content_type=content_type,
        title=content_title,
        type=type_,
        source=source,
        reference_id=reference_id,
        since=from_,
        until=to,
    )


Asked = Annotated[Filters, Depends(_filters)]
