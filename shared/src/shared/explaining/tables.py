"""Who keeps what where. Every `path` is served by an index: the service's own, or one made here (`index=True`)."""

from collections.abc import Mapping, Sequence

from shared.explaining.kept import Each, Kept, Via

SOURCE_AND_ID = "{source}{separator}{id}"
_LEARNER = (("portal", "portal_id"), ("learner", "learner_id"))

_LOG_ROW = Each(
    at="received_at",
    says="row in the log: {type}/{source} of {timestamp}[, corrects {corrects.id}][, reference {reference_id}]",
)
_LOG_NAMES = (*_LEARNER, ("reference", "reference_id"))

_STATUS = Each(at="at", says="[{previous} → ]{status}: {cause}", items="history")
_ACTION = Each(
    at="submission.said_at|touched_at",
    says="bulk action {_id}[, {action_type}][, now {status}][, {requester_id} on {portal_id}][, owes {owes}]",
    personal=("submission.data.requester.name", "submission.data.requester.email"),
)
_ACTION_NAMES = (("portal", "portal_id"), ("learner", "requester_id"), ("action", "_id"))

_ATTEMPT = Each(
    at="changed_at",
    says="attempt {attempt_id} of {course_id}: {status}, {progress_percent} %[, {result}][, {time_spent_seconds} s"
    " {time_spent_basis}], version {version}[, withdrawn {gone}]",
    items="attempts",
    personal=("email",),
)
_COMPLETION = Each(
    at="parked_at|placed_at",
    says="Go1 enrollment {go1_enrollment_id} of {course_id}[, parked: {parked.reason}]",
)


def _row(items: str, what: str, *, event: int, recorded_at: int) -> Each:
    """Facts of attempt groups are rows of values; their ids are looked at once the learner is known: no index has them."""
    return Each(
        at=f"recorded_at|{recorded_at}",
        says=f"{what} is kept as a fact",
        items=items,
        only=(f"event|{event}", SOURCE_AND_ID),
    )


_GROUP = (
    _row("launches", "launch {launch_id|0}", event=6, recorded_at=7),
    _row("resumes", "resume", event=3, recorded_at=4),
    _row("completions", "completion {go1_enrollment_id|0}", event=9, recorded_at=12),
    _ATTEMPT,
)

KEPT: Sequence[Kept] = (
    # salesforce-syncer: its facts hold no ids of events, only when they were recorded.
    Kept(
        "salesforce-syncer",
        "learner",
        "learners",
        "_id",
        "{portal}/{learner}",
        (
            Each(at="at", says="fact kept: {kind}[ {id}]", items="facts"),
            Each(at="erased_at", says="erased"),
        ),
    ),
    Kept(
        "salesforce-syncer",
        "learner",
        "rows",
        "learner",
        "{portal}/{learner}",
        (
            Each(
                at="written.at|dirty_since",
                says="{object} {key}: {state}[, waits since {dirty_since}][, {error.code} {error.field}][, as {salesforce_id}]",
            ),
        ),
    ),
    Kept(
        "salesforce-syncer",
        "action",
        "resyncs",
        "_id",
        "{action}",
        (Each(at="requested_at", says="resync {_id}: {state}[, {total} rows]"),),
    ),
    Kept(
        "salesforce-syncer",
        "event",
        "resyncs",
        "cause.causationid",
        "{id}",
        (Each(at="requested_at", says="resync {_id}: {state}[, {total} rows]"),),
        index=True,
        names=(("action", "_id"),),
    ),
    # go1-stats-processor: facts hold the events that brought them.
    Kept(
        "go1-stats-processor",
        "learner",
        "learners",
        "_id",
        "{portal} {learner}",
        (
            Each(
                at="newest.recorded_at",
                says="learner kept: version {newest.version}, active {newest.active}",
                personal=("newest.email",),
            ),
            Each(at="erased_at", says="erased"),
        ),
    ),
    Kept(
        "go1-stats-processor",
        "learner",
        "groups",
        "portal_id",
        "{portal}",
        _GROUP,
        also={"learner_id": "{learner}"},
    ),
    Kept(
        "go1-stats-processor",
        "learner",
        "enrollments",
        "portal_id",
        "{portal}",
        (_COMPLETION,),
        also={"owner": "{learner}"},
    ),
    Kept(
        "go1-stats-processor",
        "event",
        "courses",
        "entries.event",
        SOURCE_AND_ID,
        (
            Each(
                at="changed_at",
                says="entry of the catalogue: version {version}",
                items="entries",
                only=("event", SOURCE_AND_ID),
            ),
        ),
        index=True,
    ),
    # action-logger: the identity of a row is its event's.
    Kept("action-logger", "event", "log", "_id", SOURCE_AND_ID, (_LOG_ROW,), names=_LOG_NAMES),
    Kept("action-logger", "reference", "log", "reference_id", "{reference}", (_LOG_ROW,), names=_LOG_NAMES),
    Kept(
        "action-logger",
        "learner",
        "people",
        "_id",
        "{portal}/{learner}",
        (Each(at="erased_at", says="erased"),),
    ),
    Kept(
        "action-logger",
        "learner",
        "log",
        "person",
        "",
        (_LOG_ROW,),
        keeps={"portal_id": "{portal}", "learner_id": "{learner}"},
        via=(
            Via("people", "_id", "_id", form="{portal}/{learner}\n", after="\n"),
            Via("people", "_id", "pseudonyms.id"),
        ),
    ),
    # bulk-tracker: changes of status hold what caused them.
    Kept(
        "bulk-tracker",
        "event",
        "actions",
        "history.origin.causationid",
        "{id}",
        (_ACTION, _STATUS),
        index=True,
        names=_ACTION_NAMES,
    ),
    Kept("bulk-tracker", "action", "actions", "_id", "{action}", (_ACTION, _STATUS), names=_ACTION_NAMES),
    Kept(
        "bulk-tracker",
        "reference",
        "actions",
        "reference_key",
        "{key}",
        (_ACTION, _STATUS),
        index=True,
        names=_ACTION_NAMES,
    ),
    Kept(
        "bulk-tracker",
        "action",
        "mails",
        "_id",
        "{action}/",
        (Each(at="settled_at|queued_at", says="mail of {status}: [{outcome}, ]{attempts} tries[, next {next_at}]"),),
        prefix=True,
    ),
    Kept("bulk-tracker", "learner", "actions", "portal_id", "{portal}", (_ACTION,), also={"requester_id": "{learner}"}),
)

SEPARATORS: Mapping[str, str] = {"action-logger": "\n", "go1-stats-processor": " "}
"""What stands between source and id, by service."""


def indexes_of(service: str) -> Mapping[str, tuple[str, ...]]:
    """Return which paths of which collections the command needs an index for that the service has no use of its own for."""
    found: dict[str, tuple[str, ...]] = {}
    for each in KEPT:
        if each.service == service and each.index:
            found[each.collection] = (*found.get(each.collection, ()), each.path)
    return found


def index_name(path: str) -> str:
    """Return the name of such an index."""
    return f"explain {path}"
