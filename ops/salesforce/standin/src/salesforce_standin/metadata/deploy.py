"""A deployment: the zip is read, checked, taken over, and told about as the Metadata API tells it."""

from collections.abc import Sequence
from typing import Any

from salesforce_standin.metadata import fields, lints, parts
from salesforce_standin.metadata.lints import Problem
from salesforce_standin.metadata.parts import Part
from salesforce_standin.metadata.xml import MetadataError
from salesforce_standin.org import Org
from salesforce_standin.records import values


def deploy(org: Org, deploy_id: str, packed: bytes, *, check_only: bool) -> dict[str, Any]:
    """The deployResult; the org changes only when nothing is wrong and it was not just a check."""
    try:
        found = parts.of_zip(packed)
        schema = fields.assemble(found, org.full_schema)
    except MetadataError as error:
        return _result(org, deploy_id, [], [], check_only=check_only) | _refused(str(error))
    problems = lints.check(found, schema)
    if not problems and not check_only:
        org.deploy(schema)
    return _result(org, deploy_id, found, problems, check_only=check_only)


def _refused(message: str) -> dict[str, Any]:
    return {"status": "Failed", "success": False, "errorMessage": message, "errorStatusCode": "INVALID_OPERATION"}


def _result(
    org: Org, deploy_id: str, found: Sequence[Part], problems: Sequence[Problem], *, check_only: bool
) -> dict[str, Any]:
    now = values.instant_text(org.now())
    # User and Contact are in the zip for their fields only: they are nobody's components.
    found = [part for part in found if part.kind != "CustomObject" or part.name.endswith("__c")]
    wrong = {(problem.part.kind, problem.part.name) for problem in problems}
    good = [_component(part, now) for part in found if (part.kind, part.name) not in wrong]
    bad = [_component(problem.part, now, problem.text) for problem in problems]
    return {
        "id": deploy_id,
        "done": True,
        "status": "Failed" if problems else "Succeeded",
        "success": not problems,
        "checkOnly": check_only,
        "createdBy": org.user_id,
        "createdByName": "Integration User",
        "createdDate": now,
        "startDate": now,
        "completedDate": now,
        "lastModifiedDate": now,
        "ignoreWarnings": False,
        "rollbackOnError": True,
        "runTestsEnabled": False,
        "numberComponentsTotal": len(good) + len(bad),
        "numberComponentsDeployed": len(good),
        "numberComponentErrors": len(bad),
        "numberTestsTotal": 0,
        "numberTestsCompleted": 0,
        "numberTestErrors": 0,
        "details": {
            "allComponentMessages": [],
            "componentSuccesses": good,
            "componentFailures": bad,
            "retrieveResult": None,
            "runTestResult": {
                "apexLogId": None, "codeCoverage": [], "codeCoverageWarnings": [], "failures": [], "flowCoverage": [],
                "flowCoverageWarnings": [], "numFailures": 0, "numTestsRun": 0, "successes": [], "totalTime": 0.0,
            },
        },
    }  # fmt: skip


def _component(part: Part, now: str, problem: str | None = None) -> dict[str, Any]:
    return {
        "changed": problem is None,
        "columnNumber": 1 if problem else None,
        "componentType": part.kind,
        "created": problem is None,
        "createdDate": now,
        "deleted": False,
        "fileName": part.file,
        "forPackageManifestFile": False,
        "fullName": part.name,
        "id": None,
        "knownPackagingProblem": False,
        "lineNumber": 1 if problem else None,
        "problem": problem,
        "problemType": "Error" if problem else None,
        "requiresProductionTestRun": False,
        "success": problem is None,
        "warning": False,
    }
