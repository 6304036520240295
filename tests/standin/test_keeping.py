"""What outlives a restart, and what was deployed into an empty org."""

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

from tests.standin.running import Api, standin
from tests.standin.test_project import PROJECT

ROW = {"Enrollment_Key__c": "acme:1", "Score__c": 80}
OBJECT = ("LearnUponEnrollment__c", "Enrollment_Key__c")


def packed(project: Path) -> bytes:
    """The project as `sf` would send it: fields inside their objects."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("package.xml", '<Package xmlns="http://soap.sforce.com/2006/04/metadata"/>')
        for folder in sorted(project.glob("main/default/objects/*/")):
            archive.writestr(f"objects/{folder.name}.object", _object(folder))
        for path in sorted(project.glob("main/default/permissionsets/*")):
            archive.write(path, f"permissionsets/{path.name.removesuffix('-meta.xml')}")
    return out.getvalue()


def _object(folder: Path) -> str:
    fields = "".join(
        path.read_text().partition("?>")[2].replace("<CustomField ", "<fields ").replace("</CustomField>", "</fields>")
        for path in sorted(folder.glob("fields/*"))
    )
    definition = folder / f"{folder.name}.object-meta.xml"
    empty = '<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"></CustomObject>'
    text = definition.read_text() if definition.exists() else empty
    return text.replace("</CustomObject>", f"{fields}</CustomObject>")


def deploy(salesforce: Api, packed: bytes, **options: Any) -> Any:
    files = {
        "entity_content": (
            None,
            f'{{"deployOptions":{str(options).replace("True", "true").replace(chr(39), chr(34))}}}',
            "application/json",
        ),
        "file": ("package.xml", packed, "application/zip"),
    }
    started = salesforce.api("POST", "metadata/deployRequest", files=files)
    assert started.status_code == 201, started.text
    told = salesforce.api("GET", f"metadata/deployRequest/{started.json()['id']}", params={"includeDetails": "true"})
    return told.json()["deployResult"]


def test_rows_numbers_and_the_org_outlive_a_restart(tmp_path: Path):
    state = ("--state", str(tmp_path / "state.db"))
    with standin(tmp_path, *state) as url, Api(url) as salesforce:
        salesforce.log_in()
        user = salesforce.user()
        (first,) = salesforce.upsert(*OBJECT, {**ROW, "User__c": user})
        salesforce.contact("Gone")
        salesforce.post("/standin/organization")
        organization = salesforce.calls()["organization_id"]
    with standin(tmp_path, *state) as url, Api(url) as salesforce:
        salesforce.log_in()
        (again,) = salesforce.upsert(*OBJECT, {**ROW, "User__c": user})
        (new,) = salesforce.upsert(*OBJECT, {**ROW, "Enrollment_Key__c": "acme:2"})
        assert (again["id"], again["created"], new["created"]) == (first["id"], False, True)
        names = [one["Name"] for one in salesforce.records("SELECT Name FROM LearnUponEnrollment__c ORDER BY Name")]
        assert (names, salesforce.calls()["organization_id"]) == (["LUE-00000001", "LUE-00000002"], organization)
        assert len(salesforce.records("SELECT Id FROM Contact")) == 1


def test_a_bare_org_learns_its_objects_from_a_deployment_and_keeps_them(tmp_path: Path):
    options = ("--bare", "--state", str(tmp_path / "state.db"))
    with standin(tmp_path, *options) as url, Api(url) as salesforce:
        salesforce.log_in()
        assert salesforce.api("GET", "sobjects/LearnUponEnrollment__c/describe").status_code == 404
        result = deploy(salesforce, packed(PROJECT), checkOnly=True)
        assert (result["status"], result["numberComponentErrors"]) == ("Succeeded", 0)
        assert salesforce.api("GET", "sobjects/LearnUponEnrollment__c/describe").status_code == 404
        assert deploy(salesforce, packed(PROJECT))["success"]
        assert salesforce.upsert(*OBJECT, ROW)[0]["success"]
    with standin(tmp_path, *options) as url, Api(url) as salesforce:
        salesforce.log_in()
        assert salesforce.records("SELECT Enrollment_Key__c, Score__c FROM LearnUponEnrollment__c") == [
            ROW | {"Score__c": 80.0}
        ]


def test_a_deployment_with_a_mistake_changes_nothing_and_names_it(tmp_path: Path):
    broken = shutil.copytree(PROJECT, tmp_path / "force-app")
    path = broken / "main/default/permissionsets/LearnUpon_Sync.permissionset-meta.xml"
    path.write_text(path.read_text().replace("Contact.LearnUpon_Courses_Failed__c", "Contact.Nothing__c"))
    with standin(tmp_path, "--bare") as url, Api(url) as salesforce:
        salesforce.log_in()
        result = deploy(salesforce, packed(broken))
        (problem,) = result["details"]["componentFailures"]
        told = (problem["componentType"], problem["fullName"], problem["problem"])
        assert told == (
            "PermissionSet",
            "LearnUpon_Sync",
            "In field: field - no CustomField named Contact.Nothing__c found",
        )
        assert (result["status"], salesforce.api("GET", "sobjects/LearnUpon_Portal__c").status_code) == ("Failed", 404)
        assert deploy(salesforce, b"no zip")["errorMessage"] == "the upload is no zip"
