"""The models: strict for who writes, tolerant for who reads, and the rules that types alone cannot say."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from contracts import (
    AttemptChanged,
    BulkActionRowsReported,
    BulkActionSubmitted,
    ContentActionRecorded,
    CourseRenamed,
    EnrollmentChanged,
    Event,
    Go1CourseChanged,
    LearnerErased,
    LearnerLinked,
    PathEnrollmentChanged,
    Why,
    canonical,
    catalog,
    examples,
)

AT = datetime(2026, 11, 22, 3, 4, 5, 678000, tzinfo=UTC)
EVENTS = [pytest.param(event, id=name) for name, event in catalog.EVENTS.items()]


def data_of(event: type[Event], name: str = "valid-full.json") -> dict[str, Any]:
    return json.loads(examples.of(event.TYPE)[name])["data"]


def an(event: type[Event], **changes: object) -> dict[str, Any]:
    return data_of(event) | changes


def errors(event: type[Event], data: Mapping[str, object]) -> list[tuple[object, ...]]:
    try:
        event.model_validate_json(json.dumps(data))
    except ValidationError as error:
        return [(*each["loc"], each["type"]) for each in error.errors()]
    return []


@pytest.mark.parametrize("event", EVENTS)
def test_a_writer_may_not_add_fields(event: type[Event]):
    assert errors(event, an(event, shoe_size=43)) == [("shoe_size", "extra_forbidden")]


@pytest.mark.parametrize("event", EVENTS)
def test_a_reader_ignores_fields_that_it_does_not_know(event: type[Event]):
    known = event.model_validate_json(json.dumps(an(event)))
    assert event.model_validate_json(json.dumps(an(event, shoe_size=43)), extra="ignore") == known


def test_a_reader_ignores_unknown_fields_of_parts_too():
    data = data_of(BulkActionSubmitted)
    data["requester"]["shoe_size"] = 43
    assert errors(BulkActionSubmitted, data) == [("requester", "shoe_size", "extra_forbidden")]
    assert BulkActionSubmitted.model_validate_json(json.dumps(data), extra="ignore").requester.id == "u-7"


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_cannot_be_changed(event: type[Event]):
    made = event.model_validate_json(json.dumps(an(event)))
    field = next(iter(event.model_fields))
    with pytest.raises(ValidationError):
        setattr(made, field, "other")


@pytest.mark.parametrize("event", EVENTS)
def test_null_says_the_same_as_an_optional_field_left_out(event: type[Event]):
    optional = set(data_of(event)) - set(data_of(event, "valid-minimal.json"))
    with_default = {name for name in optional if event.model_fields[name].default not in (None, ())}
    assert with_default <= {"active", "available", "notify"}
    nulls: dict[str, None] = dict.fromkeys(optional - with_default - {"why"})
    assert errors(event, an(event, **nulls)) == []
    left_out = {name: value for name, value in an(event).items() if name not in nulls}
    assert canonical(event.model_validate_json(json.dumps(an(event, **nulls)))) == canonical(
        event.model_validate_json(json.dumps(left_out))
    )


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_a_text_as_key(event: type[Event]):
    assert event.model_validate_json(json.dumps(an(event))).key() != ""


def test_keys_are_those_of_the_topic():
    keys = {name: event.model_validate_json(json.dumps(an(event))).key() for name, event in catalog.EVENTS.items()}
    assert keys == {
        "learnwire.portal.connected.v1": "acme",
        "learnwire.learner.changed.v1": "acme/l-1017",
        "learnwire.learner.linked.v1": "acme/l-1017",
        "learnwire.learner.unlinked.v1": "acme/l-1017",
        "learnwire.learner.accessed.v1": "acme/l-1017",
        "learnwire.learner.erased.v1": "acme/l-1017",
        "learnwire.enrollment.changed.v1": "acme/l-1017",
        "learnwire.enrollment.removed.v1": "acme/l-1017",
        "learnwire.path-enrollment.changed.v1": "acme/l-1017",
        "learnwire.path-enrollment.removed.v1": "acme/l-1017",
        "learnwire.course.renamed.v1": "acme/c-forklift",
        "learnwire.course.deleted.v1": "acme/c-forklift",
        "learnwire.go1.course-changed.v1": "go1-5512",
        "learnwire.go1.course-launched.v1": "ines.okafor@acme.example",
        "learnwire.go1.course-resumed.v1": "ines.okafor@acme.example",
        "learnwire.go1.course-completed.v1": "ines.okafor@acme.example",
        "learnwire.go1.enrollment-deleted.v1": "ines.okafor@acme.example",
        "learnwire.go1.match-decided.v1": "g-880022",
        "learnwire.attempt.changed.v1": "acme/l-1017",
        "learnwire.content-action.recorded.v1": "ines.okafor@acme.example",
        "learnwire.bulk-action.submitted.v1": "b-2001",
        "learnwire.bulk-action.started.v1": "b-2001",
        "learnwire.bulk-action.progressed.v1": "b-2001",
        "learnwire.bulk-action.rows-reported.v1": "b-2001",
        "learnwire.bulk-action.finished.v1": "b-2001",
        "learnwire.bulk-action.status-changed.v1": "b-2001",
        "learnwire.salesforce.resync-requested.v1": "acme",
    }


@pytest.mark.parametrize("status", ["completed", "passed", "failed"])
def test_a_finished_enrollment_needs_the_instant_of_its_completion(status: str):
    assert errors(EnrollmentChanged, an(EnrollmentChanged, status=status)) == []
    assert errors(EnrollmentChanged, an(EnrollmentChanged, status=status, completed_at=None)) == [
        ("completed_at_missing",)
    ]


@pytest.mark.parametrize("status", ["not_started", "in_progress", "pending_review"])
def test_the_completion_of_an_unfinished_enrollment_is_ignored_whatever_it_says(status: str):
    anything: list[object] = ["2026-11-16T09:29:00Z", "0000-00-00 00:00:00", "", 0, {}]
    for completed_at in anything:
        data = an(EnrollmentChanged, status=status, completed_at=completed_at)
        assert EnrollmentChanged.model_validate_json(json.dumps(data)).completed_at is None


@pytest.mark.parametrize("completed_at", ["0000-00-00 00:00:00", "", 0, {}])
def test_the_completion_of_a_finished_enrollment_is_an_instant(completed_at: object):
    assert errors(EnrollmentChanged, an(EnrollmentChanged, completed_at=completed_at)) == [("completed_at", "instant")]


@pytest.mark.parametrize(("score", "good"), [(0, True), (100, True), (99.999, True), (-0.1, False), (100.1, False)])
def test_a_score_is_between_0_and_100(score: float, good: bool):  # noqa: FBT001  a table of cases
    assert (errors(EnrollmentChanged, an(EnrollmentChanged, score=score)) == []) is good


@pytest.mark.parametrize("score", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 400])
def test_a_score_that_is_no_number_of_json_is_refused(score: str):
    text = json.dumps(an(EnrollmentChanged, score=0)).replace('"score": 0', f'"score": {score}')
    with pytest.raises(ValidationError):
        EnrollmentChanged.model_validate_json(text)


def test_courses_completed_are_at_most_the_total():
    assert errors(PathEnrollmentChanged, an(PathEnrollmentChanged, courses_total=0, courses_completed=0)) == []
    assert errors(PathEnrollmentChanged, an(PathEnrollmentChanged, courses_total=4)) == [("courses_completed",)]


def test_a_salesforce_id_is_of_its_kind_and_kept_with_18_characters():
    linked = LearnerLinked.model_validate_json(json.dumps(an(LearnerLinked, salesforce_id="003D000000QV9n2")))
    assert linked.salesforce_id == "003D000000QV9n2IAD"
    assert errors(LearnerLinked, an(LearnerLinked, salesforce_kind="user")) == [("salesforce_id_kind",)]


def test_instants_that_default_to_the_time_of_the_envelope_are_left_open():
    renamed = CourseRenamed(portal_id="acme", course_id="c-1", course_name="New", version=1)
    changed = Go1CourseChanged(course_id="c-1", title="New", version=1)
    assert (renamed.renamed_at, changed.changed_at, changed.available) == (None, None, True)


def test_rows_are_1_to_1000_and_file_names_0_to_50():
    rows = data_of(BulkActionRowsReported)["rows"][:1]
    assert errors(BulkActionRowsReported, an(BulkActionRowsReported, rows=rows * 1000)) == []
    assert errors(BulkActionRowsReported, an(BulkActionRowsReported, rows=rows * 1001)) == [("rows", "too_long")]
    assert errors(BulkActionRowsReported, an(BulkActionRowsReported, rows=[])) == [("rows", "too_short")]
    assert errors(BulkActionSubmitted, an(BulkActionSubmitted, file_names=[])) == []
    assert errors(BulkActionSubmitted, an(BulkActionSubmitted, file_names=["a"] * 51)) == [("file_names", "too_long")]


def test_line_ends_and_tabs_are_allowed_in_issue_and_resolution_alone():
    row = data_of(BulkActionRowsReported)["rows"][0]
    many = row | {"issue": "a\r\n\tb", "resolution": "c\nd"}
    assert errors(BulkActionRowsReported, an(BulkActionRowsReported, rows=[many])) == []
    for field in ("issue", "resolution"):
        bad = row | {field: "a\x1bb"}
        assert errors(BulkActionRowsReported, an(BulkActionRowsReported, rows=[bad])) == [
            ("rows", 0, field, "string_pattern_mismatch"),
            ("rows", "too_short"),
        ]


def test_lists_may_be_given_where_tuples_are_kept():
    erased = LearnerErased.model_validate(
        {"portal_id": "acme", "learner_id": "l-1", "former_emails": ["a@b"], "erased_at": AT}
    )
    assert erased.former_emails == ("a@b",)


def test_the_reasons_of_an_attempt_keep_the_kinds_of_their_inputs():
    inputs = {"a": 1, "b": 1.0, "c": True, "d": None, "e": "x", "f": 0.5}
    data = an(AttemptChanged, why=[{"rule": "r", "inputs": inputs}])
    (why,) = AttemptChanged.model_validate_json(json.dumps(data)).why
    assert why == Why(rule="r", inputs=inputs)
    assert [type(value) for value in why.inputs.values()] == [int, float, bool, type(None), str, float]


@pytest.mark.parametrize("value", ["a\0", "a" * 1001, [1], {"x": 1}])
def test_an_input_that_a_database_would_choke_on_is_refused(value: object):
    assert errors(AttemptChanged, an(AttemptChanged, why=[{"rule": "r", "inputs": {"a": value}}])) != []


def test_a_python_writer_gives_instants_as_aware_datetimes():
    in_ulm = AT.astimezone(timezone(timedelta(hours=1))) + timedelta(microseconds=999)
    renamed = CourseRenamed(portal_id="acme", course_id="c-1", course_name="New", renamed_at=in_ulm, version=1)
    assert renamed.renamed_at == AT
    with pytest.raises(ValidationError):
        CourseRenamed(portal_id="a", course_id="c", course_name="N", renamed_at=AT.replace(tzinfo=None), version=1)


def test_canonical_json_is_sorted_tight_and_without_absent_fields():
    event = EnrollmentChanged(
        portal_id="acme",
        learner_id="l-1",
        enrollment_id="e-1",
        course_id="c-1",
        course_name="Fünf",
        status="in_progress",
        enrolled_at=AT,
        completed_at=AT,
        score=80.0,
        version=1,
    )
    assert canonical(event) == (
        '{"course_id":"c-1","course_name":"Fünf","enrolled_at":"2026-11-22T03:04:05.678Z","enrollment_id":"e-1",'
        '"learner_id":"l-1","portal_id":"acme","score":80,"status":"in_progress","version":1}'
    )
    assert canonical(event.model_copy(update={"score": 80.5})).count('"score":80.5') == 1


def test_defaults_count_as_said_in_canonical_json():
    silent = an(BulkActionSubmitted)
    del silent["notify"]
    assert canonical(BulkActionSubmitted.model_validate_json(json.dumps(silent))) == canonical(
        BulkActionSubmitted.model_validate_json(json.dumps(an(BulkActionSubmitted, notify=True)))
    )


def test_errors_of_a_model_do_not_show_values():
    with pytest.raises(ValidationError) as refused:
        ContentActionRecorded.model_validate_json(json.dumps(an(ContentActionRecorded, email="secret.person")))
    assert "secret.person" not in str(refused.value)
