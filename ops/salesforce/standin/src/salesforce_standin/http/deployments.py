"""Metadata deployed over REST, as the sf command line does it."""

import io
import json
from typing import Any, cast

import python_multipart

from salesforce_standin import ids
from salesforce_standin.failures import RequestFailed, not_found
from salesforce_standin.http.call import Answer, Call
from salesforce_standin.metadata import deploy


def start(call: Call) -> Answer:
    """One part holds the zip, another the options; both are done before the answer."""
    options, packed = _read(call)
    deployments = call.world.deployments
    deploy_id = ids.make("0Af", len(deployments) + 1)
    check_only = options.get("checkOnly") is True
    result = deploy.deploy(call.world.org, deploy_id, packed, check_only=check_only)
    deployments[deploy_id] = {"id": deploy_id, "deployOptions": options, "deployResult": result}
    if result["success"] and not check_only:
        call.world.journal.keep_deployment(packed)
    pending = {**result, "done": False, "status": "Pending"}
    return Answer(201, {**deployments[deploy_id], "deployResult": {**pending, "details": None}})


def show(call: Call) -> Answer:
    found = call.world.deployments.get(ids.normal(call.path["id"]) or "")
    if found is None:
        raise not_found()
    if call.query.get("includeDetails", "").lower() == "true":
        return Answer(200, found)
    return Answer(200, {**found, "deployResult": {**found["deployResult"], "details": None}})


def _read(call: Call) -> tuple[dict[str, Any], bytes]:
    texts: dict[str, bytes] = {}

    def take_field(field: Any) -> None:
        texts[(field.field_name or b"").decode()] = field.value or b""

    def take_file(file: Any) -> None:
        file.file_object.seek(0)
        texts[(file.field_name or b"").decode()] = file.file_object.read()

    headers = {
        "Content-Type": call.headers.get("content-type", "").encode(),
        "Content-Length": str(len(call.body)).encode(),
    }
    try:
        python_multipart.parse_form(headers, io.BytesIO(call.body), take_field, take_file)
        given: object = json.loads(texts.get("entity_content", b"{}"))
    except ValueError as error:
        raise RequestFailed(400, "MULTIPART_FORMAT_ERROR", "the body is no multipart form with JSON in it") from error
    options = cast("dict[str, Any]", given).get("deployOptions") if isinstance(given, dict) else None
    if "file" not in texts:
        raise RequestFailed(400, "MULTIPART_FORMAT_ERROR", "the form has no part called file")
    return cast("dict[str, Any]", options) if isinstance(options, dict) else {}, texts["file"]
