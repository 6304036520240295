"""What a desired row's document becomes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from salesforce_syncer.domain import ledger
from salesforce_syncer.domain.rows import Row
from tests.salesforce_syncer.facts import OTHER_USER, USER, accessed, desired, enrolled, linked, unenrolled

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
EVERY = timedelta(minutes=15)
ROW = "LearnUponEnrollment__c:acme:e-1"
MEMBERSHIP = "LearnUpon_Portal_Membership__c:acme:l-1"


def begun(row: Row) -> dict[str, Any]:
    return ledger.begun(row, now=NOW)


def acknowledged(document: dict[str, Any], *, accessed_at: str | None = None) -> dict[str, Any]:
    """The document after Salesforce took it."""
    rest = {name: value for name, value in document.items() if name not in {"dirty_since", "owes"}}
    written = {"hash": document["hash"], "accessed": accessed_at, "accessed_at": NOW, "at": NOW}
    return rest | {"state": "written", "written": written, "salesforce_id": "a01"}


def test_a_row_desired_for_the_first_time_is_dirty_and_owes_its_profile_a_count() -> None:
    document = begun(desired([linked(1), enrolled(1)])[ROW])
    assert (document["state"], document["dirty_since"], document["owes"]) == ("dirty", NOW, [f"counters:{USER}"])


def test_a_row_desired_again_as_it_is_changes_nothing() -> None:
    row = desired([linked(1), enrolled(1)])[ROW]
    assert ledger.changed(acknowledged(begun(row)), row, now=LATER, every=EVERY) is None


def test_a_row_that_moves_owes_both_profiles_a_count() -> None:
    before = acknowledged(begun(desired([linked(1), enrolled(1)])[ROW]))
    moved = desired([linked(1), enrolled(1), linked(2, OTHER_USER)])[ROW]
    after = ledger.changed(before, moved, now=LATER, every=EVERY)
    assert after is not None
    assert (after["version"], after["dirty_since"], after["owes"]) == (
        2,
        LATER,
        [f"counters:{USER}", f"counters:{OTHER_USER}"],
    )


def test_a_row_that_salesforce_never_saw_needs_no_delete_and_one_in_doubt_does() -> None:
    fresh = begun(desired([linked(1), enrolled(1)])[ROW])
    assert ROW not in desired([linked(1), enrolled(1), unenrolled(2)])
    never_sent = ledger.withdrawn(fresh, erased=False, now=LATER)
    assert never_sent is not None
    assert (never_sent["state"], "dirty_since" in never_sent, never_sent["payload"]) == ("deleted", False, {})
    in_doubt = ledger.withdrawn(fresh | {"in_doubt": 7}, erased=False, now=LATER)
    assert in_doubt is not None
    assert (in_doubt["state"], in_doubt["dirty_since"]) == ("dirty", NOW)


def test_a_first_access_is_told_at_once_and_a_newer_one_waits_for_its_time() -> None:
    first = desired([linked(1)])[MEMBERSHIP]
    seen = desired([linked(1), accessed(2)])[MEMBERSHIP]
    at_once = ledger.changed(acknowledged(begun(first)), seen, now=LATER, every=EVERY)
    assert at_once is not None
    assert at_once["dirty_since"] == LATER
    told = acknowledged(at_once, accessed_at=seen.payload["Last_Accessed__c"])
    waits = ledger.changed(told, desired([linked(1), accessed(3)])[MEMBERSHIP], now=LATER, every=EVERY)
    assert waits is not None
    assert ("dirty_since" in waits, waits["accessed_due"], waits["owes"]) == (False, NOW + EVERY, [f"accessed:{USER}"])


def test_a_newer_access_does_not_wait_for_a_clock_that_was_ahead() -> None:
    seen = desired([linked(1), accessed(2)])[MEMBERSHIP]
    told = acknowledged(begun(seen), accessed_at=seen.payload["Last_Accessed__c"])
    before = NOW - timedelta(hours=1)
    newer = desired([linked(1), accessed(3)])[MEMBERSHIP]
    waits = ledger.changed(told, newer, now=before, every=EVERY)
    assert waits is not None
    assert waits["accessed_due"] == before
    access = newer.payload["Last_Accessed__c"]
    assert ledger.told(waits, hash_=waits["hash"], accessed=access, now=before, every=EVERY) == (False, None)


def test_a_row_equal_to_what_was_acknowledged_is_not_sent_unless_it_is_in_doubt_or_forced() -> None:
    row = acknowledged(begun(desired([linked(1), enrolled(1)])[ROW]))

    def told(**more: Any) -> bool:
        return ledger.told(row | more, hash_=row["hash"], accessed=None, now=LATER, every=EVERY)[0]

    assert [told(), told(in_doubt=1), told(forced=True), told(written=None)] == [True, False, False, False]
