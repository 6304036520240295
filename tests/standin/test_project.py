"""The SFDX project: what is in it, what Salesforce would refuse, and what the stand-in finds when it is broken."""

import shutil
from pathlib import Path
from xml.etree.ElementTree import tostring

import pytest

from salesforce_standin.metadata import fields, lints, parts
from salesforce_standin.metadata.xml import MetadataError, parse
from tests.standin import metadata_schema

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "ops/salesforce/force-app"
COURSE = ["Course_Id__c", "Course_Name__c", "Enrolled_At__c", "Completed_At__c", "Status__c", "Score__c"]
PATH = [
    "Learning_Path_Id__c", "Learning_Path_Name__c", "Courses_Total__c", "Courses_Completed__c", "Enrolled_At__c",
    "Completed_At__c", "Score__c",
]  # fmt: skip
PROFILE = [
    "Last_Accessed",
    *(f"Courses_{n}" for n in ("Enrolled", "Completed", "Passed", "Failed", "In_Progress", "Pending_Review")),
]
WANTED = {
    "LearnUpon_Portal__c": ["Portal_Key__c", "Portal_Name__c", "Portal_Url__c", "Connected_At__c"],
    "LearnUpon_Portal_Membership__c": [
        "Membership_Key__c", "Portal__c", "User__c", "Contact__c", "Learner_Id__c", "Member_Since__c", "Last_Accessed__c",
    ],
    "LearnUponEnrollment__c": ["Enrollment_Key__c", "Membership__c", "User__c", *COURSE],
    "LearnUponContactEnrollment__c": ["Enrollment_Key__c", "Membership__c", "Contact__c", *COURSE],
    "LearnUponLearningPathEnrollment__c": ["Path_Enrollment_Key__c", "Membership__c", "User__c", *PATH],
    "LearnUponLearningPathContactEnrollment__c": ["Path_Enrollment_Key__c", "Membership__c", "Contact__c", *PATH],
    "User": [f"LearnUpon_{name}__c" for name in PROFILE],
    "Contact": [f"LearnUpon_{name}__c" for name in PROFILE],
}  # fmt: skip


def test_it_has_the_objects_and_fields_that_the_syncer_writes_and_no_others():
    schema = fields.assemble(parts.of_project(PROJECT))
    found = {one.name: sorted(name for name in one.fields if name.endswith("__c")) for one in schema.objects.values()}
    assert {name: names for name, names in found.items() if names} == {name: sorted(n) for name, n in WANTED.items()}


def test_every_key_is_an_external_id_that_counts_case():
    schema = fields.assemble(parts.of_project(PROJECT))
    keys = [one for name in WANTED for one in schema.objects[name].fields.values() if one.name.endswith("_Key__c")]
    told = {(one.length, one.external_id, one.unique, one.case_sensitive, one.required) for one in keys}
    assert (len(keys), told) == (6, {(120, True, True, True, True)})


def test_no_lookup_keeps_a_record_from_being_deleted_and_nothing_runs_code():
    found = parts.of_project(PROJECT)
    schema = fields.assemble(found)
    lookups = [one for name in WANTED for one in schema.objects[name].fields.values() if one.refers_to and one.custom]
    assert {one.delete_constraint for one in lookups} == {"SetNull"}
    kinds = {
        "CustomObject",
        "CustomField",
        "CustomTab",
        "CustomApplication",
        "PermissionSet",
        "ReportType",
        "Layout",
        "ListView",
    }
    assert {part.kind for part in found} == kinds


def test_salesforce_would_find_nothing_wrong():
    found = parts.of_project(PROJECT)
    problems = lints.check(found, fields.assemble(found))
    assert [(problem.part.file, problem.text) for problem in problems] == []


def test_every_file_is_valid_for_its_type():
    found = [
        (part.file, problem) for part in parts.of_project(PROJECT) for problem in metadata_schema.problems(part.element)
    ]
    assert found == []


def test_every_object_has_a_tab_and_a_layout_and_stands_in_the_app():
    found = parts.of_project(PROJECT)
    objects = {part.name for part in found if part.kind == "CustomObject"}
    (app,) = (part for part in found if part.kind == "CustomApplication")
    tabs = {one.text for one in app.element if one.tag.endswith("}tabs")}
    layouts = {part.name.partition("-")[0] for part in found if part.kind == "Layout"}
    assert {part.name for part in found if part.kind == "CustomTab"} == objects == tabs == layouts


