"""Answers on their way out."""

import json

from starlette.responses import Response

from salesforce_standin.http.call import Answer
from salesforce_standin.world import World


class CutOff(Response):
    """Headers that promise more than comes: the connection is then closed, and the client cannot know what happened."""

    def __init__(self) -> None:
        super().__init__(b"")
        self.raw_headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]


def response(world: World, answer: Answer, *, free: bool) -> Response:
    """The answer in HTTP; all but the free calls tell how much of the day is used."""
    headers = dict(answer.headers)
    if not free:
        headers["Sforce-Limit-Info"] = f"api-usage={world.meter.used()}/{world.meter.daily}"
    if answer.body is None:
        return Response(b"", answer.status, headers)
    if answer.kind is not None:
        return Response(answer.body, answer.status, {**headers, "content-type": answer.kind})
    text = json.dumps(answer.body, separators=(",", ":"))
    return Response(text, answer.status, {**headers, "content-type": "application/json;charset=UTF-8"})
