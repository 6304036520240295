"""aio-sf, an async client, works against the stand-in as it is."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aio_sf.api.auth.client_credentials import ClientCredentialsAuth
from aio_sf.api.client import SalesforceClient

from tests.standin.running import CLIENT_ID, CLIENT_SECRET, Api

OBJECT = "LearnUponEnrollment__c"


@pytest.fixture
async def client(salesforce: Api) -> AsyncGenerator[SalesforceClient]:
    auth = ClientCredentialsAuth(salesforce.url, CLIENT_ID, CLIENT_SECRET)
    async with SalesforceClient(auth_strategy=auth, version="v66.0") as opened:
        yield opened


def rows(count: int) -> list[dict[str, Any]]:
    return [{"Enrollment_Key__c": f"a:{number}", "Score__c": number % 100} for number in range(count)]


async def test_it_upserts_450_rows_in_three_calls(client: SalesforceClient, salesforce: Api):
    results = await client.collections.upsert(rows(450), "Enrollment_Key__c", OBJECT, all_or_none=False)
    told = salesforce.calls()
    assert (len(results), all(one["success"] for one in results)) == (450, True)
    assert (told["kinds"]["collections.upsert"], told["written"]) == (3, {OBJECT: {"created": 450}})


async def test_it_tries_locked_rows_again(client: SalesforceClient, salesforce: Api):
    salesforce.plant("lock_rows", share=0.2, times=20)
    results = await client.collections.upsert(rows(100), "Enrollment_Key__c", OBJECT, all_or_none=False, max_attempts=3)
    assert [one["success"] for one in results] == [True] * 100
    assert salesforce.query("SELECT COUNT() FROM LearnUponEnrollment__c")["totalSize"] == 100


async def test_it_asks_for_a_new_token_when_the_old_one_is_refused(client: SalesforceClient, salesforce: Api):
    await client.collections.upsert(rows(1), "Enrollment_Key__c", OBJECT)
    salesforce.post("/standin/tokens/expire")
    await client.collections.upsert(rows(2), "Enrollment_Key__c", OBJECT)
    assert salesforce.calls()["kinds"]["token"] == 2


async def test_it_updates_and_deletes_by_id(client: SalesforceClient, salesforce: Api):
    users = [salesforce.user("ann"), salesforce.user("bob")]
    changes = [{"Id": user, "LearnUpon_Courses_Enrolled__c": 3} for user in users]
    updated = await client.collections.update(changes, "User", all_or_none=False)
    contact = salesforce.contact()
    deleted = await client.collections.delete([contact], all_or_none=False)
    assert [one["success"] for one in (*updated, *deleted)] == [True, True, True]


async def test_it_queries_page_by_page_and_in_bulk(client: SalesforceClient, salesforce: Api):
    salesforce.post("/standin/settings", json={"page_size": 7})
    await client.collections.upsert(rows(20), "Enrollment_Key__c", OBJECT)
    result = await client.query.soql("SELECT Id FROM LearnUponEnrollment__c")
    assert len([one async for one in result]) == 20
    job = await client.bulk_v2.execute_query("SELECT Id FROM LearnUponEnrollment__c", poll_interval=0)
    text, locator = await client.bulk_v2.get_job_results(job["id"])
    assert (len(text.splitlines()), locator) == (21, None)


async def test_it_reads_describe_limits_and_who_the_org_is(client: SalesforceClient):
    described: Any = await client.describe.sobject(OBJECT)
    limits: Any = await client.describe.get_limits()
    organization: Any = await client.describe.get_organization_info()
    assert (described["name"], limits["DailyApiRequests"]["Max"], organization["IsSandbox"]) == (OBJECT, 100_000, True)
