"""The catalogue is complete: each type has a topic, a key, somebody who reads it, a schema and examples."""

from importlib.resources import files

import pytest

from contracts import Event, attempts, catalog, examples

SUBJECTS = {
    "learnwire.portals.v1": {"learnwire.portal.connected.v1"},
    "learnwire.learners.v1": {
        "learnwire.learner.changed.v1",
        "learnwire.learner.linked.v1",
        "learnwire.learner.unlinked.v1",
        "learnwire.learner.accessed.v1",
        "learnwire.learner.erased.v1",
    },
    "learnwire.enrollments.v1": {
        "learnwire.enrollment.changed.v1",
        "learnwire.enrollment.removed.v1",
        "learnwire.path-enrollment.changed.v1",
        "learnwire.path-enrollment.removed.v1",
    },
    "learnwire.catalog.v1": {"learnwire.course.renamed.v1", "learnwire.course.deleted.v1"},
    "learnwire.go1.v1": {
        "learnwire.go1.course-changed.v1",
        "learnwire.go1.course-launched.v1",
        "learnwire.go1.course-resumed.v1",
        "learnwire.go1.course-completed.v1",
        "learnwire.go1.enrollment-deleted.v1",
        "learnwire.go1.match-decided.v1",
    },
    "learnwire.attempts.v1": {"learnwire.attempt.changed.v1"},
    "learnwire.content-actions.v1": {"learnwire.content-action.recorded.v1"},
    "learnwire.bulk-actions.v1": {
        "learnwire.bulk-action.submitted.v1",
        "learnwire.bulk-action.started.v1",
        "learnwire.bulk-action.progressed.v1",
        "learnwire.bulk-action.rows-reported.v1",
        "learnwire.bulk-action.finished.v1",
    },
    "learnwire.bulk-statuses.v1": {"learnwire.bulk-action.status-changed.v1"},
    "learnwire.commands.v1": {"learnwire.salesforce.resync-requested.v1"},
}


def descendants(event: type[Event]) -> set[type[Event]]:
    return {inner for each in event.__subclasses__() for inner in {each, *descendants(each)}}


def test_each_topic_carries_these_types():
    assert {name: event.TOPIC for name, event in catalog.EVENTS.items()} == {
        name: topic for topic, names in SUBJECTS.items() for name in names
    }


def test_every_model_with_a_type_is_in_the_catalogue():
    assert attempts.AttemptChanged in descendants(Event)
    named = {
        event for event in descendants(Event) if "TYPE" in vars(event) and event.__module__.startswith("contracts.")
    }
    assert named == set(catalog.EVENTS.values())


def test_topics_are_provisioned_as_the_specification_says():
    events = [(topic.name, topic.partitions, topic.retention_days, topic.max_bytes) for topic in catalog.TOPICS]
    assert events == [(name, 6, 14, 1_048_588) for name in SUBJECTS]
    dead = [(topic.name, topic.partitions, topic.retention_days, topic.max_bytes) for topic in catalog.DEAD_LETTERS]
    assert dead == [(f"learnwire.dead-letters.{name}.v1", 6, 30, 2_097_152) for name in catalog.SERVICES]


def test_services_read_and_write_what_the_specification_says():
    assert {name: (service.topics, service.writes) for name, service in catalog.SERVICES.items()} == {
        "salesforce-syncer": (
            (
                catalog.PORTALS,
                catalog.LEARNERS,
                catalog.ENROLLMENTS,
                catalog.CATALOG,
                catalog.ATTEMPTS,
                catalog.COMMANDS,
            ),
            (catalog.BULK_ACTIONS,),
        ),
        "go1-stats-processor": ((catalog.LEARNERS, catalog.GO1), (catalog.ATTEMPTS,)),
        "action-logger": ((catalog.ATTEMPTS, catalog.CONTENT_ACTIONS, catalog.LEARNERS), ()),
        "bulk-tracker": ((catalog.BULK_ACTIONS, catalog.LEARNERS), (catalog.BULK_STATUSES,)),
    }


@pytest.mark.parametrize("service", ["action-logger", "bulk-tracker"])
def test_of_learners_two_services_know_the_erasure_alone(service: str):
    names = [name for name, event in catalog.reads(service).items() if event.TOPIC == catalog.LEARNERS]
    assert names == ["learnwire.learner.erased.v1"]


def test_a_service_gets_the_same_mapping_every_time():
    assert catalog.reads("bulk-tracker") is catalog.reads("bulk-tracker")


def test_every_type_is_read_by_a_service_or_meant_for_the_platform():
    read = {name for service in catalog.SERVICES.values() for name in service.reads}
    assert set(catalog.EVENTS) - read == {"learnwire.bulk-action.status-changed.v1"}


@pytest.mark.parametrize("name", catalog.EVENTS)
def test_every_type_has_a_schema_and_good_and_bad_examples(name: str):
    assert (files("contracts") / "schemas" / f"{name}.json").is_file()
    found = set(examples.of(name))
    assert {"valid-full.json", "valid-minimal.json"} <= found
    assert len([file for file in found if file.startswith("invalid-")]) >= 2
    assert all(file.startswith(("valid-", "invalid-")) for file in found)


@pytest.mark.parametrize("name", catalog.EVENTS)
def test_the_full_example_says_every_field(name: str):
    event = catalog.EVENTS[name]
    data = examples.data(name, "valid-full.json")
    assert set(data) == set(event.model_fields)
    needed = {field for field, info in event.model_fields.items() if info.is_required()}
    assert set(examples.data(name, "valid-minimal.json")) - needed <= {"completed_at"}
