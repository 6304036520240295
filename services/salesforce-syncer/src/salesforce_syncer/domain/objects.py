"""The names of what is in Salesforce, and how a row's key is made. Names are without a namespace; `salesforce` adds it."""

import hashlib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["user", "contact"]
KINDS: tuple[Kind, ...] = ("user", "contact")

PORTAL = "LearnUpon_Portal__c"
MEMBERSHIP = "LearnUpon_Portal_Membership__c"
USER_ENROLLMENT = "LearnUponEnrollment__c"
CONTACT_ENROLLMENT = "LearnUponContactEnrollment__c"
USER_PATH = "LearnUponLearningPathEnrollment__c"
CONTACT_PATH = "LearnUponLearningPathContactEnrollment__c"
USER = "User"
CONTACT = "Contact"

KEY_FIELDS = {
    PORTAL: "Portal_Key__c",
    MEMBERSHIP: "Membership_Key__c",
    USER_ENROLLMENT: "Enrollment_Key__c",
    CONTACT_ENROLLMENT: "Enrollment_Key__c",
    USER_PATH: "Path_Enrollment_Key__c",
    CONTACT_PATH: "Path_Enrollment_Key__c",
}
"""Objects that are written by external id."""

CHILDREN = (USER_ENROLLMENT, CONTACT_ENROLLMENT, USER_PATH, CONTACT_PATH)
PROFILES = (USER, CONTACT)
OBJECTS = (PORTAL, MEMBERSHIP, *CHILDREN, *PROFILES)
"""In the order of writing."""

ACCESSED = "Last_Accessed__c"
PROFILE_ACCESSED = "LearnUpon_Last_Accessed__c"

FIELDS: dict[str, tuple[str, ...]] = {
    PORTAL: ("Portal_Name__c", "Portal_Url__c", "Connected_At__c"),
    MEMBERSHIP: ("Portal__c", "User__c", "Contact__c", "Learner_Id__c", "Member_Since__c", ACCESSED),
    **{
        name: (
            "Membership__c",
            lookup,
            "Course_Id__c",
            "Course_Name__c",
            "Enrolled_At__c",
            "Completed_At__c",
            "Status__c",
            "Score__c",
        )
        for name, lookup in ((USER_ENROLLMENT, "User__c"), (CONTACT_ENROLLMENT, "Contact__c"))
    },
    **{
        name: (
            "Membership__c",
            lookup,
            "Learning_Path_Id__c",
            "Learning_Path_Name__c",
            "Courses_Total__c",
            "Courses_Completed__c",
            "Enrolled_At__c",
            "Completed_At__c",
            "Score__c",
        )
        for name, lookup in ((USER_PATH, "User__c"), (CONTACT_PATH, "Contact__c"))
    },
    **dict.fromkeys(
        PROFILES,
        (
            PROFILE_ACCESSED,
            "LearnUpon_Courses_Enrolled__c",
            "LearnUpon_Courses_Completed__c",
            "LearnUpon_Courses_Passed__c",
            "LearnUpon_Courses_Failed__c",
            "LearnUpon_Courses_In_Progress__c",
            "LearnUpon_Courses_Pending_Review__c",
        ),
    ),
}
"""The fields we write, beside the keys: what the preflight asks for."""

RELATIONSHIPS = {"Portal__r": ("Portal__c", "Portal_Key__c"), "Membership__r": ("Membership__c", "Membership_Key__c")}
"""Lookups that are written by the parent's external id."""

LONGEST_KEY = 120
"""Length of the key fields, in UTF-16 units as Salesforce counts."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where the rows of one kind of link go."""

    kind: Kind
    lookup: str
    enrollments: str
    paths: str
    profile: str


DOORS = {
    "user": Door("user", "User__c", USER_ENROLLMENT, USER_PATH, USER),
    "contact": Door("contact", "Contact__c", CONTACT_ENROLLMENT, CONTACT_PATH, CONTACT),
}


def row_key(portal_id: str, own_id: str) -> str:
    """Return the external id of a row; an id too long for the field is replaced by its hash."""
    key = f"{portal_id}:{own_id}"
    if utf16_length(key) <= LONGEST_KEY:
        return key
    return f"{portal_id}:~{hashlib.sha256(own_id.encode()).hexdigest()}"


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def row_id(object_name: str, key: str) -> str:
    return f"{object_name}:{key}"


def profile_of(record: str) -> str:
    """Return the object that a record's id belongs to, by its prefix."""
    return USER if record.startswith("005") else CONTACT
