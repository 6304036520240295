"""The stand-in, as somebody with an administrator's login sees it: people made before, rows read after."""

from typing import Any

import httpx

from learnwire_local.demo.stage import CLIENT_ID, Stage

VERSION = "v66.0"
KEYS = {
    "LearnUpon_Portal__c": "Portal_Key__c",
    "LearnUpon_Portal_Membership__c": "Membership_Key__c",
    "LearnUponEnrollment__c": "Enrollment_Key__c",
    "LearnUponContactEnrollment__c": "Enrollment_Key__c",
    "LearnUponLearningPathEnrollment__c": "Path_Enrollment_Key__c",
    "LearnUponLearningPathContactEnrollment__c": "Path_Enrollment_Key__c",
}
Rows = dict[str, dict[str, dict[str, Any]]]


def create_people(stage: Stage, records: list[dict[str, Any]]) -> dict[str, str]:
    """Make the Users and Contacts, as their company did long ago; answers their ids."""
    login = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": stage.client_secret,
    }
    with httpx.Client(base_url=stage.salesforce, timeout=10) as client:
        token = client.post("/services/oauth2/token", data=login).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        ids: dict[str, str] = {}
        for each in records:
            kind = each["record"].partition(":")[0].capitalize()
            path = f"/services/data/{VERSION}/sobjects/{kind}"
            ids[each["record"]] = client.post(path, json=each["fields"]).raise_for_status().json()["id"]
        return ids


def read_rows(stage: Stage, salesforce_ids: dict[str, str]) -> Rows:
    """What Salesforce holds: custom rows by their keys, Users and Contacts of the demo by their names."""
    records = {salesforce_id: record for record, salesforce_id in salesforce_ids.items()}
    found: Rows = {}
    with httpx.Client(base_url=stage.salesforce, timeout=10) as client:
        for object_name, key in (*KEYS.items(), ("User", "Id"), ("Contact", "Id")):
            rows: list[dict[str, Any]] = client.get(f"/standin/rows/{object_name}").raise_for_status().json()["rows"]
            named = {records.get(row[key]) if key == "Id" else row[key]: row for row in rows}
            found[object_name] = {name: row for name, row in named.items() if name}
    return found
