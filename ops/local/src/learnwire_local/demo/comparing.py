"""What came of it beside what must come of it."""

from collections import Counter
from typing import Any

from learnwire_local.demo.looking import Json, Seen


def differences(seen: Seen, expected: Json) -> list[str]:
    """Sentences about what is not (yet) as it must be; none: the end state is reached."""
    return [
        *seen.problems,
        *_salesforce(seen, expected["salesforce"]),
        *_told_apart("attempt", {each["attempt_id"]: each for each in seen.attempts}, expected["attempts"]),
        *_compare("parked", {each["go1_enrollment_id"]: each["reason"] for each in seen.parked}, expected["parked"]),
        *_compare("log rows", dict(Counter(row["type"] for row in seen.log)), expected["log"]["rows"]),
        *_compare("erased log rows", sum(row["email"] == "erased" for row in seen.log), expected["log"]["erased"]),
        *_bulk(seen, expected),
        *_compare("mails", _mails(seen), sorted(f"{mail['to']}: {mail['status']}" for mail in expected["mails"])),
        *_compare("dead letters", _reasons(seen), expected["dead_letters"]),
    ]


def _salesforce(seen: Seen, expected: Json) -> list[str]:
    found: list[str] = []
    for object_name, rows in expected.items():
        found += _told_apart(object_name, seen.salesforce.get(object_name, {}), rows)
    return found


def _bulk(seen: Seen, expected: Json) -> list[str]:
    actions = {
        item["action_id"]: {
            "requester": who,
            "status": item["status"],
            "report": item["report"]["state"],
            "has_reference": item["reference_id"] is not None,
        }
        for who, items in seen.bulk.items()
        for item in items
        if who != "operator"
    }
    resyncs = [(item["action_type"], item["status"]) for item in seen.bulk.get("operator", [])]
    return [
        *_told_apart("bulk action", actions, expected["bulk"]),
        *_compare("resyncs", resyncs, [("salesforce_resync", "completed")]),
        *_told_apart("report", seen.reports, expected["reports"]),
    ]


def _mails(seen: Seen) -> list[str]:
    return sorted(f"{mail['to']}: {mail['subject'].rpartition(': ')[2]}" for mail in seen.mails)


def _reasons(seen: Seen) -> dict[str, dict[str, int]]:
    counted = Counter((each["service"], each["reason"]) for each in seen.dead_letters)
    services = {service for service, _ in counted}
    return {name: {reason: n for (service, reason), n in counted.items() if service == name} for name in services}


def _told_apart(what: str, seen: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Missing, extra and different things; of a thing only the expected fields count."""
    found = [f"{what} {name}: missing" for name in expected.keys() - seen.keys()]
    found += [f"{what} {name}: should not be there" for name in seen.keys() - expected.keys()]
    for name in expected.keys() & seen.keys():
        is_now, must_be = seen[name], expected[name]
        if isinstance(must_be, dict):
            is_now = {key: is_now.get(key) for key in expected[name]}
        found += _compare(f"{what} {name}", is_now, must_be)
    return sorted(found)


def _compare(what: str, seen: Any, expected: Any) -> list[str]:
    return [] if seen == expected else [f"{what}: is {seen}, must be {expected}"]
