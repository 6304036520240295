"""Brings Kafka's users and rights to what `rights.py` and the password files say. Safe to run again, and on every upgrade.

Runs in a container that shares the broker's loopback. A user without a file loses his password and his rights.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from messages import AlterScram, CreateRights, DeleteRights, DescribeScram, describe_rights, rights_in
from rights import Right, rights

PASSWORDS = Path("/run/users")
PUBLISHERS = Path(__file__).parents[1] / "publishers.json"
WAIT_SECONDS = 60


def main() -> int:
    publishers: Mapping[str, Any] = json.loads(PUBLISHERS.read_text())
    wanted = rights(publishers, prefix=os.environ.get("LEARNWIRE_KAFKA_TOPIC_PREFIX", ""))
    passwords = {each.name.removesuffix(".password"): each.read_text().strip() for each in PASSWORDS.glob("*.password")}
    if lacking := sorted({each.principal for each in wanted} - passwords.keys()):
        print(f"kafka: no password for {', '.join(lacking)}; run: make init", file=sys.stderr)
        return 1
    known = {each.principal for each in wanted}
    asyncio.run(_bring(set(wanted), {name: text for name, text in passwords.items() if name in known}))
    return 0


async def _bring(wanted: set[Right], passwords: Mapping[str, str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers="127.0.0.1:9094", client_id="learnwire-init")
    await _started(admin)
    try:
        await _users(admin, passwords)
        await _rights(admin, wanted)
    finally:
        await admin.close()


async def _started(admin: AIOKafkaAdminClient) -> None:
    for left in reversed(range(WAIT_SECONDS)):
        try:
            await admin.start()
        except KafkaError:
            if not left:
                raise
            await asyncio.sleep(1)
        else:
            return


async def _users(admin: Any, passwords: Mapping[str, str]) -> None:
    answer = await admin._send_request(DescribeScram())  # noqa: SLF001  aiokafka sends none of its own that say this
    gone = [each[0] for each in answer.results if each[0] not in passwords]
    answer = await admin._send_request(AlterScram(passwords, gone=gone))  # noqa: SLF001  as above
    _refused_if(f"{user}: {message or error}" for user, error, message, _ in answer.results if error)
    print(f"kafka: {len(passwords)} users have the passwords of their files, {len(gone)} users are gone")


async def _rights(admin: Any, wanted: set[Right]) -> None:
    found = rights_in(await admin._send_request(describe_rights()))  # noqa: SLF001  as above
    if missing := sorted(wanted - found):
        answer = await admin._send_request(CreateRights(missing))  # noqa: SLF001  as above
        _refused_if(str(message or error) for error, message in answer.creation_responses if error)
    if surplus := sorted(found - wanted):
        answer = await admin._send_request(DeleteRights(surplus))  # noqa: SLF001  as above
        _refused_if(str(each[1] or each[0]) for each in answer.filter_responses if each[0])
    print(f"kafka: {len(wanted)} rights, {len(missing)} of them new; {len(surplus)} taken away")


def _refused_if(faults: Any) -> None:
    if told := list(faults):
        sys.exit(f"kafka: refused: {'; '.join(told)}")


if __name__ == "__main__":
    sys.exit(main())