@pytest.mark.parametrize(
    ("name", "editable"),
    [
        ("LearnUpon_Sync", {name for name in WANTED if name != "User"}),
        ("LearnUpon_Sync_User_Writer", {"User"}),
        ("LearnUpon_Viewer", set[str]()),
    ],
)
def test_a_permission_set_opens_all_fields_of_its_objects(name: str, editable: set[str]):
    (one,) = (part for part in parts.of_project(PROJECT) if part.name == name)
    opened = {
        entry.findtext("{*}field") or ""
        for entry in one.element.findall("{*}fieldPermissions")
        if entry.findtext("{*}editable") == "true"
    }
    optional = {f"{owner}.{field}" for owner in editable for field in WANTED[owner] if not field.endswith("_Key__c")}
    assert opened == optional


def test_the_right_to_manage_users_is_in_the_permission_set_for_that_alone():
    found = {part.name: tostring(part.element, encoding="unicode") for part in parts.of_project(PROJECT)}
    assert [name for name, text in found.items() if "ManageInternalUsers" in text] == ["LearnUpon_Sync_User_Writer"]


@pytest.mark.parametrize(
    ("file", "before", "after", "problem"),
    [
        ("objects/User/fields/LearnUpon_Courses_Failed__c", "<scale>0", "<scale>9", "A number needs a precision"),
        (
            "objects/LearnUponEnrollment__c/fields/Score__c",
            "<fullName>Score__c",
            "<fullName>Points__c",
            "The file says it holds",
        ),
        (
            "objects/LearnUponEnrollment__c/fields/User__c",
            "<required>false",
            "<required>true",
            "A required Lookup cannot be",
        ),
        (
            "objects/LearnUponEnrollment__c/fields/User__c",
            "LearnUpon_Enrollments",
            "LearnUpon_Memberships",
            "Duplicate relationship",
        ),
        ("objects/LearnUponEnrollment__c/fields/Course_Id__c", "<length>128", "<length>300", "Text needs a length"),
        (
            "objects/LearnUponEnrollment__c/fields/Status__c",
            "<label>Status",
            f"<label>{'x' * 41}",
            "Value too long for field: label",
        ),
        (
            "objects/LearnUpon_Portal__c/LearnUpon_Portal__c",
            "<sharingModel>ReadWrite</sharingModel>",
            "",
            "Required field is missing",
        ),
        ("objects/LearnUpon_Portal__c/LearnUpon_Portal__c", "LUP-{000000}", "LUP", "The auto number needs a display"),
        (
            "permissionsets/LearnUpon_Sync",
            "Contact.LearnUpon_Courses_Failed__c",
            "Contact.Nothing__c",
            "In field: field - no",
        ),
        (
            "permissionsets/LearnUpon_Sync",
            "LearnUponEnrollment__c.Score__c",
            "LearnUponEnrollment__c.Enrollment_Key__c",
            "You cannot deploy to a required field",
        ),
        (
            "reportTypes/LearnUpon_Users_and_Courses",
            "Enrollments__r</relationship>",
            "Nobody__r</relationship>",
            "LearnUpon_Portal",
        ),
        ("reportTypes/LearnUpon_Users_and_Courses", "<field>Score__c", "<field>Points__c", "Invalid field Points__c"),
    ],
)
def test_a_planted_mistake_is_found(tmp_path: Path, file: str, before: str, after: str, problem: str):
    broken = shutil.copytree(PROJECT, tmp_path / "force-app")
    (path,) = broken.glob(f"main/default/{file}.*-meta.xml")
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    found = parts.of_project(broken)
    texts = [one.text for one in lints.check(found, fields.assemble(found))]
    assert any(text.startswith(problem) for text in texts), texts


@pytest.mark.parametrize(
    "text",
    [
        b"<CustomField",
        b'<!DOCTYPE a [<!ENTITY b "c">]><CustomField xmlns="http://soap.sforce.com/2006/04/metadata">&b;</CustomField>',
        "<CustomField/>".encode("utf-16"),
    ],
)
def test_a_file_that_is_no_plain_xml_is_refused(text: bytes):
    with pytest.raises(MetadataError):
        parse(text, "a.field-meta.xml")
