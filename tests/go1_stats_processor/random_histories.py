"""Histories by a random generator: Hypothesis draws only the seed, which is ten times as fast and shrinks nothing."""

from datetime import timedelta
from random import Random
from typing import Any

from contracts.envelope import Envelope
from contracts.event import Event
from contracts.go1 import EntryPoint
from tests.go1_stats_processor import events
from tests.go1_stats_processor.builders import at
from tests.go1_stats_processor.histories import MOMENTS, RECORDED, in_envelope


def a_history(chance: Random) -> list[Envelope[Any]]:
    """A history in which corrections, deletions and launches meet the completions that they concern."""
    some: list[Event] = []
    if chance.random() < 0.8:
        some += [events.course(minutes=chance.choice([None, 1, 60, 300])), events.learner("ada"), events.learner("bob")]
    makers = [_a_launch, _a_launch, _a_resume, _a_completion, _a_completion, _a_deletion]
    if chance.random() < 0.5:
        makers += [_a_completion, _a_decision, _a_course, _a_learner]
    some += [chance.choice(makers)(chance) for _ in range(chance.randint(2, 12))]
    return [in_envelope(each, number) for number, each in enumerate(some)]


def an_erased_history(chance: Random) -> list[Envelope[Any]]:
    """Two learners' facts, the erasure of one of them, and facts after it under ids of their own."""
    before = [_somebodys(chance, tag="old") for _ in range(chance.randint(2, 8))]
    after = [_somebodys(chance, tag="new") for _ in range(chance.randint(0, 4))]
    erased_at = RECORDED + timedelta(minutes=len(before))
    given = chance.choice([None, "ada@old.example"])
    erasure = events.erased(erased_at, former_emails=("ADA@third.example",), email=given)
    return [in_envelope(each, number) for number, each in enumerate([events.course(), *before, erasure, *after])]


def _somebodys(chance: Random, *, tag: str) -> Event:
    learner_id = chance.choice(["ada", "ada", "bob"])
    email = chance.choice([f"{learner_id}@example.com", f"{learner_id}@old.example", f"{learner_id}@third.example"])
    launch_id, enrollment = f"{learner_id}-{tag}-{chance.randint(1, 2)}", f"E-{learner_id}-{tag}-{chance.randint(1, 2)}"
    moment = chance.choice(MOMENTS)
    match chance.randrange(5):
        case 0:
            return events.launched(moment, launch_id, learner_id=learner_id, email=email)
        case 1:
            return events.resumed(moment, chance.choice([None, launch_id]), learner_id=learner_id)
        case 2:
            return events.deleted(moment, enrollment, email=email)
        case 3:
            version = chance.randint(1, 3) + (10 if tag == "new" else 0)
            return events.learner(learner_id, email, version=version, active=chance.random() < 0.7)
        case _:
            return events.completed(moment, enrollment, email=email, version=chance.choice([1, 2]))


def an_arrival(history: list[Envelope[Any]], chance: Random) -> list[list[Envelope[Any]]]:
    """The same events in another order, some of them again, in batches."""
    shuffled = history + chance.choices(history, k=chance.randint(0, 4))
    chance.shuffle(shuffled)
    batches: list[list[Envelope[Any]]] = []
    while shuffled:
        size = chance.randint(1, 6)
        batches.append(shuffled[:size])
        shuffled = shuffled[size:]
    return batches


def _who(chance: Random) -> tuple[str, str]:
    return chance.choice(["ada", "ada", "ada", "bob"]), chance.choice(["C1", "C1", "C1", "C1", "C2"])


def _address(chance: Random, learner_id: str) -> str:
    return chance.choice(
        [f"{learner_id}@example.com", f"{learner_id.upper()}@Example.com ", f"{learner_id}@old.example"]
    )


def _anybodys(chance: Random) -> str:
    return chance.choice(
        ["ada@example.com"] * 3 + ["Ada@Example.com ", "ada@old.example", "bob@example.com", "nobody@x.example"]
    )


def _a_launch(chance: Random) -> Event:
    learner_id, course_id = _who(chance)
    return events.launched(
        chance.choice(MOMENTS), f"{learner_id}-{course_id}-{chance.randint(1, 3)}", learner_id=learner_id, course_id=course_id,
        channel=chance.choice(["web", "mobile"]), email=_address(chance, learner_id),
        entry_point=EntryPoint(kind=chance.choice(["catalog", "other"]), id=chance.choice([None, "S1", "S"])),
    )  # fmt: skip


def _a_resume(chance: Random) -> Event:
    learner_id, course_id = _who(chance)
    launch_id = chance.choice([None, f"{learner_id}-{course_id}-{chance.randint(1, 4)}"])
    return events.resumed(
        chance.choice(MOMENTS),
        launch_id,
        learner_id=learner_id,
        course_id=course_id,
        channel=chance.choice(["web", "mobile"]),
    )


def _a_completion(chance: Random) -> Event:
    return events.completed(
        chance.choice(MOMENTS), chance.choice(["E1", "E1", "E2", "E3"]), started=chance.choice([None, *MOMENTS[::3]]),
        version=chance.choice([1, 1, 2, 3]), passed=chance.random() < 0.6, course_id=_who(chance)[1], email=_anybodys(chance),
    )  # fmt: skip


def _a_deletion(chance: Random) -> Event:
    return events.deleted(chance.choice(MOMENTS), chance.choice(["E1", "E1", "E2", "E3"]), course_id=_who(chance)[1])


def _a_decision(chance: Random) -> Event:
    return events.decided(
        _who(chance)[0],
        chance.choice(["E1", "E1", "E2"]),
        version=chance.choice([1, 1, 2]),
        decided_at=at(chance.choice(MOMENTS)),
    )


def _a_course(chance: Random) -> Event:
    changed_at = chance.choice([None, at(chance.choice(MOMENTS)), at(chance.choice(MOMENTS))])
    return events.course(
        _who(chance)[1],
        minutes=chance.choice([None, 1, 60, 300]),
        version=chance.choice([1, 2, 3]),
        changed_at=changed_at,
    )


def _a_learner(chance: Random) -> Event:
    learner_id = _who(chance)[0]
    return events.learner(
        learner_id, _address(chance, learner_id), version=chance.choice([1, 1, 2]), active=chance.random() < 0.7
    )
