"""How facts flow from thing to thing: each step is a guarded write of single documents, each debt is in a document.

learner ─▶ completions that wait for an address ─▶ attempt groups ─▶ rows to read, `attempt.changed`
course ──▶ completions that it concerns ────────▶      "
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime

import structlog

from contracts.go1 import Go1CourseChanged, Go1CourseCompleted, Go1EnrollmentDeleted, Go1MatchDecided
from contracts.learners import LearnerChanged
from contracts.types import instant
from go1_stats_processor.domain.catalogue import Entries, entry_at
from go1_stats_processor.domain.enrollments import Answers, told
from go1_stats_processor.domain.facts import Fact, Ref
from go1_stats_processor.domain.matching import Address, Seen, Thing
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.domain.said import Forgotten
from go1_stats_processor.store.courses import Courses
from go1_stats_processor.store.documents import enrollment_of
from go1_stats_processor.store.enrollments import Enrollments, keys_of
from go1_stats_processor.store.erasures import Erasures
from go1_stats_processor.store.groups import GroupKey, Groups
from go1_stats_processor.store.intake import Cause, Intake, sifted
from go1_stats_processor.store.learners import ERASURE, Learners
from go1_stats_processor.store.rows import Rows
from shared import metrics
from shared.kafka import Sender
from shared.mongo import Database, Document

log = structlog.stdlib.get_logger()

_TYPES: Mapping[Thing, str] = {
    "course": Go1CourseChanged.TYPE,
    "enrollment": Go1CourseCompleted.TYPE,
    "deletion": Go1EnrollmentDeleted.TYPE,
    "match": Go1MatchDecided.TYPE,
    "learner": LearnerChanged.TYPE,
}

_ForGroups = tuple[Mapping[GroupKey, Sequence[Fact]], Mapping[str, str], Mapping[GroupKey, Cause]]
"""Facts by group, titles of courses, and what each group's publication carries on."""


