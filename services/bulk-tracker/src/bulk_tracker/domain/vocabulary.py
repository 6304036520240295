"""The words: statuses, action types and their labels, reference ids."""

import hashlib
from enum import StrEnum


class Status(StrEnum):
    """The eight statuses as they are stored."""

    NOT_STARTED = "not_started"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    CANCELLED = "cancelled"
    FAILED = "failed"
    TIMEOUT = "timeout"

    @property
    def label(self) -> str:
        """The word on the page."""
        return self.value.replace("_", " ").capitalize()

    @property
    def mail_label(self) -> str:
        """The word in mails, which write one of them differently."""
        return "Completed with Errors" if self is Status.COMPLETED_WITH_ERRORS else self.label


LABELS = {
    "users_upload": "Upload users",
    "users_update": "Update users",
    "content_upload": "Upload content (zipped SCORM or xAPI)",
    "content_replace": "Replace content",
    "training_history_migration": "Migrate training histories",
    "group_enroll": "Group enrollment",
    "group_unenroll": "Unenroll learners",
    "mark_complete": "Mark learners complete",
    "reminders": "Send reminders",
    "dynamic_rules": "Start or change dynamic rules",
    "salesforce_resync": "Resync Salesforce",
}

ROLES = ("admin", "manager", "instructor")
"""Who may start bulk actions, and look at his own."""

WITHOUT_REFERENCE = frozenset({"group_unenroll", "mark_complete", "reminders"})

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 without I, L, O and U; https://www.crockford.com/base32.html."""
_REFERENCE_BITS = 50


def label_of(action_type: str) -> str:
    return LABELS.get(action_type, action_type)


def reference_of(*, portal_id: str, action_id: str, action_type: str, sent: str | None) -> str | None:
    """Return the action's reference id: none for three types, else the publisher's, else one made of the ids."""
    if action_type in WITHOUT_REFERENCE:
        return None
    return sent or made_reference(portal_id=portal_id, action_id=action_id)


def made_reference(*, portal_id: str, action_id: str) -> str:
    digest = hashlib.sha256(f"{portal_id}/{action_id}".encode()).digest()
    bits = int.from_bytes(digest[:7], "big") >> (7 * 8 - _REFERENCE_BITS)
    letters = "".join(_CROCKFORD[(bits >> shift) & 31] for shift in range(_REFERENCE_BITS - 5, -1, -5))
    return f"BA-{letters[:5]}-{letters[5:]}"


def reference_key(reference_id: str) -> str:
    """Return the form by which reference ids are found: without case, hyphens and outer spaces."""
    return reference_id.strip().casefold().replace("-", "")
