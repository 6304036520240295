"""Faults on demand: what shall go wrong, where, and how often.

`share` is kept exactly and without chance: of every ten, a share of 0.2 takes two. Runs are repeatable so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from salesforce_standin.failures import RowFailed

WHOLE = {
    "expire_tokens", "unavailable", "server_error", "total_requests", "concurrent_requests", "long_transactions",
    "api_disabled", "too_many", "error", "hang", "cut", "hang_after_write", "cut_after_write", "slow", "garbled",
}  # fmt: skip
"""Of a whole request."""
ROWS = {"lock_rows", "duplicate_race", "row_error"}
"""Of single rows of a write."""
JOBS = {"bulk_stuck", "bulk_failed", "bulk_slow"}
"""Of bulk jobs: never leaves InProgress; fails after so many `rows`; begins to write after `seconds`."""
_LOCKED = "unable to obtain exclusive access to this record or 1 records: {key}"
_RACED = "duplicate value found: external id duplicates value on record with id: {id}"


_KINDS_OF_VALUE: dict[str, tuple[type, ...]] = {
    "on": (str,), "after": (int,), "times": (int, type(None)), "share": (int, float), "seconds": (int, float), "rows": (int,),
    "status": (int,), "code": (str,), "message": (str,),
}  # fmt: skip


@dataclass(slots=True)
class Fault:
    """One fault. `times` None is until it is taken away."""

    number: int
    kind: str
    calls: frozenset[str] = frozenset()  # kinds of calls, as /standin/calls names them; empty: all
    objects: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()  # external ids or ids; for row faults
    on: Literal["any", "create", "update", "delete"] = "any"
    after: int = 0
    times: int | None = 1
    share: float = 1.0
    seconds: float = 3600.0
    rows: int = 0
    status: int = 400
    code: str = "UNKNOWN_EXCEPTION"
    message: str = "planted by the stand-in"
    fields: tuple[str, ...] = ()
    fired: int = 0
    _owed: float = field(default=0.0)

    def concerns(self, on: str) -> bool:
        """Races are run for new rows only."""
        return self.on in {"any", on} and (self.kind != "duplicate_race" or on == "create")

    def fires(self) -> bool:
        """Whether this match is one of those it shall hit; counts it."""
        if self.times is not None and self.fired >= self.times:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self._owed += self.share
        if self._owed < 1 - 1e-9:
            return False
        self._owed -= 1
        self.fired += 1
        return True

    def tells(self) -> dict[str, Any]:
        """For the admin route and the page."""
        return {
            "id": self.number, "kind": self.kind, "calls": sorted(self.calls), "objects": sorted(self.objects),
            "keys": sorted(self.keys), "on": self.on, "after": self.after, "times": self.times, "share": self.share,
            "seconds": self.seconds, "rows": self.rows, "status": self.status, "code": self.code, "message": self.message,
            "fields": list(self.fields), "fired": self.fired,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planted:
    """A row's planted failure; `after_write` writes the row all the same, as the winner of a race would have."""

    failure: RowFailed
    after_write: bool = False


@dataclass(slots=True)
class Faults:
    """All faults that are planted, first come first served."""

    planted: list[Fault] = field(default_factory=list[Fault])
    _numbers: int = 0

    def plant(self, given: dict[str, Any]) -> Fault:
        """Raises ValueError or TypeError for something that is no fault."""
        kind = given.get("kind")
        if kind not in WHOLE | ROWS | JOBS:
            raise ValueError(f"kind must be one of: {', '.join(sorted(WHOLE | ROWS | JOBS))}")
        names = {"calls", "objects", "keys", "fields"}
        rest = {name: value for name, value in given.items() if name not in names | {"kind"}}
        for name, value in rest.items():
            if name not in _KINDS_OF_VALUE:
                raise ValueError(f"unknown: {name}")
            if isinstance(value, bool) or not isinstance(value, _KINDS_OF_VALUE[name]):
                raise TypeError(f"{name} cannot be {value!r}")
        if any(not isinstance(given.get(name, []), list) for name in names):
            raise TypeError(f"{', '.join(sorted(names))} are lists")
        self._numbers += 1
        sets = {name: frozenset[str](given.get(name, ())) for name in names - {"fields"}}
        fault = Fault(self._numbers, kind, fields=tuple(given.get("fields", ())), **sets, **rest)
        self.planted.append(fault)
        return fault

    def take_away(self, number: int | None = None) -> None:
        """One, or all."""
        self.planted = [one for one in self.planted if number is not None and one.number != number]

    def for_call(self, kind: str, name: str | None) -> Fault | None:
        """The fault that hits this request."""
        return next((one for one in self._about(WHOLE, kind, name) if one.fires()), None)

    def for_job(self, kind: str, name: str) -> Fault | None:
        """The fault of this kind that hits this job."""
        return next((one for one in self._about({kind}, "", name) if not one.calls and one.fires()), None)

    def planted_row(self, kind: str, name: str, key: str, on: str) -> Planted | None:
        """What becomes of this row of a write instead of success."""
        fault = self.for_row(kind, name, key, on)
        if fault is None:
            return None
        match fault.kind:
            case "lock_rows":
                return Planted(RowFailed("UNABLE_TO_LOCK_ROW", _LOCKED.replace("{key}", key)))
            case "duplicate_race":
                return Planted(RowFailed("DUPLICATE_VALUE", _RACED), after_write=True)
            case _:
                return Planted(RowFailed(fault.code, fault.message, fault.fields))

    def for_row(self, kind: str, name: str, key: str, on: str) -> Fault | None:
        """The fault that hits this row of a write."""
        matching = (one for one in self._about(ROWS, kind, name) if not one.keys or key in one.keys)
        return next((one for one in matching if one.concerns(on) and one.fires()), None)

    def _about(self, kinds: set[str], call: str, name: str | None) -> Iterable[Fault]:
        return (
            one
            for one in self.planted
            if one.kind in kinds and (not one.calls or call in one.calls) and (not one.objects or name in one.objects)
        )
