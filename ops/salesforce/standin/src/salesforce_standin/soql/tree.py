"""A query as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Path = Sequence[str]  # Membership__r.Membership_Key__c


@dataclass(frozen=True, slots=True)
class Literal_:  # noqa: N801  the name without the underscore is taken by typing
    """A value in the query; `kind` is how it was written."""

    kind: Literal["null", "string", "number", "boolean", "date", "datetime", "range"]
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A field to show, perhaps of a related row."""

    path: Path


@dataclass(frozen=True, slots=True)
class Aggregate:
    """COUNT() has no path."""

    function: str
    path: Path | None
    alias: str | None


@dataclass(frozen=True, slots=True)
class AllFields:
    """FIELDS(ALL), FIELDS(STANDARD), FIELDS(CUSTOM)."""

    which: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test of one field; IN and NOT IN have several values."""

    path: Path
    operator: str  # = != < <= > >= LIKE IN NOT IN
    values: tuple[Literal_, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Junction:
    """All of them, or one of them."""

    word: Literal["AND", "OR"]
    conditions: "tuple[Condition, ...]"


Condition = Comparison | Not | Junction


@dataclass(frozen=True, slots=True)
class Order:
    """One part of ORDER BY."""

    path: Path
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole SELECT."""

    columns: tuple[Column | Aggregate | AllFields, ...]
    source: str
    where: Condition | None
    group: tuple[Path, ...]
    order: tuple[Order, ...]
    limit: int | None
    offset: int

    @property
    def counts_only(self) -> bool:
        """SELECT COUNT() FROM ...: a number and no records."""
        return self.columns == (Aggregate("COUNT", None, None),)

    @property
    def aggregates(self) -> bool:
        return bool(self.group) or any(isinstance(one, Aggregate) for one in self.columns)
