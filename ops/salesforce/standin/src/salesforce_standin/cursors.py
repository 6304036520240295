"""Queries that have more pages: Salesforce keeps a few of them per user and forgets the oldest."""

from collections import OrderedDict
from dataclasses import dataclass, field

from salesforce_standin import ids
from salesforce_standin.failures import RequestFailed
from salesforce_standin.soql.running import Result

_KEPT = 10


@dataclass(slots=True)
class Cursors:
    """Locators look like 01gLw0000000001XYZ-500: the query and the first row of the page."""

    _open: OrderedDict[str, Result] = field(default_factory=OrderedDict[str, Result])
    _numbers: int = 0

    def keep(self, result: Result) -> str:
        self._numbers += 1
        locator = ids.make("01g", self._numbers)
        self._open[locator] = result
        while len(self._open) > _KEPT:
            self._open.popitem(last=False)
        return locator

    def find(self, text: str) -> tuple[str, Result, int]:
        """The query of a locator and where its page begins."""
        locator, _, first = text.partition("-")
        result = self._open.get(locator)
        if result is None or not first.isdigit():
            raise RequestFailed(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return locator, result, int(first)

    def clear(self) -> None:
        self._open.clear()
