"""Filters as forms send them: what is given, what it means, and beside which field something is wrong."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from contracts.types import instant

LONGEST_SHOWN = 40
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ONE_DAY = timedelta(days=1)

T = TypeVar("T")
Word = TypeVar("Word", bound=str)


class Form:
    """The parameters of a page. Reading a field that cannot be understood notes a sentence in `errors` and gives None."""

    def __init__(self, given: Mapping[str, str], names: Collection[str]) -> None:
        self.values = {name: given.get(name, "").strip() for name in names}
        self.touched = frozenset(name for name in names if name in given)
        self.errors: dict[str, str] = {}

    @property
    def filled(self) -> dict[str, str]:
        """What is given, for links that keep it."""
        return {name: value for name, value in self.values.items() if value}

    def text(self, name: str, *, longest: int = 1_000) -> str | None:
        """One line of text."""
        value = self.values[name]
        if len(value) > longest:
            return self.wrong(name, f"At most {longest:,} characters.")
        if _CONTROL.search(value):
            return self.wrong(name, "There is a character in it that cannot be seen; type it anew.")
        return value or None

    def read(self, name: str, kind: TypeAdapter[T], sentence: str) -> T | None:
        """What a type of the contracts takes; `sentence` says what that would be."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return kind.validate_python(value)
        except ValidationError:
            return self.wrong(name, sentence)

    def choice(self, name: str, choices: Collection[Word]) -> Word | None:
        """One of these words."""
        value = self.values[name]
        if not value:
            return None
        chosen = next((each for each in choices if each == value), None)
        return self.wrong(name, "Choose one of the list.") if chosen is None else chosen

    def days(self, begin: str, end: str) -> tuple[datetime | None, datetime | None]:
        """Two days, both included, as a half-open range; instants with an offset are taken as they are."""
        since, until = self._moment(begin, _midnight), self._moment(end, _day_after)
        if since is not None and until is not None and since >= until:
            self.wrong(end, "This is before the other day.")
        return since, until

    def _moment(self, name: str, of_day: Callable[[str], datetime]) -> datetime | None:
        value = self.values[name]
        if not value:
            return None
        try:
            return of_day(value) if _DAY.fullmatch(value) else instant(value)
        except (ValueError, OverflowError, PydanticCustomError):
            shown = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
            return self.wrong(name, f"“{shown}” is no day; one is written 2026-11-22.")

    def wrong(self, name: str, sentence: str) -> None:
        """Note what is wrong with a field."""
        self.errors[name] = sentence


def _midnight(day: str) -> datetime:
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)


def _day_after(day: str) -> datetime:
    return _midnight(day) + _ONE_DAY
