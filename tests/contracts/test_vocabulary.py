"""The 54 pairs of type and source, their two aliases, and what an illegal pair is told."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import ContentActionRecorded, Envelope, catalog, decode, examples, vocabulary
from contracts.wire import Invalid

PAIRS = {
    "enrollment": (
        "course_purchase collection_purchase a_la_carte_collection_purchase subscription_purchase subscription_access "
        "registration gift-course-purchase gift_collection_purchase manager_created_user manager_course_enrollment "
        "manager_bulk_user_creation redemption_code gift_redemption_code registration_code sso learning_path_access "
        "client_access license_access balance_redemption reschedule salesforce_provision scorm_connect public"
    ),
    "status_change": (
        "course_started course_completed manager_change_not_started manager_change_completed recertify_learning_path "
        "manager_grant_started recertify_course scorm_started Manager_grant_completed webinar_attended "
        "manager_change_started manager_changed_status manager_grant_not_started enrollment"
    ),
    "revoked_access": (
        "access_expiration course_deletion manager_revoked_access client_revoked_access manager_course_enrollment sso "
        "reschedule manager_bulk_user_creation license_deletion"
    ),
    "certificate_grant": (
        "course_completed passed_exam manager_grant api course_purchase collection_purchase manager_course_enrollment "
        "manager_change_completed"
    ),
}


def content_action(type_: str, source: str) -> bytes:
    event = json.loads(examples.of(ContentActionRecorded.TYPE)["valid-minimal.json"])
    event["data"] |= {"type": type_, "source": source}
    return json.dumps(event).encode()


def refusal(type_: str, source: str) -> str:
    with pytest.raises(Invalid) as refused:
        decode(content_action(type_, source), [], reads=catalog.reads("action-logger"))
    return refused.value.detail


def test_the_vocabulary_is_these_54_pairs():
    assert list(vocabulary.PAIRS) == [(type_, source) for type_, text in PAIRS.items() for source in text.split()]
    assert Counter(type_ for type_, _ in vocabulary.PAIRS) == {
        "enrollment": 23,
        "status_change": 14,
        "revoked_access": 9,
        "certificate_grant": 8,
    }


def test_every_pair_has_a_meaning_of_its_own():
    assert len(set(vocabulary.PAIRS.values())) == 54


@pytest.mark.parametrize(("type_", "source"), vocabulary.PAIRS)
def test_a_legal_pair_is_accepted(type_: str, source: str):
    envelope = decode(content_action(type_, source), [], reads=catalog.reads("action-logger"))
    assert isinstance(envelope, Envelope)
    assert envelope.data.model_dump(include={"type", "source"}) == {"type": type_, "source": source}


@pytest.mark.parametrize(
    ("type_", "alias", "kept"),
    [
        ("enrollment", "gift_course_purchase", "gift-course-purchase"),
        ("status_change", "manager_grant_completed", "Manager_grant_completed"),
    ],
)
def test_an_alias_is_accepted_and_kept_as_the_canonical_source(type_: str, alias: str, kept: str):
    data = json.loads(content_action(type_, alias))["data"]
    assert ContentActionRecorded.model_validate_json(json.dumps(data)).source == kept


@pytest.mark.parametrize(
    ("type_", "source"),
    [
        ("enrollment", "access_expiration"),
        ("enrollment", "Course_purchase"),
        ("enrollment", "gift-course_purchase"),
        ("enrollment", "manager_grant_completed"),
        ("status_change", "MANAGER_GRANT_COMPLETED"),
        ("Enrollment", "sso"),
        ("enrollment ", "sso"),
        ("enrollment", "enrollment"),
    ],
)
def test_any_other_pair_is_refused(type_: str, source: str):
    assert refusal(type_, source).startswith("data: illegal_pair: ")


def test_the_refusal_names_the_pair_the_nearest_and_the_legal_sources():
    assert refusal("revoked_access", "acess_expiration") == (
        "data: illegal_pair: revoked_access/acess_expiration is no legal pair; did you mean "
        "revoked_access/access_expiration? sources of revoked_access: access_expiration, course_deletion, "
        "manager_revoked_access, client_revoked_access, manager_course_enrollment, sso, reschedule, "
        "manager_bulk_user_creation, license_deletion"
    )


def test_the_refusal_of_an_unknown_type_names_the_types():
    assert refusal("enrolment", "sso") == (
        "data: illegal_pair: enrolment/sso is no legal pair; did you mean enrollment/sso? types: enrollment, "
        "status_change, revoked_access, certificate_grant"
    )


@pytest.mark.parametrize("word", ["ann@example.org", "Ann Smith", "x" * 41, "é", "{why}", "a.b"])
def test_a_word_that_might_be_anything_is_not_repeated(word: str):
    assert word not in refusal("enrollment", word)
    assert word not in refusal(word, "sso")
    assert refusal("enrollment", word).startswith("data: illegal_pair: enrollment/? is no legal pair")


@pytest.mark.parametrize(
    ("pair", "nearest"),
    [
        (("enrollment", "course_started"), ("status_change", "course_started")),
        (("status_change", "public"), ("enrollment", "public")),
        (("enrollment", "course-purchase"), ("enrollment", "course_purchase")),
        (("status_change", "manager_granted_completed"), ("status_change", "Manager_grant_completed")),
        (("certificate", "api"), ("certificate_grant", "api")),
    ],
)
def test_the_nearest_pair_is_what_was_meant(pair: tuple[str, str], nearest: tuple[str, str]):
    assert vocabulary.nearest(*pair) == nearest


@given(st.text(max_size=1000), st.text(max_size=1000))
def test_an_explanation_fits_a_header(type_: str, source: str):
    assert len(vocabulary.explain(type_, source)) <= 900
