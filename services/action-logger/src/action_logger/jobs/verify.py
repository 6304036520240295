"""Verifying: the chain of seals is computed again from the rows as they are."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from action_logger.domain.seals import BEFORE_ALL, NO_HMAC, Place, Seal, first_bad, is_whole, pruning_hmac
from action_logger.store.log import reference
from action_logger.store.seals import Seals

MOST_FINDINGS = 20


@dataclass(slots=True)
class Verdict:
    """What was found, first things first; none: the log is as it was sealed."""

    number: int = 0
    hmac: bytes = NO_HMAC
    rows: int = 0
    unsealed: int = 0
    findings: list[str] = field(default_factory=list[str])

    def find(self, what: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(what)

    @property
    def line(self) -> str:
        return f"sealed {self.number}:{self.hmac.hex()} rows {self.rows} unsealed {self.unsealed}"


@dataclass(slots=True)
class _Ranges:
    """How many sealed rows have their place in the range of each seal."""

    ends: list[Place] = field(default_factory=list[Place])
    found: Counter[int] = field(default_factory=Counter[int])

    def tally(self, place: Place) -> None:
        self.found[bisect_left(self.ends, place)] += 1


async def verify(seals: Seals, *, expect: tuple[int, str] | None, progress: Callable[[int], None]) -> Verdict:
    """Compare every sealed row, and look for rows that stand among them without a seal."""
    verdict = Verdict()
    prunings = _Prunings(seals, verdict)
    await prunings.read()
    ranges = _Ranges()
    expected_hmac: str | None = None
    async for each in seals.after(0):
        await _verify_seal(seals, each, verdict, ranges, prunings)
        if expect is not None and each.number == expect[0]:
            expected_hmac = each.hmac.hex()
        progress(each.count)
    if expect is not None and expected_hmac != expect[1]:
        how = "is not there: the chain was cut off" if expected_hmac is None else "is another than the one expected"
        verdict.find(f"seal {expect[0]} {how}")
    await _look_between(seals, ranges, verdict)
    return verdict


@dataclass(slots=True)
class _Prunings:
    """Seals whose rows retention removed. It says so first: when rows are missing, it is asked again what it has said."""

    seals: Seals
    verdict: Verdict
    _numbers: set[int] = field(default_factory=set[int])
    _seen: int = 0

    async def read(self) -> None:
        for each in (await self.seals.prunings())[self._seen :]:
            self._seen += 1
            if pruning_hmac(self.seals.key, each) == each.hmac:
                self._numbers.update(each.seals)
            else:
                self.verdict.find(f"pruning {each.number} was changed")

    async def has(self, number: int) -> bool:
        if number not in self._numbers:
            await self.read()
        return number in self._numbers


async def _verify_seal(seals: Seals, found: Seal, verdict: Verdict, ranges: _Ranges, prunings: _Prunings) -> None:
    number = verdict.number + 1
    if found.number != number:
        verdict.find(f"seal {number} is missing")
    elif not is_whole(seals.key, found, number=number, previous=verdict.hmac):
        verdict.find(f"seal {number} was changed")
    if found.rows is None and not await prunings.has(found.number):
        verdict.find(f"seal {found.number} lost the names of its rows, and no pruning says so")
    rows = found.rows or ()
    stored = await seals.stored([each.id for each in rows])
    pruned = len(stored) < len(rows) and await prunings.has(found.number)
    bad = first_bad(seals.key, rows, {name: kept for name, (kept, _) in stored.items()}, pruned=pruned)
    if bad is not None:
        verdict.find(f"{_name(bad.id)} {bad.what} (seal {found.number})")
    ranges.ends.append(found.last)
    for _, place in stored.values():
        if place is not None:
            ranges.tally(place)
    verdict.number, verdict.hmac = found.number, found.hmac
    verdict.rows += len(stored)


async def _look_between(seals: Seals, ranges: _Ranges, verdict: Verdict) -> None:
    """Look for rows that no seal holds: in the ranges of seals, and where no row can come to stand by itself."""
    before = BEFORE_ALL
    for at, last in enumerate(ranges.ends):
        if await seals.count(before, last) > ranges.found[at]:
            for each in await seals.unknown(before, last):
                verdict.find(f"{_name(each)} was inserted among sealed rows (seal {at + 1})")
        before = last
    stray = await seals.out_of_place()
    if stray is not None:
        verdict.find(f"{_name(stray)} was not inserted by this service: it has no place")
    verdict.unsealed = await seals.count(before, None)


def _name(document_id: str) -> str:
    event = reference(document_id)
    return f"row {event.id} of {event.source}"
