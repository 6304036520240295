"""What is published of attempts is put together without being checked again; so here it is checked."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.attempts import AttemptChanged
from contracts.envelope import Envelope
from contracts.wire import decode, encode
from go1_stats_processor.domain.attempts import attempts
from go1_stats_processor.domain.facts import Facts
from go1_stats_processor.domain.groups import republished
from go1_stats_processor.store.telling import GONE, record_of
from tests.go1_stats_processor.builders import RECORDED
from tests.go1_stats_processor.pure import RULES, Pure
from tests.go1_stats_processor.random_histories import a_history, an_arrival

READS = {AttemptChanged.TYPE: AttemptChanged}
CAUSES = (None, {"causationid": "fact 1", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "a=b"})


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**64))
def test_what_is_published_is_to_the_byte_what_the_contract_makes_of_it(seed: int) -> None:
    chance = random.Random(seed)
    service = Pure()
    for batch in an_arrival(a_history(chance), chance):
        service.take(batch)
    for key, facts in service.groups.items():
        named = dict(zip(("portal_id", "learner_id", "course_id"), key, strict=True))
        group = {"_id": " ".join(key), **named, "cause": chance.choice(CAUSES)}
        title = chance.choice([None, 'Cœur "de" métier \\ 1'])
        shown = republished((), facts, RULES, course_title=title, now=RECORDED).attempts
        gone = republished(shown, Facts(), RULES, course_title=title, now=RECORDED).attempts
        why = {each.attempt_id: each.why for each in attempts(facts, RULES)}
        told = [(each, why[each["attempt_id"]]) for each in shown] + [(each, GONE) for each in gone]
        for attempt, because in told:
            record = record_of(group, attempt, because, source="/learnwire/go1-stats-processor")
            event = decode(record.value, record.headers, reads=READS)
            assert isinstance(event, Envelope)
            assert encode(event) == record