class Flow:
    """The things of this service, wired to each other."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        *,
        source: str,
        rules: Rules,
        address_of: Callable[[str, str], Address],
        erased_key: bytes,
        clock: Callable[[], datetime],
    ) -> None:
        self.clock = clock
        self._address_of = address_of
        self.rows = Rows(database)
        self.learners = Learners(database, sender, self._learners_changed, clash=_clash, clock=clock)
        self.courses = Courses(database, sender, self._courses_changed, clash=_clash, clock=clock)
        self.enrollments = Enrollments(database, sender, self._enrollments_changed, clash=_clash, clock=clock)
        self.groups = Groups(database, sender, self.rows.show, source=source, rules=rules, clock=clock)
        self._matching = asyncio.Lock()
        self._grouping = asyncio.Lock()
        self._erasures = Erasures(self.groups, self.rows, rules=rules, key=erased_key)

    @property
    def sweeps(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Jobs that settle what a crash left behind."""
        outboxes = {
            "learners": self.learners.outbox,
            "courses": self.courses.outbox,
            "enrollments": self.enrollments.outbox,
            "debts": self.groups.debts.outbox,
            "groups": self.groups.first_shape,
        }
        return {f"{name} outbox": each.sweep for name, each in outboxes.items()}

    async def prepare(self) -> None:
        for each in (self.rows, self.learners, self.courses, self.enrollments, self.groups):
            await each.prepare()

    async def take(self, intake: Intake) -> None:
        """Make a batch durable, with all that follows from it. May be done again.

        While one batch is told, the next goes into its groups, and the next but one is matched: in the order in which
        they came, so that two batches do not contend for one document.
        """
        async with self._matching:
            facts, titles, causes = await self._matched(intake)
        async with self._grouping:
            written = await self.groups.take(facts, titles=titles, causes=causes) if facts else None
        await self.groups.tell(written)

    async def _matched(self, intake: Intake) -> _ForGroups:
        known = await self.learners.known(intake.people, intake.addresses)
        named = list(intake.learners)
        intake = sifted(intake, known)
        if intake.courses:
            await self.courses.take(intake.courses)
        if intake.learners:
            await self.learners.take(intake.learners)
            known = await self.learners.known(intake.people, intake.addresses)
            intake = sifted(intake, known)  # a launch may have shown that an address is an erased learner's
        # Of all learners named, not only of those that changed: this may be a batch that comes again after a crash.
        await self._look_for(known.addresses_of(named))
        facts: dict[GroupKey, list[Fact]] = intake.groups
        causes = intake.group_causes
        catalogue = await self.courses.catalogue(intake.course_ids)
        if intake.enrollments:
            answers = Answers(known.holders(intake.addresses), catalogue, known.erased)
            found = await self.enrollments.fold(intake.enrollments, answers, intake.enrollment_causes, owing=False)
            changed, _ = await self._looked_at_again(found.changed)
            facts, causes = _told([*changed, *found.same], facts, causes)
        return facts, _titles(catalogue), causes

    async def tell_again(self, enrollments: Sequence[Document]) -> None:
        """Match these again, and tell their groups whether or not anything changed."""
        fresh = {each["_id"]: each for each in await self._resolved(enrollments)}
        await self._enrollments_changed([fresh.get(each["_id"], each) for each in enrollments])
        await self.enrollments.outbox.settle(list(fresh.values()))

    async def titles(self, groups: Iterable[Document]) -> Mapping[str, str]:
        return await self.courses.titles({each["course_id"] for each in groups})

    async def erase_again(self) -> None:
        for each in await self.learners.to_erase_again():
            await self._erase(each)
            await self.learners.erased_again(each)

    async def _learners_changed(self, documents: Sequence[Document]) -> None:
        for each in documents:
            if ERASURE in each["owes"]:
                await self._erase(each)
        await self._look_for([had["address"] for each in documents for had in each["addresses"]])

    async def _courses_changed(self, documents: Sequence[Document]) -> None:
        changed = [(each["_id"], instant(min(each["owes"]))) for each in documents]
        async for page in self.enrollments.of_courses_since(changed):
            await self._look_again(page)

    async def _look_for(self, addresses: Sequence[Address]) -> None:
        """Match again what waits for these addresses."""
        async for page in self.enrollments.waiting_for(addresses):
            await self._look_again(page)

    async def _look_again(self, enrollments: Sequence[Document]) -> None:
        await self.enrollments.outbox.settle(await self._resolved(enrollments))

    async def _resolved(self, enrollments: Sequence[Document]) -> list[Document]:
        """Match these with what is known now; those that change, as saved."""
        answers = await self._answers(enrollments)
        return (await self.enrollments.fold(keys_of(enrollments), answers, {}, owing=True)).changed

    async def _answers(self, enrollments: Iterable[Document]) -> Answers:
        addresses: set[Address] = {address for each in enrollments for address in each.get("waiting", ())}
        known = await self.learners.known((), addresses)
        course_ids = {each["course_id"] for each in enrollments if each["course_id"] is not None}
        return Answers(known.holders(addresses), await self.courses.catalogue(course_ids), known.erased)

    async def _enrollments_changed(self, documents: Sequence[Document]) -> None:
        """Tell the groups."""
        newest, titles = await self._looked_at_again(documents)
        facts, causes = _told(newest, {}, {})
        await self.groups.tell(await self.groups.take(facts, titles=titles, causes=causes))

    async def _looked_at_again(self, documents: Sequence[Document]) -> tuple[Sequence[Document], Mapping[str, str]]:
        """Read the answers once more, and match again where they are others.

        An answer that came between our reading and our writing found nobody to tell: the enrollment was not there yet.
        """
        answers = await self._answers(documents)
        stale = [each for each in documents if each.get("waiting") or _is_outdated(each, answers.catalogue)]
        newest = {each["_id"]: each for each in documents}
        if stale:
            found = await self.enrollments.fold(keys_of(stale), answers, {}, owing=False)
            newest |= {each["_id"]: each for each in found.changed}
        return list(newest.values()), _titles(answers.catalogue)

    async def _erase(self, learner: Document) -> None:
        """Forget a learner: attempts first, for lines of them stay; then what Go1 said of him."""
        portal_id, learner_id, erased_at = learner["portal_id"], learner["learner_id"], learner["erased_at"]
        async with self._grouping:  # behind batches that were read before
            left = await self._erasures.erase(portal_id, learner_id, erased_at)
        async for page in self.enrollments.owned_by(portal_id, learner_id):
            await self._forget(page, Forgotten(learner_id, erased_at))
        async for page in self.enrollments.waiting_for(learner["erased_addresses"]):
            await self._forget(page, Forgotten(learner_id, erased_at))
        seen = [Seen(self._address_of(portal_id, each.email), each.recorded_at) for each in left.launches]
        if seen:
            await self.learners.take({(portal_id, learner_id): seen})
            await self._look_for([each.address for each in seen])
        stay = await self.groups.of_learner(portal_id, learner_id)
        await self.groups.refold(stay, await self.titles(stay), dry_run=False)
        log.info("learner.erased", attempts=left.attempts, groups=left.groups)

    async def _forget(self, enrollments: Sequence[Document], forgotten: Forgotten) -> None:
        facts = dict.fromkeys(keys_of(enrollments), (forgotten,))
        await self.enrollments.take(facts, await self._answers(enrollments), {})


def _told(
    enrollments: Iterable[Document], facts: Mapping[GroupKey, Sequence[Fact]], causes: Mapping[GroupKey, Cause]
) -> tuple[dict[GroupKey, list[Fact]], dict[GroupKey, Cause]]:
    """Return these facts of groups and what the groups are to know of these enrollments."""
    facts = {group: list(some) for group, some in facts.items()}
    causes = dict(causes)
    for document in enrollments:
        for (learner_id, course_id), each in told(enrollment_of(document), document["go1_enrollment_id"]):
            group = (document["portal_id"], learner_id, course_id)
            facts.setdefault(group, []).append(each)
            causes[group] = document.get("cause") or {}
    return facts, causes


def _titles(catalogue: Mapping[str, Entries]) -> Mapping[str, str]:
    return {course_id: entries[-1].title for course_id, entries in catalogue.items() if entries}


def _is_outdated(enrollment: Document, catalogue: Mapping[str, Entries]) -> bool:
    entries = catalogue.get(enrollment["course_id"])
    return bool(entries) and entry_at(entries, enrollment["placed_at"]).event != enrollment["catalogue"]


def _clash(thing: Thing, event: Ref) -> None:
    source, _, event_id = event.partition(" ")
    metrics.conflicts.labels(_TYPES[thing]).inc()
    log.warning(
        "event.conflict",
        thing=thing,
        event_id=event_id,
        event_source=source,
        next_step="none here: the rule decides which one counts; its publisher should know",
    )
