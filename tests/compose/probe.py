"""Tries everything with everybody's password, from inside the stack, and prints what was let through. Not a test itself."""

import asyncio
import json
import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import HeartbeatRequest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from contracts.catalog import DEAD_LETTERS, SERVICES, TOPICS

CA = "/run/secrets/ca.crt"
USERS = Path("/run/kafka-users")
MONGO_USERS = Path("/run/mongo-users")
TOPIC_DENIED, GROUP_DENIED = 29, 30
NAMES = [each.name for each in (*TOPICS, *DEAD_LETTERS)]
GROUPS = [*SERVICES, "action-logger.publishers", "some-other"]
DATABASES = [each.replace("-", "_") for each in SERVICES]
NOTHING = (
    b'{"specversion":"1.0","id":"probe","source":"/probe","type":"probe.v1","time":"2026-01-01T00:00:00Z","data":{}}'
)


def login(user: str, password: str | None = None) -> dict[str, Any]:
    return {
        "bootstrap_servers": "kafka:9092",
        "security_protocol": "SASL_SSL",
        "ssl_context": ssl.create_default_context(cafile=CA),
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": user,
        "sasl_plain_password": password or (USERS / f"{user}.password").read_text(),
    }


async def refused(options: dict[str, Any]) -> bool:
    admin: Any = AIOKafkaAdminClient(**options, request_timeout_ms=5_000)
    try:
        await asyncio.wait_for(admin.start(), 10)
        await asyncio.wait_for(admin.list_topics(), 10)
    except (KafkaError, OSError, TimeoutError):
        return True
    finally:
        await admin.close()
    return False


async def kafka_rights(user: str) -> dict[str, list[str]]:
    admin: Any = AIOKafkaAdminClient(**login(user))
    await admin.start()
    try:
        asked = FetchRequest(
            max_wait_time=1,
            min_bytes=1,
            max_bytes=1024,
            isolation_level=0,
            topics=[(name, [(0, 0, 1024)]) for name in NAMES],
            rack_id="",
        )
        fetched = await admin._send_request(asked)  # noqa: SLF001  the consumer hides which topic was refused
        codes = {each[0]: each[1][0][1] for each in fetched.topics}
        groups = [name for name in GROUPS if await _may_read(admin, name)]
    finally:
        await admin.close()
    return {
        "reads": [name for name in NAMES if codes[name] != TOPIC_DENIED],
        "writes": await writable(user),
        "groups": groups,
    }


async def _may_read(admin: Any, group: str) -> bool:
    answer = await admin._send_request(HeartbeatRequest(group, 1, "nobody"))  # noqa: SLF001  as above
    return answer.error_code != GROUP_DENIED


async def writable(user: str) -> list[str]:
    found: list[str] = []
    async with AIOKafkaProducer(**login(user)) as producer:
        for name in NAMES:
            try:
                await producer.send_and_wait(name, NOTHING, key=b"probe")
                found.append(name)
            except TopicAuthorizationFailedError:
                pass
    return found


def mongo(user: str | None, **more: Any) -> "MongoClient[dict[str, Any]]":
    uri = (MONGO_USERS / f"{user}.uri").read_text() if user else "mongodb://mongo:27017/?directConnection=true"
    return MongoClient(uri, serverSelectionTimeoutMS=5_000, **more)


def code_of(attempt: Callable[[], Any]) -> int | str:
    try:
        attempt()
    except OperationFailure as error:
        return error.code or 0
    except PyMongoError as error:
        return type(error).__name__
    return "done"


def mongo_rights(user: str) -> dict[str, Any]:
    with mongo(user) as client:
        found = {name: code_of(lambda name=name: client[name]["probe"].insert_one({})) for name in DATABASES}
        return {
            "writes": [name for name, code in found.items() if code == "done"],
            "codes": sorted({str(each) for each in found.values()}),
        }


def the_log() -> dict[str, Any]:
    with mongo("action-logger") as client:
        log, seals = client["action_logger"]["log"], client["action_logger"]["seals"]
        attempts: dict[str, Callable[[], Any]] = {
            "read": lambda: log.find_one({}),
            "update": lambda: log.update_one({}, {"$set": {"type": "x"}}),
            "replace": lambda: log.replace_one({}, {"type": "x"}),
            "delete": lambda: log.delete_one({}),
            "drop": log.drop,
            "update a seal": lambda: seals.update_one({}, {"$set": {"count": 1}}),
            "delete a seal": lambda: seals.delete_one({}),
        }
        return {name: code_of(attempt) for name, attempt in attempts.items()}


def main() -> None:
    users = sorted(each.name.removesuffix(".password") for each in USERS.glob("*.password"))
    mongo_users = sorted(each.stem for each in MONGO_USERS.glob("*.uri"))
    kafka, denied = asyncio.run(ask_kafka(users))
    found: dict[str, Any] = {
        "denied": denied | ask_mongo(),
        "kafka": kafka,
        "mongo": {each: mongo_rights(each) for each in mongo_users},
        "log": the_log(),
    }
    print(json.dumps(found))  # noqa: T201  the answer


async def ask_kafka(users: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    plain = {"bootstrap_servers": "kafka:9092"}
    tls = plain | {"security_protocol": "SSL", "ssl_context": ssl.create_default_context(cafile=CA)}
    other_ca = login("operator") | {"ssl_context": ssl.create_default_context()}
    asked: dict[str, Awaitable[bool]] = {
        "kafka without tls": refused(plain),
        "kafka without a user": refused(tls),
        "kafka with a wrong password": refused(login("operator", "wrong")),
        "kafka with another's password": refused(login("action-logger", (USERS / "operator.password").read_text())),
        "kafka with a certificate that the CA did not sign": refused(other_ca),
        "the loopback listener from another container": refused({"bootstrap_servers": "kafka:9094"}),
    }
    return {each: await kafka_rights(each) for each in users}, {name: await each for name, each in asked.items()}


def ask_mongo() -> dict[str, Any]:
    denied: dict[str, Any] = {}
    denied["mongo without tls"] = code_of(lambda: mongo(None).admin.command("ping"))
    denied["mongo without a user"] = code_of(
        lambda: mongo(None, tls=True, tlsCAFile=CA)["action_logger"]["log"].find_one({})
    )
    wrong = {
        "tls": True,
        "tlsCAFile": CA,
        "username": "action-logger",
        "password": "wrong",
        "authSource": "action_logger",
    }
    denied["mongo with a wrong password"] = code_of(lambda: mongo(None, **wrong).admin.command("ping"))
    return denied


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    main()
