"""Why a record is refused: paths and codes, never values."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

from contracts.event import Part

MAX_DETAIL = 1000
"""Characters of a detail; it travels in a header of the dead letter."""

_TELLING = frozenset({"illegal_pair"})
"""Codes whose message says more than the code, and is safe to show."""


class Malformed(Exception):  # noqa: N818  the word that dead letters carry
    """Not a readable CloudEvent. `detail` names paths and codes, never values."""

    def __init__(self, detail: str):
        super().__init__(detail)
        self.detail = detail


class Invalid(Exception):  # noqa: N818  the word that dead letters carry
    """A known type, `event_type`, with bad data. `detail` names paths and codes, never values."""

    def __init__(self, detail: str, *, event_type: str):
        super().__init__(detail)
        self.detail = detail
        self.event_type = event_type


def say(error: ValidationError, *, under: str = "") -> str:
    """The detail of a validation error: `data.rows[3].row: int_type; data.score: less_than_equal`."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    with_bad_items = {each["loc"][:at] for each in errors for at in range(len(each["loc"]))}
    return join(
        f"{path(each['loc'], under=under)}: {_code(each)}"
        for each in errors
        # Bad items are not counted, and then the list seems too short as well.
        if not (each["type"] == "too_short" and each["loc"] in with_bad_items)
    )


def _code(error: Mapping[str, Any]) -> str:
    return f"{error['type']}: {error['msg']}" if error["type"] in _TELLING else error["type"]


def join(parts: Iterable[str]) -> str:
    """Each part once, as many as a detail holds."""
    return "; ".join(dict.fromkeys(parts))[:MAX_DETAIL]


def path(location: Iterable[int | str], *, under: str = "") -> str:
    """A JSON path; a name that is no field of ours may be anything, an address too, and is shown as `*`."""
    text = under
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step if step in field_names() else '*'}"
    return text.lstrip(".") or "value"


@cache
def field_names() -> frozenset[str]:
    """The names of all fields of all models."""
    classes: list[type[Part]] = [Part]
    for each in classes:
        classes.extend(each.__subclasses__())
    return frozenset(name for each in classes for name in each.model_fields)
