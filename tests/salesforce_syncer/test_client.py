"""The client against the stand-in: both ways in, one login at a time, pages, quotes, nulls, shuffled results."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from salesforce_syncer.domain.objects import PORTAL
from salesforce_syncer.salesforce import bulk, rows, soql
from salesforce_syncer.salesforce.client import Client, Request
from salesforce_syncer.salesforce.errors import Action, Refused
from salesforce_syncer.salesforce.schema import describe
from salesforce_syncer.settings import Settings
from tests.salesforce_syncer.standin import CLIENT_ID, StandIn, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "Portal_Key__c"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("client")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    (path / "private.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (path / "public.pem").write_bytes(public)
    (path / "pii").write_bytes(b"p" * 32)
    (path / "jwt").write_text("j" * 32)
    return path


@pytest.fixture(scope="module")
def standin(folder: Path) -> Generator[StandIn]:
    with running(folder, "--public-key-file", str(folder / "public.pem"), "--page-size", "7") as standin:
        yield standin


def settings(standin: StandIn, **more: object) -> Settings:
    ways_in = more or {"salesforce_client_secret_file": standin.folder / "client-secret"}
    return Settings.model_validate(
        {
            "jwt_issuer": "https://issuer.example",
            "jwt_secret_file": standin.folder / "jwt",
            "pii_key_file": standin.folder / "pii",
            "salesforce_login_url": standin.url,
            "salesforce_client_id": CLIENT_ID,
            **ways_in,
        }
    )


def opened(standin: StandIn, **more: object) -> Client:
    return Client(settings(standin, **more), clock=lambda: datetime.now(UTC))


@pytest_asyncio.fixture(loop_scope="module")
async def client(standin: StandIn) -> AsyncGenerator[Client]:
    standin.heal()
    client = opened(standin)
    yield client
    await client.close()


async def test_a_jwt_signed_with_the_private_key_opens_the_org(standin: StandIn, folder: Path) -> None:
    client = opened(
        standin,
        salesforce_private_key_file=folder / "private.pem",
        salesforce_username="integration@learnwire.example",
    )
    token = await client.tokens.current()
    assert token.org_id == standin.calls()["organization_id"]
    await client.close()


async def test_a_refused_login_is_not_tried_again_at_once(standin: StandIn, folder: Path) -> None:
    wrong = folder / "wrong"
    wrong.write_text("wrong")
    client = opened(standin, salesforce_client_secret_file=wrong)
    standin.zero()
    with pytest.raises(Refused) as refused:
        await client.call(Request("query", "GET", "/limits"))
    assert refused.value.action is Action.STOP_ORG
    assert standin.calls()["kinds"] == {"token": 1}
    await client.close()


async def test_four_requests_that_find_the_token_expired_log_in_once(standin: StandIn, client: Client) -> None:
    await client.tokens.current()
    standin.admin("POST", "/tokens/expire")
    standin.zero()
    await asyncio.gather(*(describe(client, PORTAL) for _ in range(4)))
    assert standin.calls()["kinds"]["token"] == 1


async def test_a_token_refused_twice_stops_the_org(standin: StandIn, client: Client) -> None:
    await client.tokens.current()
    standin.fault(
        "error",
        status=401,
        code="INVALID_SESSION_ID",
        message="Session expired or invalid",
        times=2,
        calls=["describe"],
    )
    with pytest.raises(Refused) as refused:
        await describe(client, PORTAL)
    assert refused.value.action is Action.STOP_ORG


async def test_a_token_that_was_taken_and_dies_before_the_request_is_through_is_another_expiry(
    standin: StandIn, client: Client
) -> None:
    await client.tokens.current()
    for each in ("expire_tokens", "unavailable", "expire_tokens"):
        standin.fault(each, calls=["describe"])
    standin.zero()
    assert (await describe(client, PORTAL)).missing == ()
    assert standin.calls()["kinds"] == {"describe": 4, "token": 2}


async def test_all_pages_are_read_and_quotes_and_backslashes_find_their_rows(client: Client) -> None:
    keys = [f'q{n}:it\'s a \\ "key" + %_{n}' for n in range(20)]
    outcomes = await rows.upsert(client, PORTAL, KEY, [{KEY: each, "Portal_Name__c": "x"} for each in keys])
    assert [each.action for each in outcomes] == [None] * 20
    found: list[str] = []
    for _, values in soql.lists(keys):
        question = f"SELECT {KEY} FROM {PORTAL} WHERE {KEY} IN {values}"  # noqa: S608  quoted by soql.lists
        found += [each[KEY] async for each in soql.query(client, question)]
    assert sorted(found) == sorted(keys)


async def test_every_row_has_its_own_result_in_the_order_of_the_rows(standin: StandIn, client: Client) -> None:
    standin.fault("row_error", keys=["r1"], code="STRING_TOO_LONG", message="too long", fields=["Portal_Name__c"])
    outcomes = await rows.upsert(client, PORTAL, KEY, [{KEY: f"r{n}"} for n in range(3)])
    assert [(each.action, each.code, each.field) for each in outcomes] == [
        (None, "", None),
        (Action.REJECT, "STRING_TOO_LONG", "Portal_Name__c"),
        (None, "", None),
    ]
    gone = await rows.delete(client, [each.id or "" for each in outcomes if each.id] * 1)
    assert [each.action for each in gone] == [None, None]


async def test_a_bulk_job_clears_what_is_null_and_its_results_find_their_rows(standin: StandIn, client: Client) -> None:
    keys = [f'b{n}, "quoted"\nline' if n == 1 else f"b{n}" for n in range(12)]
    await rows.upsert(client, PORTAL, KEY, [{KEY: each, "Portal_Name__c": "before"} for each in keys])
    wanted = [{KEY: each, "Portal_Name__c": None if n % 2 else f"after {n}"} for n, each in enumerate(keys)]
    outcomes = await bulk.ingest(client, PORTAL, wanted, key_field=KEY)
    held = standin.rows(PORTAL)
    assert [(each.action, each.id) for each in outcomes] == [(None, held[key]["Id"]) for key in keys]
    assert [held[key].get("Portal_Name__c") for key in keys] == [each["Portal_Name__c"] for each in wanted]


async def test_bulk_rows_that_fail_and_rows_of_a_job_that_failed_say_so(standin: StandIn, client: Client) -> None:
    standin.fault("row_error", calls=["bulk.rows"], keys=["f1"], code="STRING_TOO_LONG", message="too: long")
    outcomes = await bulk.ingest(client, PORTAL, [{KEY: f"f{n}"} for n in range(3)], key_field=KEY)
    assert [each.action for each in outcomes] == [None, Action.REJECT, None]
    standin.heal()
    standin.fault("bulk_failed", rows=200)
    outcomes = await bulk.ingest(client, PORTAL, [{KEY: f"g{n}"} for n in range(203)], key_field=KEY)
    assert [each.action for each in outcomes] == [None] * 200 + [Action.AGAIN] * 3


async def test_a_bulk_job_with_a_column_that_salesforce_does_not_know_stops_its_object(client: Client) -> None:
    with pytest.raises(Refused) as refused:
        await bulk.ingest(client, PORTAL, [{KEY: "h1", "Nope__c": "x"}], key_field=KEY)
    assert refused.value.action is Action.STOP_OBJECT


async def test_describe_lists_what_is_missing_all_at_once(standin: StandIn, client: Client) -> None:
    standin.admin("POST", "/access", {"object": PORTAL, "field": "Portal_Name__c", "right": "read"})
    standin.admin("POST", "/access", {"object": PORTAL, "field": "Portal_Url__c", "right": "none"})
    found = await describe(client, PORTAL)
    standin.admin("POST", "/access", {})
    assert found.missing == (
        f"{PORTAL}.Portal_Name__c: no right to edit",
        f"{PORTAL}.Portal_Url__c: the field is missing, or its rights",
    )
    assert (await describe(client, PORTAL)).missing == ()


async def test_the_orgs_usage_is_read_from_every_answer(standin: StandIn, client: Client) -> None:
    await describe(client, PORTAL)
    calls = standin.calls()
    assert (client.usage.used, client.usage.limit) == (calls["used"], calls["daily"])


@pytest.mark.parametrize(
    "url", ["http://acme.example", "ftp://acme.example", "acme.example", "https://u:p@acme.example"]
)
async def test_plain_http_is_for_loopback_only(standin: StandIn, url: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(settings(standin).model_dump() | {"salesforce_login_url": url})
