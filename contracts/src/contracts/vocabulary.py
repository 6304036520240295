"""The vocabulary of content actions: 54 legal pairs of type and source, with what each means.

A type and a source are legal together or not at all: `reschedule` means one thing when somebody is enrolled and another
when access is revoked. Odd spellings are kept, for rows that bear them exist already; two of them have an alias.
"""

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from types import MappingProxyType

_MEANINGS: dict[str, dict[str, str]] = {
    "enrollment": {
        "course_purchase": "Bought this course, or another single piece of content",
        "collection_purchase": "Bought a collection that holds it",
        "a_la_carte_collection_purchase": "Bought a collection put together piece by piece",
        "subscription_purchase": "Bought a subscription that holds it",
        "subscription_access": "Took it from a subscription to everything, or from one that a manager had given",
        "registration": "Signed up on the site without anybody's help",
        "gift-course-purchase": "Redeemed a course that somebody else had bought as a gift",
        "gift_collection_purchase": "Somebody else bought the collection as a gift",
        "manager_created_user": "A manager invited a new person and gave this content in the same step",
        "manager_course_enrollment": "An administrator enrolled somebody who was there already, by hand",
        "manager_bulk_user_creation": "A manager invited many new people at once, with this content",
        "redemption_code": "Redeemed a code",
        "gift_redemption_code": "Redeemed a code that somebody had bought for others, many at once for instance",
        "registration_code": "Redeemed a code given for signing up",
        "sso": "Came in by single sign-on from another service, which brought the access along",
        "learning_path_access": "Took a course that belongs to a learning path open to him",
        "client_access": "Took a course that comes with his panorama",
        "license_access": "A license of the panorama opened the course",
        "balance_redemption": "Paid with a credit balance that had been paid in advance",
        "reschedule": "Moved here from another session of the same course; this is the new session",
        "salesforce_provision": "The Salesforce integration gave access",
        "scorm_connect": "Started it in another learning platform, which SCORM Connect ties to this one",
        "public": "Opened content that is open to everybody",
    },
    "status_change": {
        "course_started": "The learner began",
        "course_completed": "The learner finished",
        "manager_change_not_started": "A manager set it back to not started, by hand",
        "manager_change_completed": "A manager set it to completed, by hand",
        "recertify_learning_path": "Finished a learning path again that had been finished before",
        "manager_grant_started": "A manager set it to started, by importing a file",
        "recertify_course": "Finished a course again that had been finished before",
        "scorm_started": "A SCORM file of its own reported progress short of 100 percent",
        "Manager_grant_completed": "A manager set it to completed, by importing a file",
        "webinar_attended": "Took part in a webinar that stands by itself",
        "manager_change_started": "A manager set it to started, by hand",
        "manager_changed_status": "A manager changed the status of the course or of an item in it, by hand",
        "manager_grant_not_started": "A manager set it to not started, by importing a file",
        "enrollment": "The learner was enrolled, and that gave the course its status",
    },
    "revoked_access": {
        "access_expiration": "The time of access was over",
        "course_deletion": "A manager deleted the course",
        "manager_revoked_access": "A manager took the access away",
        "client_revoked_access": "A manager or administrator of the panorama took the access away",
        "manager_course_enrollment": "A manager removed the enrollment on the course, by hand",
        "sso": "Single sign-on took the access away",
        "reschedule": "Moved to another session of the same course; this is the session left behind",
        "manager_bulk_user_creation": "A manager removed the access of many people at once",
        "license_deletion": "The license that had opened it was deleted",
    },
    "certificate_grant": {
        "course_completed": "Earned by completing the course",
        "passed_exam": "Earned by passing an exam or a quiz, or by answering a survey to its end",
        "manager_grant": "A manager gave it",
        "api": "Another program gave it through the API",
        "course_purchase": "Comes with buying the course; nothing else is asked",
        "collection_purchase": "Comes with buying the collection or bundle",
        "manager_course_enrollment": "Comes with being enrolled by a manager",
        "manager_change_completed": "Comes with a manager setting the course to completed",
    },
}

PAIRS: Mapping[tuple[str, str], str] = MappingProxyType(
    {(type_, source): meaning for type_, sources in _MEANINGS.items() for source, meaning in sources.items()}
)
"""Every legal pair of type and source, and what it means."""

TYPES: tuple[str, ...] = tuple(_MEANINGS)

ALIASES: Mapping[str, str] = MappingProxyType(
    {"gift_course_purchase": "gift-course-purchase", "manager_grant_completed": "Manager_grant_completed"}
)
"""Spellings of a source that are accepted too, and what they are kept as. There are no others."""


def canonical_source(source: str) -> str:
    """The spelling under which a source is kept."""
    return ALIASES.get(source, source)


def sources_of(type_: str) -> tuple[str, ...]:
    """The sources that are legal with a type; none for a type that is not legal itself."""
    return tuple(_MEANINGS.get(type_, ()))


def spellings_of(type_: str) -> tuple[str, ...]:
    """The sources that are legal with a type, and the aliases among them."""
    legal = sources_of(type_)
    return (*legal, *(alias for alias, source in ALIASES.items() if source in legal))


def nearest(type_: str, source: str) -> tuple[str, str]:
    """The legal pair that was most likely meant. What the source says weighs more than what the type says."""
    return _nearest(type_[:_LONGEST_WORD], source[:_LONGEST_WORD])


_LONGEST_WORD = 40


@lru_cache(maxsize=1024)  # a publisher's mistake comes in thousands
def _nearest(type_: str, source: str) -> tuple[str, str]:
    def likeness(pair: tuple[str, str]) -> float:
        return _likeness(type_, pair[0]) + 3 * _likeness(source, pair[1])

    return max(PAIRS, key=likeness)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower(), autojunk=False).ratio()


_is_word = re.compile("[A-Za-z0-9_-]{1,40}").fullmatch


def explain(type_: str, source: str) -> str:
    """Why this pair is not legal and what is. A word that might be anything (an address) is not repeated."""
    shown = "/".join(word if _is_word(word) else "?" for word in (type_, source))
    legal = sources_of(type_)
    choice = f"sources of {type_}: {', '.join(legal)}" if legal else f"types: {', '.join(TYPES)}"
    return f"{shown} is no legal pair; did you mean {'/'.join(nearest(type_, source))}? {choice}"
