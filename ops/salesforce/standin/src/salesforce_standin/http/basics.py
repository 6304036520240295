"""Versions, limits, tokens and who one is."""

from base64 import b64decode
from urllib.parse import parse_qsl

from salesforce_standin.http.call import FIRST_VERSION, LAST_VERSION, Answer, Call

_SEASONS = ("Winter", "Spring", "Summer")


def versions(_call: Call) -> Answer:
    return Answer(
        200,
        [
            {"label": _release(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in range(FIRST_VERSION, LAST_VERSION + 1)
        ],
    )


def _release(number: int) -> str:
    """v66.0 is Spring '26; there are three a year."""
    year, season = divmod(number - 65, 3)
    return f"{_SEASONS[season]} '{26 + year}"


def resources(call: Call) -> Answer:
    names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs", "metadata")
    return Answer(200, {name: f"{call.base}/{name}" for name in names} | {"identity": _identity(call)})


def limits(call: Call) -> Answer:
    meter = call.world.meter
    left = max(meter.daily - meter.used(), 0)
    return Answer(
        200,
        {
            "DailyApiRequests": {"Max": meter.daily, "Remaining": left},
            "DailyBulkApiBatches": {"Max": 15000, "Remaining": 15000},
            "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976562, "Remaining": 976562},
            "DataStorageMB": {"Max": 1024, "Remaining": 1024},
            "FileStorageMB": {"Max": 1024, "Remaining": 1024},
        },
    )


def token(call: Call) -> Answer:
    return Answer(200, call.world.gatekeeper.grant(_form(call), call.origin), {"Cache-Control": "no-store"})


def introspect(call: Call) -> Answer:
    return Answer(200, call.world.gatekeeper.introspect(_form(call)), {"Cache-Control": "no-store"})


def revoke(call: Call) -> Answer:
    call.world.gatekeeper.revoke(_form(call))
    return Answer(200)


def _form(call: Call) -> dict[str, str]:
    given = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    return _basic(call.headers.get("authorization", "")) | given


def _basic(header: str) -> dict[str, str]:
    """Client id and secret may come as a Basic header."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": client_id, "client_secret": secret}


def user_info(call: Call) -> Answer:
    row = call.world.org.database.get("User", call.user_id) or {}
    return Answer(
        200,
        {
            "sub": _identity(call),
            "user_id": call.user_id,
            "organization_id": call.world.org.organization_id,
            "preferred_username": row.get("Username"),
            "name": row.get("Name"),
            "email": row.get("Email"),
            "active": row.get("IsActive", True),
            "urls": {"rest": f"{call.origin}/services/data/v{{version}}/"},
        },
    )


def _identity(call: Call) -> str:
    return f"{call.origin}/id/{call.world.org.organization_id}/{call.user_id}"
